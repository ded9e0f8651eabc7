"""Daily tracks: a series laid on the calendar under the policy for missing days.

Up to `max_fill_days` missing days in a row carry the last NAV forward and are counted as filled;
a longer gap splits the series: no daily return crosses it, its days are counted as missing. The
NAVs on both sides of such a gap still say what was earned over it; returns do not, so that the
chain of a return series breaks there.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.series import (
    MAX_FILL_DAYS,
    MOST_RETURN,
    BoolArray,
    FloatArray,
    IntArray,
    NavSeries,
    ReturnSeries,
)
from atlas.domain.metrics.values import Provenance, date_of

BENCHMARK_MAX_FILL_DAYS = 1


class Coverage(NamedTuple):
    """How much of the calendar a series covers, from its opening day to its last.

    `observed` counts the daily returns that end on a day whose value was really given.
    """

    opening_day: int
    closing_day: int
    observed: int
    filled_days: int
    missing_days: int
    gaps: int

    @property
    def days(self) -> int:
        """Count the days from the opening to the last NAV."""
        return self.closing_day - self.opening_day


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Levels and daily returns on the days on which they are known.

    `levels[0]` is the opening; `level_days` and `return_days` rise strictly and skip the gaps.
    `is_observed` tells of each return whether its day had a value of its own, None where all had.
    A track that was wiped out ends on that day with level 0 and return -1.
    """

    levels: FloatArray
    level_days: IntArray
    returns: FloatArray
    return_days: IntArray
    is_observed: BoolArray | None
    coverage: Coverage
    is_chained: bool
    is_wiped_out: bool


def daily_track(series: NavSeries | ReturnSeries, *, max_fill_days: int = MAX_FILL_DAYS) -> Track:
    """Lay a series on the calendar; raises InvalidInput where its returns multiply beyond reason."""
    if max_fill_days < 0:
        raise InvalidInput(f"max_fill_days is {max_fill_days}; it cannot be negative.")
    if isinstance(series, NavSeries):
        return _track_of_navs(series, max_fill_days)
    return _track_of_returns(series, max_fill_days)


def provenance_of(track: Track, window: tuple[date, date] | None = None) -> Provenance:
    """Say what the daily statistics of a track are computed from."""
    coverage = track.coverage
    first_on, last_on = date_of(coverage.opening_day), date_of(coverage.closing_day)
    from_on, to_on = window or (first_on, last_on)
    return Provenance(
        window_from_on=from_on,
        window_to_on=to_on,
        samples=len(track.returns),
        filled_days=coverage.filled_days,
        missing_days=coverage.missing_days,
        gaps=coverage.gaps,
        first_on=first_on,
        last_on=last_on,
    )


def _track_of_navs(series: NavSeries, max_fill_days: int) -> Track:
    """Take the returns between days that follow each other."""
    filling = _fill(series.days, max_fill_days)
    levels = series.navs if filling is None else np.repeat(series.navs, filling.counts)
    days = series.days if filling is None else filling.days
    returns = _changes(levels)
    if filling is None:
        return _track(levels, days, returns, days[1:], None, is_chained=True)
    follows = days[1:] - days[:-1] == 1
    return _track(
        levels,
        days,
        returns[follows],
        days[1:][follows],
        filling.is_observed[1:][follows],
        is_chained=True,
    )


def _changes(levels: FloatArray) -> FloatArray:
    """Give the change from each level to the next, as a ratio."""
    if levels.min() > 0:
        return levels[1:] / levels[:-1] - 1.0
    # Behind a wipe-out divisions by (nearly) zero may follow; what lies there is cut off later.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return levels[1:] / levels[:-1] - 1.0


def _track_of_returns(series: ReturnSeries, max_fill_days: int) -> Track:
    """Chain the returns; a filled day has a return of zero."""
    filling = _fill(series.days, max_fill_days)
    returns, days = series.returns, series.days
    if filling is not None:
        returns = np.zeros(len(filling.days))
        returns[filling.is_observed] = series.returns
        days = filling.days
    levels = np.empty(len(returns) + 1)
    levels[0] = 1.0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        np.cumprod(np.maximum(1.0 + returns, 0.0), out=levels[1:])
    if not levels.max() <= MOST_RETURN:  # not a number counts as too large
        raise InvalidInput(f"The returns multiply to more than {MOST_RETURN:g} times the opening.")
    return _track(
        levels,
        np.concatenate(([days[0] - 1], days)),
        returns,
        days,
        None if filling is None else filling.is_observed,
        is_chained=filling is None or not filling.has_gaps,
    )


class _Filling(NamedTuple):
    """How observations spread over the calendar: each is repeated `counts` times."""

    counts: IntArray
    days: IntArray
    is_observed: BoolArray
    has_gaps: bool


def _fill(days: IntArray, max_fill_days: int) -> _Filling | None:
    """Spread observations over the calendar; None where no day is missing."""
    if days[-1] - days[0] == len(days) - 1:
        return None
    steps = days[1:] - days[:-1]
    is_gap = steps > max_fill_days + 1
    counts = np.append(np.where(is_gap, 1, steps), 1)
    positions = np.cumsum(counts) - counts
    offsets = np.arange(counts.sum()) - np.repeat(positions, counts)
    return _Filling(
        counts=counts,
        days=np.repeat(days, counts) + offsets,
        is_observed=offsets == 0,
        has_gaps=bool(is_gap.any()),
    )


def _track(
    levels: FloatArray,
    level_days: IntArray,
    returns: FloatArray,
    return_days: IntArray,
    is_observed: BoolArray | None,
    *,
    is_chained: bool,
) -> Track:
    """Make a track of its columns, ending with the first day on which nothing was left."""
    is_wiped_out = bool(levels.min() <= 0)
    if is_wiped_out:
        end = int(np.argmax(levels <= 0))
        levels, level_days = levels[: end + 1].copy(), level_days[: end + 1]
        levels[-1] = 0.0
        lived = return_days <= level_days[-1]
        returns, return_days = np.maximum(returns[lived], -1.0), return_days[lived]
        is_observed = None if is_observed is None else is_observed[lived]
    return Track(
        levels,
        level_days,
        returns,
        return_days,
        is_observed,
        _coverage(level_days, len(returns), is_observed),
        is_chained=is_chained,
        is_wiped_out=is_wiped_out,
    )


def _coverage(level_days: IntArray, samples: int, is_observed: BoolArray | None) -> Coverage:
    """Count what a track holds, and what it misses between its ends."""
    opening_day, closing_day = int(level_days[0]), int(level_days[-1])
    if is_observed is None:
        return Coverage(opening_day, closing_day, samples, 0, 0, 0)
    observed = int(np.count_nonzero(is_observed))
    return Coverage(
        opening_day,
        closing_day,
        observed,
        filled_days=samples - observed,
        missing_days=closing_day - opening_day + 1 - len(level_days),
        gaps=int(np.count_nonzero(level_days[1:] - level_days[:-1] > 1)),
    )
