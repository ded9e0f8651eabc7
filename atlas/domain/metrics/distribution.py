"""How daily returns are distributed: shape, tails, extremes and what follows from them."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from atlas.domain.metrics.daily import Track
from atlas.domain.metrics.headline import varies
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import EPSILON, Judge
from atlas.domain.metrics.series import FloatArray
from atlas.domain.metrics.sums import TAIL, ReturnSums, lower_tail
from atlas.domain.metrics.values import MetricValue, date_of

_NORMAL = NormalDist()
_TAIL_POINT = _NORMAL.inv_cdf(TAIL)
_TAIL_DENSITY = _NORMAL.pdf(_TAIL_POINT)
_METRICS = (
    MetricId.BEST_DAY,
    MetricId.WORST_DAY,
    MetricId.VALUE_AT_RISK_95_PARAMETRIC,
    MetricId.CVAR_95_PARAMETRIC,
    MetricId.TAIL_RATIO,
    MetricId.OMEGA,
    MetricId.KELLY,
    MetricId.SKEWNESS,
    MetricId.EXCESS_KURTOSIS,
    MetricId.PROBABILISTIC_SHARPE,
)


class Shape(NamedTuple):
    """Bias-corrected skewness and excess kurtosis; None where the sample is too small for them."""

    skewness: float | None
    excess_kurtosis: float | None


def distribution_values(
    track: Track, sums: ReturnSums | None, judge: Judge, *, rf_daily: float
) -> list[MetricValue]:
    """Publish everything that follows from the distribution of a track's daily returns."""
    if sums is None:
        return [judge.publish(metric, None, reason=judge.too_little) for metric in _METRICS]
    sides = _sides(track.returns)
    excess = sides if rf_daily == 0 else _sides(track.returns - rf_daily)
    return [
        *_extremes(track, sums, judge),
        *_tails(track.returns, sums, judge),
        _omega(excess, sums, judge),
        _kelly(sides, sums, judge),
        *_shape_values(track.returns, sums, judge, rf_daily=rf_daily),
    ]


def shape_of(returns: FloatArray, sums: ReturnSums) -> Shape:
    """Measure the shape of a sample that varies."""
    n = sums.days
    off = returns - sums.mean
    squares = off * off
    second = float(squares.sum()) / n
    third = float(np.dot(squares, off)) / n
    fourth = float(np.dot(squares, squares)) / n
    skewness = kurtosis = None
    if n > 2:  # noqa: PLR2004 - the correction divides by n - 2
        skewness = third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    if n > 3:  # noqa: PLR2004 - the correction divides by n - 3
        raw = fourth / second**2
        kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * raw - 3 * (n - 1))
    return Shape(skewness, kurtosis)


def probabilistic_sharpe(sharpe_daily: float, n: int, shape: Shape) -> float | None:
    """Give the probability that the true Sharpe ratio is above zero; None where it has no variance.

    `sharpe_daily` is not annualised. Bailey and Lopez de Prado 2012.
    """
    if shape.skewness is None or shape.excess_kurtosis is None:
        return None
    spread = (
        1.0
        - shape.skewness * sharpe_daily
        + (shape.excess_kurtosis + 2.0) / 4.0 * sharpe_daily * sharpe_daily
    )
    if spread <= 0:
        return None
    return _NORMAL.cdf(sharpe_daily * math.sqrt(n - 1) / math.sqrt(spread))


def _extremes(track: Track, sums: ReturnSums, judge: Judge) -> list[MetricValue]:
    """Publish the best and the worst day."""
    best_on = date_of(track.return_days.item(track.returns.argmax()))
    worst_on = date_of(track.return_days.item(track.returns.argmin()))
    return [
        judge.publish(MetricId.BEST_DAY, sums.best, on=best_on),
        judge.publish(MetricId.WORST_DAY, sums.worst, on=worst_on),
    ]


def _tails(returns: FloatArray, sums: ReturnSums, judge: Judge) -> list[MetricValue]:
    """Publish the parametric risks and the tail ratio."""
    at_risk = sums.mean + _TAIL_POINT * sums.deviation
    shortfall = sums.mean - _TAIL_DENSITY / TAIL * sums.deviation
    is_flat = abs(sums.low) <= EPSILON
    high = -float(lower_tail(-returns[np.newaxis])[1][0])  # the same quantile from above
    ratio = None if is_flat else abs(high / sums.low)
    return [
        judge.publish(MetricId.VALUE_AT_RISK_95_PARAMETRIC, at_risk),
        judge.publish(MetricId.CVAR_95_PARAMETRIC, shortfall),
        judge.publish(MetricId.TAIL_RATIO, ratio, reason=Reason.ZERO_TAIL if is_flat else None),
    ]


class _Sides(NamedTuple):
    """The sums of what lies above zero and below it, both positive."""

    gains: float
    losses: float


def _sides(returns: FloatArray) -> _Sides:
    """Add up both sides."""
    gains, losses = np.maximum(returns, 0.0), np.minimum(returns, 0.0)
    return _Sides(float(gains.sum()), -float(losses.sum()))


def _omega(excess: _Sides, sums: ReturnSums, judge: Judge) -> MetricValue:
    """Publish the omega ratio of returns above their target."""
    if excess.losses <= EPSILON * sums.days:
        return judge.publish(MetricId.OMEGA, None, reason=Reason.NO_DOWNSIDE)
    return judge.publish(MetricId.OMEGA, excess.gains / excess.losses)


def _kelly(sides: _Sides, sums: ReturnSums, judge: Judge) -> MetricValue:
    """Publish the Kelly fraction."""
    moves = sums.wins + sums.losses
    for count, reason in (
        (moves, Reason.NO_MOVES),
        (sums.losses, Reason.NO_LOSSES),
        (sums.wins, Reason.NO_WINS),
    ):
        if count == 0:
            return judge.publish(MetricId.KELLY, None, reason=reason)
    losing = sides.losses / (sides.gains / sums.wins)
    return judge.publish(MetricId.KELLY, (sums.wins - losing) / moves)


def _shape_values(
    returns: FloatArray, sums: ReturnSums, judge: Judge, *, rf_daily: float
) -> list[MetricValue]:
    """Publish skewness, kurtosis and the probabilistic Sharpe ratio."""
    metrics = (MetricId.SKEWNESS, MetricId.EXCESS_KURTOSIS, MetricId.PROBABILISTIC_SHARPE)
    if not varies(sums):
        return [judge.publish(metric, None, reason=Reason.ZERO_VARIANCE) for metric in metrics]
    shape = shape_of(returns, sums)
    sharpe_daily = (sums.mean - rf_daily) / sums.deviation
    probability = probabilistic_sharpe(sharpe_daily, sums.days, shape)
    return [
        judge.publish(metric, number)
        for metric, number in zip(metrics, (*shape, probability), strict=True)
    ]
