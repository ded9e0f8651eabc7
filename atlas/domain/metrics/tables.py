"""The monthly table: what each calendar month earned, null where there is no data.

The shown months compound to the return of the range. A month that the data does not cover whole is
flagged partial; where the NAV is unknown for a while, the month in which it is seen again carries
the whole change since it was last seen.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial
from itertools import compress
from typing import NamedTuple

import numpy as np

from atlas.domain.metrics.daily import Track
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import Judge
from atlas.domain.metrics.series import IntArray
from atlas.domain.metrics.values import MetricValue, date_of, day_number

_MONTHS = 12


class MonthReturn(NamedTuple):
    """The return of one calendar month; `is_partial` where not every day of it is covered."""

    month_on: date
    value: float
    is_partial: bool


class YearReturn(NamedTuple):
    """One row of the monthly table: January to December, and the shown months compounded.

    `total` is None where the return over a gap is unknown.
    """

    year: int
    months: tuple[MonthReturn | None, ...]
    total: float | None


def monthly_returns(track: Track) -> list[MonthReturn]:
    """List the months that have data, oldest first."""
    days, levels = track.level_days, track.levels
    if len(levels) < 2:  # noqa: PLR2004 - an opening alone has earned nothing yet
        return []
    months, starts = _calendar(_month_of(int(days[0]) + 1), _month_of(int(days[-1])))
    firsts = np.searchsorted(days, starts)  # the first known day of each month, and one behind
    bases, lasts = np.maximum(firsts[:-1] - 1, 0), firsts[1:] - 1
    growths = levels[lasts] / levels[bases] - 1.0
    is_whole = (lasts - bases == starts[1:] - starts[:-1]) & (days[bases] == starts[:-1] - 1)
    rows = zip(months, growths.tolist(), (~is_whole).tolist(), strict=True)
    known = compress(rows, (lasts > bases).tolist())
    return [_month(row) for row in known]


def monthly_table(months: list[MonthReturn], *, is_chained: bool = True) -> tuple[YearReturn, ...]:
    """Arrange months by years; a year's total is what its shown months compound to."""
    if not months:
        return ()
    years = range(months[0].month_on.year, months[-1].month_on.year + 1)
    cells: dict[int, list[MonthReturn | None]] = {year: [None] * _MONTHS for year in years}
    totals: dict[int, float] = {}
    for month in months:
        year = month.month_on.year
        cells[year][month.month_on.month - 1] = month
        totals[year] = totals.get(year, 1.0) * (1.0 + month.value)
    return tuple(
        YearReturn(
            year, tuple(cells[year]), totals[year] - 1.0 if is_chained and year in totals else None
        )
        for year in years
    )


def month_values(months: list[MonthReturn], judge: Judge) -> list[MetricValue]:
    """Publish the best and the worst month and the share of winning ones."""
    judge = judge.counting(len(months))
    if not months:
        nothing = judge.too_little
        return [judge.publish(metric, None, reason=nothing) for metric in _METRICS]
    values = [month.value for month in months]
    best, worst = months[values.index(max(values))], months[values.index(min(values))]
    wins = len([value for value in values if value > 0])
    moves = len(values) - values.count(0.0)
    rate, reason = (wins / moves, None) if moves else (None, Reason.NO_MOVES)
    return [
        judge.publish(MetricId.BEST_MONTH, best.value, on=best.month_on),
        judge.publish(MetricId.WORST_MONTH, worst.value, on=worst.month_on),
        judge.publish(MetricId.WIN_RATE_MONTHS, rate, reason=reason),
    ]


# Makes a named tuple of a tuple twice as quickly as its own constructor does.
_month: Callable[[tuple[date, float, bool]], MonthReturn] = partial(tuple.__new__, MonthReturn)
_METRICS = (MetricId.BEST_MONTH, MetricId.WORST_MONTH, MetricId.WIN_RATE_MONTHS)


def _month_of(day: int) -> int:
    """Number the month of a day, from January of the year 0."""
    on = date_of(day)
    return on.year * _MONTHS + on.month - 1


@lru_cache(maxsize=1024)
def _calendar(first: int, last: int) -> tuple[tuple[date, ...], IntArray]:
    """Give the first days of months as dates, and as day numbers with that of the month behind.

    It is kept: most strategies live through the same months.
    """
    dates = [date(month // _MONTHS, month % _MONTHS + 1, 1) for month in range(first, last + 2)]
    starts = np.array([day_number(on) for on in dates])
    starts.setflags(write=False)
    return tuple(dates[:-1]), starts
