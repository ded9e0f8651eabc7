"""The monthly table: what each calendar month earned, null where there is no data.

The shown months compound to the return of the range. A month that the data does not cover whole is
flagged partial; where the NAV is unknown for a while, the month in which it is seen again carries
the whole change since it was last seen.
"""

from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlas.domain.metrics.daily import Track
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import Judge
from atlas.domain.metrics.values import MetricValue

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
    months = _months(int(days[0]) + 1, int(days[-1]))
    starts = months.astype(np.int64)
    firsts = np.searchsorted(days, starts)  # the first known day of each month, and one behind
    bases, lasts = np.maximum(firsts[:-1] - 1, 0), firsts[1:] - 1
    growths = levels[lasts] / levels[bases] - 1.0
    is_whole = (lasts - bases == starts[1:] - starts[:-1]) & (days[bases] == starts[:-1] - 1)
    columns = (months[:-1], growths, ~is_whole, lasts > bases)
    rows = zip(*map(np.ndarray.tolist, columns), strict=True)
    return [MonthReturn._make(row[:3]) for row in rows if row[3]]


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


_METRICS = (MetricId.BEST_MONTH, MetricId.WORST_MONTH, MetricId.WIN_RATE_MONTHS)


def _months(first_day: int, last_day: int) -> NDArray[np.datetime64]:
    """List the first days of all months from that of one day to the one behind that of another."""
    first, last = np.array([first_day, last_day], dtype="datetime64[D]").astype("datetime64[M]")
    return np.arange(first, last + 2).astype("datetime64[D]")
