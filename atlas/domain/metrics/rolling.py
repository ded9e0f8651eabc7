"""Rolling Sharpe ratio, volatility and beta over windows of calendar days.

Only whole windows count: each of their days has a return. A window is labelled with its last day;
days without a whole window, or without a value there, are left out, so that no series ever holds
anything but numbers.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.comparison import Joined
from atlas.domain.metrics.daily import Track
from atlas.domain.metrics.headline import ROOT_OF_YEAR
from atlas.domain.metrics.identifiers import MetricId
from atlas.domain.metrics.judge import EPSILON
from atlas.domain.metrics.series import BoolArray, FloatArray, IntArray

WINDOW_DAYS = 90
# A window whose spread is a smaller share than this of its squares is measured again from its own
# mean: the difference of squares and mean would leave too few of its digits.
_TOO_SMALL_A_SHARE = 1e-4
_WINDOWS_AT_ONCE = 1024


class RollingSeries(NamedTuple):
    """One rolling metric: values labelled with the last day of their windows."""

    metric: MetricId
    window_days: int
    days: IntArray
    values: FloatArray

    def before(self, day: int) -> "RollingSeries":
        """Keep the windows that end before a day."""
        kept = self.days < day
        return self._replace(days=self.days[kept], values=self.values[kept])


def rolling_risk(
    track: Track, *, rf_daily: float = 0.0, window_days: int = WINDOW_DAYS
) -> tuple[RollingSeries, RollingSeries]:
    """Give the rolling Sharpe ratio and volatility of a track.

    Raises InvalidInput for a window below two days.
    """
    windows = _whole_windows(track.return_days, window_days)
    if windows is None:
        return _none(MetricId.ROLLING_SHARPE, window_days), _none(
            MetricId.ROLLING_VOLATILITY, window_days
        )
    means, deviations = (one[windows] for one in _moments(track.returns, window_days))
    days = track.return_days[window_days - 1 :][windows]
    volatility = deviations * ROOT_OF_YEAR
    moved = deviations > EPSILON
    sharpe_days = days
    if not moved.all():
        volatility[~moved] = 0.0
        means, deviations, sharpe_days = means[moved], deviations[moved], days[moved]
    sharpe = (means - rf_daily) / deviations * ROOT_OF_YEAR
    return (
        RollingSeries(MetricId.ROLLING_SHARPE, window_days, sharpe_days, sharpe),
        RollingSeries(MetricId.ROLLING_VOLATILITY, window_days, days, volatility),
    )


def rolling_beta(joined: Joined, *, window_days: int = WINDOW_DAYS) -> RollingSeries:
    """Give the rolling beta of joined returns; raises InvalidInput for a window below two days."""
    windows = _whole_windows(joined.days, window_days)
    if windows is None:
        return _none(MetricId.ROLLING_BETA, window_days)
    common, spread = (
        one[windows] for one in _co_moments(joined.returns, joined.benchmark, window_days)
    )
    days = joined.days[window_days - 1 :][windows]
    moved = spread > EPSILON * EPSILON * (window_days - 1)
    if not moved.all():
        common, spread, days = common[moved], spread[moved], days[moved]
    return RollingSeries(MetricId.ROLLING_BETA, window_days, days, common / spread)


def _none(metric: MetricId, window_days: int) -> RollingSeries:
    """Give a series without a value."""
    return RollingSeries(metric, window_days, np.empty(0, dtype=np.int64), np.empty(0))


def _whole_windows(days: IntArray, window_days: int) -> IntArray | slice | None:
    """Choose the windows without a missing day by their first place; None where there is none."""
    if window_days < 2:  # noqa: PLR2004 - one return has no deviation
        raise InvalidInput(f"A rolling window of {window_days} days is too short; take 2 or more.")
    if len(days) < window_days:
        return None
    if days[-1] - days[0] == len(days) - 1:
        return slice(None)
    last = days[window_days - 1 :]
    places = np.flatnonzero(last - days[: len(last)] == window_days - 1)
    return places if len(places) else None


def _moments(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Give mean and sample deviation of every window, by its first place."""
    sums, squares = _window_sums(values, window), _window_sums(values * values, window)
    means = sums / window
    spread = squares - sums * means
    for places in _pieces(_is_mostly_mean(spread, squares)):
        parts = sliding_window_view(values, window)[places]
        means[places] = parts.mean(axis=1)
        spread[places] = np.square(parts - means[places, np.newaxis]).sum(axis=1)
    return means, np.sqrt(spread / (window - 1))


def _co_moments(own: FloatArray, other: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Give covariance and variance of the other of every window, both times (window - 1)."""
    other_sums, squares = _window_sums(other, window), _window_sums(other * other, window)
    means = other_sums / window
    spread = squares - other_sums * means
    common = _window_sums(own * other, window) - _window_sums(own, window) * means
    for places in _pieces(_is_mostly_mean(spread, squares)):
        parts = sliding_window_view(other, window)[places]
        off = parts - parts.mean(axis=1, keepdims=True)
        spread[places] = np.square(off).sum(axis=1)
        common[places] = (off * sliding_window_view(own, window)[places]).sum(axis=1)
    return common, spread


def _is_mostly_mean(spread: FloatArray, squares: FloatArray) -> BoolArray:
    """Tell of which windows the difference that made their spread ate its digits."""
    chosen: BoolArray = (spread <= _TOO_SMALL_A_SHARE * squares) & (squares > 0)
    return chosen


def _pieces(chosen: BoolArray) -> Iterator[IntArray]:
    """Give the places that are chosen, so many at a time that their windows stay small."""
    places = np.flatnonzero(chosen)
    for first in range(0, len(places), _WINDOWS_AT_ONCE):
        yield places[first : first + _WINDOWS_AT_ONCE]


def _window_sums(values: FloatArray, window: int) -> FloatArray:
    """Add up every window, by its first place.

    Sums of 2, 4, 8 … places are put together to those of the window: no sum ever holds what lies
    outside of its window, so that a window comes to the same whatever surrounds it.
    """
    count = len(values) - window + 1
    total: FloatArray | None = None
    taken, width, sums = 0, 1, values
    while True:
        if window & width:
            part = sums[taken : taken + count]
            total = part if total is None else total + part
            taken += width
        if taken == window and total is not None:
            return total
        sums = sums[:-width] + sums[width:]
        width *= 2
