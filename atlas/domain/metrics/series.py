"""The inputs of the statistics: a NAV series or a return series, told apart by their type.

Nothing is ever guessed from the numbers: a losing vault's NAV stays below 1 and looks like returns
to a library that guesses. Days are counted from 1970-01-01 UTC. A point belongs to the UTC calendar
day that its time falls on, and the last point of a day is that day's closing NAV.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.values import date_of, day_number

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# What a NUMERIC(38, 18) column can hold; within it no moment of the returns can overflow.
LEAST_NAV = 1e-18
MOST_NAV = 1e20
MOST_RETURN = MOST_NAV / LEAST_NAV
LONGEST_SPAN_DAYS = 36_600
# For so many days in a row a NAV that is missing may be taken to be the one before.
MAX_FILL_DAYS = 3
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class NavSeries:
    """NAV per share (or a benchmark's price) at the end of days; the first point opens the series.

    `days` rises strictly. A NAV of zero or below means that the strategy was wiped out; the opening
    one is positive. Raises InvalidInput for anything else, and for numbers that no column holds.
    """

    days: IntArray
    navs: FloatArray

    def __post_init__(self) -> None:
        """Take the arrays over as numbers and refuse what is no series."""
        object.__setattr__(self, "days", _days(self.days))
        object.__setattr__(self, "navs", _numbers(self.navs, self.days, "NAV"))
        alive = self.navs[self.navs > 0]
        if self.navs[0] <= 0:
            raise InvalidInput(f"The opening NAV is {self.navs[0]:g}; it must be above zero.")
        if alive.min() < LEAST_NAV or np.abs(self.navs).max() > MOST_NAV:
            raise InvalidInput(f"A NAV lies outside {LEAST_NAV:g} to {MOST_NAV:g}.")

    @classmethod
    def from_dates(cls, dates: Sequence[date], navs: ArrayLike) -> "NavSeries":
        """Make a series from calendar dates."""
        return cls(_from_dates(dates), np.asarray(navs, dtype=np.float64))

    @classmethod
    def from_instants(cls, seconds: ArrayLike, navs: ArrayLike) -> "NavSeries":
        """Make a series from points in time, in seconds since 1970, oldest first.

        Of several points within one UTC day the last one is kept. Raises InvalidInput where a time
        is not later than the one before.
        """
        times = np.asarray(seconds, dtype=np.float64)
        values = np.asarray(navs, dtype=np.float64)
        if times.ndim != 1 or times.shape != values.shape or times.size == 0:
            raise InvalidInput("A series needs points, and one time for each NAV.")
        if not np.isfinite(times).all() or not (times[1:] > times[:-1]).all():
            raise InvalidInput("The times of a series must rise from point to point.")
        days = np.floor_divide(times, SECONDS_A_DAY).astype(np.int64)
        is_last = np.append(days[1:] != days[:-1], True)
        return cls(days[is_last], values[is_last])

    def between(self, from_on: date, to_on: date) -> "NavSeries":
        """Keep the points of a range of days, both ends included; the first one left opens it.

        Raises InvalidInput where none is left, naming the days that there are.
        """
        part = _slice(self.days, from_on, to_on)
        return NavSeries(self.days[part], self.navs[part])

    def trailing(self, length_days: int) -> "NavSeries | None":
        """Keep the points of the last days, the very ones that `between` keeps of that range.

        None where the series is younger than that, and where the NAV with which the range should
        open is not there, and none follows within the days that a NAV may be carried forward: what
        a few days earned must not stand for a month.
        """
        begin = int(self.days[-1]) - length_days
        opening = int(np.searchsorted(self.days, begin, side="left"))
        is_late = int(self.days[opening]) - begin > MAX_FILL_DAYS
        if self.days[0] > begin or is_late or self.navs[opening] <= 0:
            return None
        return NavSeries(self.days[opening:], self.navs[opening:])


@dataclass(frozen=True, slots=True, eq=False)
class ReturnSeries:
    """Simple returns of days, each labelled with the day that it ends on.

    The day before the first label is the opening. A return of -1 or below wipes the strategy out.
    Raises InvalidInput for what is no series.
    """

    days: IntArray
    returns: FloatArray

    def __post_init__(self) -> None:
        """Take the arrays over as numbers and refuse what is no series."""
        object.__setattr__(self, "days", _days(self.days))
        object.__setattr__(self, "returns", _numbers(self.returns, self.days, "return"))
        if np.abs(self.returns).max() > MOST_RETURN:
            raise InvalidInput(f"A return lies beyond {MOST_RETURN:g}.")

    @classmethod
    def from_dates(cls, dates: Sequence[date], returns: ArrayLike) -> "ReturnSeries":
        """Make a series from calendar dates."""
        return cls(_from_dates(dates), np.asarray(returns, dtype=np.float64))

    def between(self, from_on: date, to_on: date) -> "ReturnSeries":
        """Keep the returns from the close of `from_on` to the close of `to_on`.

        The return of `from_on` itself lies before the opening and is left out. Raises InvalidInput
        where none is left.
        """
        part = _slice(self.days, date.fromordinal(from_on.toordinal() + 1), to_on)
        return ReturnSeries(self.days[part], self.returns[part])


def _from_dates(dates: Sequence[date]) -> IntArray:
    """Number the days of dates."""
    for earlier, later in pairwise(dates):
        if later <= earlier:
            raise InvalidInput(f"The days of a series must rise; {later} follows {earlier}.")
    return np.fromiter((day_number(one) for one in dates), dtype=np.int64, count=len(dates))


def _days(days: Any) -> IntArray:
    """Check the days of a series."""
    numbers = np.asarray(days)
    if numbers.ndim != 1 or numbers.size == 0:
        raise InvalidInput("A series needs at least one point.")
    if not np.issubdtype(numbers.dtype, np.integer):
        raise InvalidInput("The days of a series are whole numbers since 1970-01-01.")
    numbers = numbers.astype(np.int64, copy=False)
    if not (numbers[1:] > numbers[:-1]).all():
        raise InvalidInput("The days of a series must rise, each only once.")
    if numbers[-1] - numbers[0] > LONGEST_SPAN_DAYS:
        raise InvalidInput(f"A series may span {LONGEST_SPAN_DAYS:,} days at the most.")
    return numbers


def _numbers(values: Any, days: IntArray, what: str) -> FloatArray:
    """Check the values of a series."""
    numbers = np.ascontiguousarray(values, dtype=np.float64)
    if numbers.shape != days.shape:
        raise InvalidInput(f"A series needs one {what} for each of its {days.size} days.")
    if not np.isfinite(numbers).all():
        raise InvalidInput(f"Each {what} of a series must be a finite number.")
    return numbers


def _slice(days: IntArray, from_on: date, to_on: date) -> slice:
    """Find the points of a range of days."""
    first = int(np.searchsorted(days, day_number(from_on), side="left"))
    last = int(np.searchsorted(days, day_number(to_on), side="right"))
    if first >= last:
        raise InvalidInput(
            f"There is no data from {from_on} to {to_on}; it reaches from {date_of(days[0])} to "
            f"{date_of(days[-1])}.",
            detail={"first_on": str(date_of(days[0])), "last_on": str(date_of(days[-1]))},
        )
    return slice(first, last)
