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
    MOST_RETURN,
    BoolArray,
    FloatArray,
    IntArray,
    NavSeries,
    ReturnSeries,
)
from atlas.domain.metrics.values import Provenance, date_of

MAX_FILL_DAYS = 3
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
    # Behind a wipe-out divisions by zero may follow; what lies there is cut off below.
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = levels[1:] / levels[:-1] - 1.0
    return_days, is_observed = days[1:], None
    if filling is not None:
        follows = days[1:] - days[:-1] == 1
        returns, return_days = returns[follows], return_days[follows]
        is_observed = filling.is_observed[1:][follows]
    track = Track(
        levels,
        days,
        returns,
        return_days,
        is_observed,
        _coverage(series.days, int(series.days[0]), filling),
        is_chained=True,
        is_wiped_out=False,
    )
    return _cut_at_wipe_out(track)


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
    opening_day = int(series.days[0]) - 1
    coverage = _coverage(series.days, opening_day, filling)
    track = Track(
        levels,
        np.concatenate(([opening_day], days)),
        returns,
        days,
        None if filling is None else filling.is_observed,
        coverage,
        is_chained=coverage.gaps == 0,
        is_wiped_out=False,
    )
    return _cut_at_wipe_out(track)


class _Filling(NamedTuple):
    """How observations spread over the calendar: each is repeated `counts` times."""

    counts: IntArray
    days: IntArray
    is_observed: BoolArray
    filled_days: int
    missing_days: int
    gaps: int


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
        filled_days=int((counts - 1).sum()),
        missing_days=int((steps[is_gap] - 1).sum()),
        gaps=int(is_gap.sum()),
    )


def _coverage(days: IntArray, opening_day: int, filling: _Filling | None) -> Coverage:
    """Count what was observed; of NAVs neither the opening nor one behind a gap ends a return."""
    gaps = filling.gaps if filling else 0
    is_of_navs = int(days[0]) == opening_day
    return Coverage(
        opening_day=opening_day,
        closing_day=int(days[-1]),
        observed=len(days) - 1 - gaps if is_of_navs else len(days),
        filled_days=filling.filled_days if filling else 0,
        missing_days=filling.missing_days if filling else 0,
        gaps=gaps,
    )


def _cut_at_wipe_out(track: Track) -> Track:
    """End a track on the first day that nothing was left."""
    if track.levels.min() > 0:
        return track
    end = int(np.argmax(track.levels <= 0))
    levels = track.levels[: end + 1].copy()
    levels[-1] = 0.0
    lived = track.return_days <= track.level_days[end]
    returns = np.maximum(track.returns[lived], -1.0)
    return Track(
        levels,
        track.level_days[: end + 1],
        returns,
        track.return_days[lived],
        None if track.is_observed is None else track.is_observed[lived],
        track.coverage,
        is_chained=track.is_chained,
        is_wiped_out=True,
    )
