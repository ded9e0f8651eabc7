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
# A window whose squares are a smaller share than this of all squares is measured by itself: the
# difference of two running sums would leave too few of its digits.
_TOO_SMALL_A_SHARE = 1e-4
_WINDOWS_AT_ONCE = 1024


class RollingSeries(NamedTuple):
    """One rolling metric: values labelled with the last day of their windows."""

    metric: MetricId
    window_days: int
    days: IntArray
    values: FloatArray


def rolling_risk(
    track: Track, *, rf_daily: float = 0.0, window_days: int = WINDOW_DAYS
) -> tuple[RollingSeries, RollingSeries]:
    """Give the rolling Sharpe ratio and volatility of a track.

    Raises InvalidInput for a window below two days.
    """
    ends = _window_ends(track.return_days, window_days)
    if len(ends) == 0:
        return _none(MetricId.ROLLING_SHARPE, window_days), _none(
            MetricId.ROLLING_VOLATILITY, window_days
        )
    means, deviations = _moments(track.returns, window_days)
    places = ends - (window_days - 1)
    means, deviations, days = means[places], deviations[places], track.return_days[ends]
    moved = deviations > EPSILON
    volatility = np.where(moved, deviations * ROOT_OF_YEAR, 0.0)
    sharpe = (means[moved] - rf_daily) / deviations[moved] * ROOT_OF_YEAR
    return (
        RollingSeries(MetricId.ROLLING_SHARPE, window_days, days[moved], sharpe),
        RollingSeries(MetricId.ROLLING_VOLATILITY, window_days, days, volatility),
    )


def rolling_beta(joined: Joined, *, window_days: int = WINDOW_DAYS) -> RollingSeries:
    """Give the rolling beta of joined returns; raises InvalidInput for a window below two days."""
    ends = _window_ends(joined.days, window_days)
    if len(ends) == 0:
        return _none(MetricId.ROLLING_BETA, window_days)
    covariances, variances = _co_moments(joined.returns, joined.benchmark, window_days)
    places = ends - (window_days - 1)
    covariances, variances = covariances[places], variances[places]
    moved = variances > EPSILON * EPSILON
    beta = covariances[moved] / variances[moved]
    return RollingSeries(MetricId.ROLLING_BETA, window_days, joined.days[ends][moved], beta)


def _none(metric: MetricId, window_days: int) -> RollingSeries:
    """Give a series without a value."""
    return RollingSeries(metric, window_days, np.empty(0, dtype=np.int64), np.empty(0))


def _window_ends(days: IntArray, window_days: int) -> IntArray:
    """Find the places at which a window without a missing day ends."""
    if window_days < 2:  # noqa: PLR2004 - one return has no deviation
        raise InvalidInput(f"A rolling window of {window_days} days is too short; take 2 or more.")
    last = days[window_days - 1 :]
    first = days[: len(last)]
    return np.flatnonzero(last - first == window_days - 1) + (window_days - 1)


def _moments(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Give mean and sample deviation of every window, by its first place."""
    centre = float(values.mean())
    off = values - centre
    sums = _window_sums(off, window)
    squares = off * off
    spread = _window_sums(squares, window) - sums * sums / window
    means = centre + sums / window
    for places in _pieces(spread <= _TOO_SMALL_A_SHARE * float(squares.sum())):
        parts = sliding_window_view(values, window)[places]
        means[places] = parts.mean(axis=1)
        spread[places] = np.square(parts - means[places, np.newaxis]).sum(axis=1)
    return means, np.sqrt(spread / (window - 1))


def _co_moments(own: FloatArray, other: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Give covariance and variance of the other of every window, by its first place."""
    own_off, other_off = own - own.mean(), other - other.mean()
    own_sums, other_sums = _window_sums(own_off, window), _window_sums(other_off, window)
    squares, own_squares = other_off * other_off, own_off * own_off
    variances = _window_sums(squares, window) - other_sums * other_sums / window
    own_spread = _window_sums(own_squares, window) - own_sums * own_sums / window
    covariances = _window_sums(own_off * other_off, window) - own_sums * other_sums / window
    is_small = variances <= _TOO_SMALL_A_SHARE * float(squares.sum())
    is_small |= own_spread <= _TOO_SMALL_A_SHARE * float(own_squares.sum())
    for places in _pieces(is_small):
        parts = sliding_window_view(other, window)[places]
        off = parts - parts.mean(axis=1, keepdims=True)
        variances[places] = np.square(off).sum(axis=1)
        covariances[places] = (off * sliding_window_view(own, window)[places]).sum(axis=1)
    return covariances / (window - 1), variances / (window - 1)


def _pieces(chosen: BoolArray) -> Iterator[IntArray]:
    """Give the places that are chosen, so many at a time that their windows stay small."""
    places = np.flatnonzero(chosen)
    for first in range(0, len(places), _WINDOWS_AT_ONCE):
        yield places[first : first + _WINDOWS_AT_ONCE]


def _window_sums(values: FloatArray, window: int) -> FloatArray:
    """Add up every window, by its first place."""
    running = np.cumsum(values)
    sums = running[window - 1 :].copy()
    sums[1:] -= running[:-window]
    return sums
