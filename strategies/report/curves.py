"""The lines that a report draws: growth and drawdown day by day, rolling metrics; thinned out."""

from dataclasses import dataclass

import numpy as np

from atlas.domain.downsample import min_max
from atlas.domain.metrics import RollingSeries, Track
from strategies.packed import FloatArray, IntArray

MOST_POINTS = 366


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Growth and drawdown day by day, thinned out of `whole` days.

    Returns count from the opening, the benchmark's (not a number where it has no fresh price) from
    the first day on which it has one. The extremes of all three are among the days.
    """

    days: IntArray
    returns: FloatArray
    drawdowns: FloatArray
    benchmark: FloatArray | None
    whole: int


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """A rolling metric, thinned out of `whole` values, the extremes among them."""

    series: RollingSeries
    whole: int


def curves_of(track: Track, benchmark: Track | None) -> Curves:
    """Draw a track, and its benchmark on the same days."""
    returns = track.levels / track.levels[0] - 1.0
    drawdowns = track.levels / np.maximum.accumulate(track.levels) - 1.0
    theirs = None if benchmark is None else _on_days(benchmark, track.level_days)
    columns = [returns, drawdowns] if theirs is None else [returns, drawdowns, theirs]
    kept = min_max(columns, MOST_POINTS)
    return Curves(
        days=track.level_days[kept],
        returns=returns[kept],
        drawdowns=drawdowns[kept],
        benchmark=None if theirs is None else theirs[kept],
        whole=len(returns),
    )


def thinned(series: RollingSeries) -> Rolling:
    """Thin a rolling metric out."""
    whole = len(series.days)
    if whole <= MOST_POINTS:
        return Rolling(series, whole)
    kept = min_max([series.values], MOST_POINTS)
    return Rolling(series._replace(days=series.days[kept], values=series.values[kept]), whole)


def _on_days(benchmark: Track, days: IntArray) -> FloatArray:
    """Give the benchmark's return on some days, not a number where its level is not known."""
    places = np.searchsorted(benchmark.level_days, days)
    places[places == len(benchmark.level_days)] = 0
    is_known = benchmark.level_days[places] == days
    returns = np.full(len(days), np.nan)
    returns[is_known] = benchmark.levels[places[is_known]] / benchmark.levels[0] - 1.0
    return returns
