"""Metrics against a benchmark, on the days on which both have a return."""

import math
from dataclasses import dataclass

import numpy as np

from atlas.domain.metrics.daily import Track
from atlas.domain.metrics.definitions import DEFINITIONS
from atlas.domain.metrics.definitions.kind import Group
from atlas.domain.metrics.headline import ROOT_OF_YEAR
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import DAYS_A_YEAR, EPSILON, Judge, power
from atlas.domain.metrics.series import FloatArray, IntArray
from atlas.domain.metrics.values import MetricValue, Provenance, date_of

METRICS = tuple(metric for metric, one in DEFINITIONS.items() if one.group is Group.BENCHMARK)

_LEAST_PRODUCT = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """The returns of a strategy and of its benchmark on the days that both have.

    `observed` counts the days on which neither return comes from a value carried forward.
    """

    days: IntArray
    returns: FloatArray
    benchmark: FloatArray
    observed: int


@dataclass(frozen=True, slots=True)
class Moments:
    """Means, deviations and covariance (divisor n - 1) of joined returns.

    `beta` is None where the benchmark does not vary.
    """

    mean: float
    benchmark_mean: float
    deviation: float
    benchmark_deviation: float
    covariance: float
    active_deviation: float
    beta: float | None


def join(track: Track, benchmark: Track) -> Joined:
    """Pair the returns by day; a day that only one of them has is left out."""
    days = track.return_days
    if len(days) == 0 or len(benchmark.return_days) == 0:
        nothing = np.empty(0)
        return Joined(days[:0], nothing, nothing, 0)
    if (
        np.array_equal(days, benchmark.return_days)
        and track.is_observed is None is benchmark.is_observed
    ):
        return Joined(days, track.returns, benchmark.returns, len(days))
    places = _places_in(benchmark.return_days, days)
    both = benchmark.return_days[places] == days
    places = places[both]
    is_observed = np.ones(len(places), dtype=np.bool_)
    if track.is_observed is not None:
        is_observed &= track.is_observed[both]
    if benchmark.is_observed is not None:
        is_observed &= benchmark.is_observed[places]
    return Joined(
        days[both], track.returns[both], benchmark.returns[places], int(is_observed.sum())
    )


def _places_in(days: IntArray, wanted: IntArray) -> IntArray:
    """Find where each wanted day is, or another place where it is not."""
    is_whole = days[-1] - days[0] == len(days) - 1  # no day is missing: no need to search
    places: IntArray = wanted - days[0] if is_whole else np.searchsorted(days, wanted)
    return np.clip(places, 0, len(days) - 1)


def judge_of_joined(joined: Joined, track: Track, origin: Provenance) -> Judge:
    """Appoint the judge of what is compared: the joined days are the sample."""
    count = len(joined.days)
    first, last = (int(joined.days[0]), int(joined.days[-1])) if count else (0, 0)
    days = last - first + 1 if count else 0
    origin = origin._replace(
        samples=count,
        filled_days=count - joined.observed,
        missing_days=days - count,
        gaps=int(np.count_nonzero(joined.days[1:] - joined.days[:-1] > 1)),
        first_on=date_of(first - 1) if count else None,
        last_on=date_of(last) if count else None,
    )
    return Judge(
        origin,
        days=days,
        observed=joined.observed,
        is_chained=track.is_chained,
        is_wiped_out=track.is_wiped_out,
    )


def comparison_values(
    joined: Joined, judge: Judge, *, cagr: float | None, rf: float, rf_daily: float
) -> list[MetricValue]:
    """Publish the metrics against the benchmark; `cagr` is the strategy's own, `rf` yearly."""
    if len(joined.days) < 2:  # noqa: PLR2004 - a variance needs two
        return [judge.publish(metric, None, reason=judge.too_little) for metric in METRICS]
    moments = moments_of(joined)
    return [
        *_of_beta(moments, judge, cagr=cagr, rf=rf, rf_daily=rf_daily),
        *_of_active(moments, judge),
        *_captures(joined, judge),
    ]


def moments_of(joined: Joined) -> Moments:
    """Measure two or more joined days."""
    own, other = joined.returns, joined.benchmark
    n = len(own)
    mean, other_mean = float(own.sum()) / n, float(other.sum()) / n
    off, other_off = own - mean, other - other_mean
    active_off = off - other_off
    covariance, variance = float(np.dot(off, other_off)), float(np.dot(other_off, other_off))
    other_deviation = math.sqrt(variance / (n - 1))
    return Moments(
        mean=mean,
        benchmark_mean=other_mean,
        deviation=math.sqrt(float(np.dot(off, off)) / (n - 1)),
        benchmark_deviation=other_deviation,
        covariance=covariance / (n - 1),
        active_deviation=math.sqrt(float(np.dot(active_off, active_off)) / (n - 1)),
        # Of the undivided sums, so that a strategy that is its own benchmark has exactly 1.
        beta=covariance / variance if other_deviation > EPSILON else None,
    )


def _of_beta(
    moments: Moments, judge: Judge, *, cagr: float | None, rf: float, rf_daily: float
) -> list[MetricValue]:
    """Publish beta and what is built on it."""
    beta = moments.beta
    if beta is None:
        metrics = (*_ON_BETA, MetricId.CORRELATION)
        return [judge.publish(metric, None, reason=Reason.ZERO_VARIANCE) for metric in metrics]
    alpha = moments.mean - rf_daily - beta * (moments.benchmark_mean - rf_daily)
    growth = power(1.0 + alpha, DAYS_A_YEAR)
    compounded = None if growth is None else growth - 1.0
    is_still = moments.deviation <= EPSILON
    is_deaf = abs(beta) <= EPSILON
    scale = moments.deviation * moments.benchmark_deviation
    correlation = None if is_still else max(-1.0, min(1.0, moments.covariance / scale))
    treynor = None if cagr is None or is_deaf else (cagr - rf) / beta
    zero_beta = Reason.ZERO_BETA if is_deaf else None
    zero_variance = Reason.ZERO_VARIANCE if is_still else None
    return judge.publish_all(
        (*_ON_BETA, MetricId.CORRELATION),
        (beta, alpha * DAYS_A_YEAR, compounded, treynor, correlation),
        (None, None, None, zero_beta, zero_variance),
    )


def _of_active(moments: Moments, judge: Judge) -> list[MetricValue]:
    """Publish what follows from the difference of the two returns."""
    deviation = moments.active_deviation
    if deviation <= EPSILON:
        return [
            judge.publish(MetricId.TRACKING_ERROR, 0.0),
            judge.publish(MetricId.INFORMATION_RATIO, None, reason=Reason.ZERO_VARIANCE),
        ]
    ratio = (moments.mean - moments.benchmark_mean) / deviation * ROOT_OF_YEAR
    return [
        judge.publish(MetricId.TRACKING_ERROR, deviation * ROOT_OF_YEAR),
        judge.publish(MetricId.INFORMATION_RATIO, ratio),
    ]


@np.errstate(over="ignore", under="ignore")
def _captures(joined: Joined, judge: Judge) -> list[MetricValue]:
    """Publish how much of the benchmark's rises and falls the strategy took part in."""
    found = []
    own, other = joined.returns + 1.0, joined.benchmark + 1.0
    for metric, chosen, reason in (
        (MetricId.UP_CAPTURE, joined.benchmark > EPSILON, Reason.NO_UP_DAYS),
        (MetricId.DOWN_CAPTURE, joined.benchmark < -EPSILON, Reason.NO_DOWN_DAYS),
    ):
        others = other.compress(chosen)
        if len(others) == 0:
            found.append(judge.publish(metric, None, reason=reason))
            continue
        capture = _geometric_mean(own.compress(chosen)) / _geometric_mean(others)
        found.append(judge.publish(metric, capture))
    return found


def _geometric_mean(growths: FloatArray) -> float:
    """Give the constant return that compounds to the same as daily growths (1 + return) do.

    It is -1 where everything was lost.
    """
    if growths.min() <= 0.0:
        return -1.0
    growth = float(growths.prod())
    if _LEAST_PRODUCT < growth < 1.0 / _LEAST_PRODUCT:
        return math.pow(growth, 1.0 / len(growths)) - 1.0
    return math.expm1(float(np.log(growths).sum()) / len(growths))  # slower, but never overflows


_ON_BETA = (
    MetricId.BETA,
    MetricId.ALPHA_ARITHMETIC,
    MetricId.ALPHA_GEOMETRIC,
    MetricId.TREYNOR,
)
