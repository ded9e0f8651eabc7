"""What a producer claims, against what the same record gives by our definitions.

A claim is held against the whole record up to the day it was made on, without a risk-free rate and
against the strategy's own benchmark: that is what a producer can have meant.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from atlas.domain.metrics import DEFINITIONS, MetricId, MetricValues, Reason, Unit
from atlas.domain.metrics.comparison import METRICS as COMPARED
from strategies.report.facts import ClaimRow

# Depths and losses: some write them as positive numbers.
FALLS = frozenset(
    {
        MetricId.MAX_DRAWDOWN,
        MetricId.CURRENT_DRAWDOWN,
        MetricId.VALUE_AT_RISK_95,
        MetricId.CVAR_95,
        MetricId.VALUE_AT_RISK_95_PARAMETRIC,
        MetricId.CVAR_95_PARAMETRIC,
    }
)
# What neither the risk-free rate nor the benchmark enters.
TERMLESS = frozenset(MetricId) - {
    MetricId.DOWNSIDE_DEVIATION,
    MetricId.SHARPE,
    MetricId.SORTINO,
    MetricId.OMEGA,
    MetricId.PROBABILISTIC_SHARPE,
    *COMPARED,
}
ALIASES = {"win_rate": MetricId.WIN_RATE_TRADES, "volatility_annualised": MetricId.VOLATILITY}
# The least difference that counts, and the share of our figure that may be rounding or convention.
SMALLEST = {
    Unit.RATIO: 0.005,
    Unit.NUMBER: 0.05,
    Unit.DAYS: 1.0,
    Unit.SECONDS: 60.0,
    Unit.USD: 0.01,
}
TOLERANCE = 0.01
RATIO_SUFFIX = "_ratio"
_KNOWN = frozenset(metric.value for metric in MetricId)


class Verdict(StrEnum):
    """What came of holding a claim against our figure."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not_comparable"


class Obstacle(StrEnum):
    """Why a claim cannot be compared, beside the reasons why our figure may be missing."""

    UNKNOWN_METRIC = "unknown_metric"
    NO_NUMBER = "no_number"
    OTHER_WINDOW = "other_window"


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim, our figure on its day, and what came of comparing them.

    `difference` is the claim less ours, a depth being taken for negative however it is written.
    """

    claim: ClaimRow
    metric: MetricId | None
    ours: float | None
    difference: float | None
    tolerance: float | None
    verdict: Verdict
    reason: str | None


# From a metric and a day to our figures of the record up to it; nothing where it begins later.
OursAt = Callable[[MetricId, date], MetricValues]


def judge_claims(
    claims: Sequence[ClaimRow], ours_at: OursAt | None, *, tolerance_ratio: float = TOLERANCE
) -> tuple[ClaimVerdict, ...]:
    """Hold claims against our figures; None instead of those where the report shows but a part.

    `tolerance_ratio` is the share of our figure by which a claim may differ from it.
    """
    return tuple(_judge(claim, ours_at, tolerance_ratio) for claim in claims)


def metric_of(name: str) -> MetricId | None:
    """Find the metric that a producer's name means, with or without our suffix for ratios."""
    stem = name.removesuffix(RATIO_SUFFIX)
    for candidate in (name, stem):
        if candidate in _KNOWN:
            return MetricId(candidate)
    return ALIASES.get(stem)


def _judge(claim: ClaimRow, ours_at: OursAt | None, tolerance_ratio: float) -> ClaimVerdict:
    """Judge one claim."""
    metric = metric_of(claim.metric)
    if metric is None:
        return _not_comparable(claim, metric, Obstacle.UNKNOWN_METRIC)
    if claim.value is None:
        return _not_comparable(claim, metric, Obstacle.NO_NUMBER)
    if ours_at is None:
        return _not_comparable(claim, metric, Obstacle.OTHER_WINDOW)
    figures = ours_at(metric, claim.claimed_at.date())
    found = figures.get(metric)
    if found is None:
        missing = Obstacle.UNKNOWN_METRIC if figures else Reason.INSUFFICIENT_HISTORY
        return _not_comparable(claim, metric, missing)
    if found.value is None:
        return _not_comparable(claim, metric, str(found.reason))
    ours = float(found.value)
    claimed = -abs(claim.value) if metric in FALLS else claim.value
    tolerance = _tolerance(DEFINITIONS[metric].unit, ours, tolerance_ratio)
    difference = claimed - ours
    verdict = Verdict.AGREES if abs(difference) <= tolerance else Verdict.DIFFERS
    return ClaimVerdict(claim, metric, ours, difference, tolerance, verdict, None)


def _tolerance(unit: Unit, ours: float, ratio: float) -> float:
    """Give the difference up to which a claim agrees; a count is the same or it is not."""
    return 0.0 if unit is Unit.COUNT else max(SMALLEST[unit], ratio * abs(ours))


def _not_comparable(claim: ClaimRow, metric: MetricId | None, reason: str) -> ClaimVerdict:
    """Say why a claim cannot be compared."""
    return ClaimVerdict(claim, metric, None, None, None, Verdict.NOT_COMPARABLE, str(reason))
