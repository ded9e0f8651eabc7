"""Headline metrics of many strategies at once, for imports and discovery pages.

The figures are those of each strategy's own report, to the last bit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.daily import Coverage, Track, daily_track, provenance_of
from atlas.domain.metrics.headline import METRICS, Figures, headline_values
from atlas.domain.metrics.judge import Judge
from atlas.domain.metrics.series import LEAST_NAV, MOST_NAV, FloatArray, IntArray, NavSeries
from atlas.domain.metrics.sums import daily_rate, sum_levels, sum_returns
from atlas.domain.metrics.values import MetricValue, MetricValues, Provenance

T = TypeVar("T")

# Rows of one length that are copied together, and rows of a matrix whose returns are held at once.
_ROWS_AT_ONCE = 32


def figures_of(tracks: Sequence[Track], *, rf_daily: float) -> list[Figures]:
    """Reduce tracks to their raw figures; tracks of the same lengths go through in one piece."""
    levels = _reduced([track.levels for track in tracks], sum_levels, least=2)
    returns = _reduced(
        [track.returns for track in tracks], lambda rows: sum_returns(rows, rf_daily), least=1
    )
    return [
        Figures(levels.get(place), returns.get(place), track.coverage.days)
        for place, track in enumerate(tracks)
    ]


def judge_of(track: Track, origin: Provenance) -> Judge:
    """Appoint the judge of a track's own metrics."""
    return Judge(
        origin,
        days=track.coverage.days,
        observed=track.coverage.observed,
        is_chained=track.is_chained,
        is_wiped_out=track.is_wiped_out,
    )


def headlines(tracks: Sequence[Track], *, rf: float = 0.0) -> list[MetricValues]:
    """Compute the headline metrics of many tracks, in their order.

    `rf` is the yearly risk-free rate. Quickest where many tracks are of one length, as those of a
    common window are.
    """
    rf_daily = daily_rate(rf)
    judges: dict[tuple[Coverage, bool, bool], Judge] = {}
    found = []
    for track, figures in zip(tracks, figures_of(tracks, rf_daily=rf_daily), strict=True):
        # Strategies of one window mostly cover the same days: one judge does for all of them.
        alike = (track.coverage, track.is_chained, track.is_wiped_out)
        judge = judges.get(alike)
        if judge is None:
            judge = judges[alike] = judge_of(track, provenance_of(track))
        found.append(_by_id(headline_values(figures, judge, rf_daily=rf_daily)))
    return found


def headlines_of_matrix(days: IntArray, navs: FloatArray, *, rf: float = 0.0) -> list[MetricValues]:
    """Compute the headline metrics of strategies that share one calendar without a missing day.

    `navs` has one row a strategy and one column a day, the first being the opening. Raises
    InvalidInput where a day is missing or a NAV is not within what a column can hold; series with
    gaps go through `headlines`.
    """
    rf_daily = daily_rate(rf)
    _check_matrix(days, navs)
    if navs.size == 0:
        return []
    if navs.min() <= 0 or len(days) == 1:
        return headlines([daily_track(NavSeries(days, row)) for row in navs], rf=rf)
    calendar = daily_track(NavSeries(days, navs[0]))  # all rows have its coverage
    judge = judge_of(calendar, provenance_of(calendar))
    return [
        _by_id(headline_values(figures, judge, rf_daily=rf_daily))
        for figures in _figures_of_matrix(navs, calendar.coverage, rf_daily)
    ]


def _figures_of_matrix(navs: FloatArray, coverage: Coverage, rf_daily: float) -> Iterator[Figures]:
    """Reduce the rows of a matrix, some at a time."""
    for first in range(0, len(navs), _ROWS_AT_ONCE):
        # A row's sums depend on its layout in memory, so that all have the same one.
        rows = np.ascontiguousarray(navs[first : first + _ROWS_AT_ONCE])
        returns = rows[:, 1:] / rows[:, :-1] - 1.0
        for levels, sums in zip(sum_levels(rows), sum_returns(returns, rf_daily), strict=True):
            yield Figures(levels, sums, coverage.days)


def _reduced(
    rows: Sequence[FloatArray], reduce: Callable[[FloatArray], list[T]], *, least: int
) -> dict[int, T]:
    """Reduce rows of any lengths, equal ones together; rows shorter than `least` are left out."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if len(row) >= least:
            places[len(row)].append(place)
    found: dict[int, T] = {}
    for alike in places.values():
        for first in range(0, len(alike), _ROWS_AT_ONCE):
            some = alike[first : first + _ROWS_AT_ONCE]
            alone = len(some) == 1
            piece = rows[some[0]][np.newaxis] if alone else np.stack([rows[at] for at in some])
            found.update(zip(some, reduce(piece), strict=True))
    return found


def _check_matrix(days: IntArray, navs: FloatArray) -> None:
    """Refuse what is no matrix of daily NAVs."""
    if navs.ndim != 2 or navs.shape[1] != len(days) or len(days) == 0:  # noqa: PLR2004
        raise InvalidInput("A matrix of NAVs has one row a strategy and one column a day.")
    if int(days[-1]) - int(days[0]) != len(days) - 1 or (days[1:] <= days[:-1]).any():
        raise InvalidInput(
            "The days of a matrix follow each other; use tracks for series with gaps."
        )
    if navs.size == 0:
        return
    least, most = float(navs.min()), float(navs.max())
    # What is no number compares false, so such NAVs are refused here too.
    if not (most <= MOST_NAV and (least <= 0 or least >= LEAST_NAV)):
        raise InvalidInput(f"A NAV lies outside {LEAST_NAV:g} to {MOST_NAV:g}.")


def _by_id(values: list[MetricValue]) -> MetricValues:
    """Key headline metrics by their ids."""
    return dict(zip(METRICS, values, strict=True))
