"""Fees, bridges and claims as plain values."""

from typing import Any

from atlas.domain.metrics import MetricValues
from atlas.domain.metrics.headline import METRICS as HEADLINES
from strategies.report.bridges import SIMULATED, BridgeTold
from strategies.report.claims import ClaimVerdict
from strategies.report.fees import FeeComparison
from strategies.vocabulary import SOURCE_LABELS, SeriesSource

Plain = dict[str, Any]

LABELS = {
    **{source.value: label for source, label in SOURCE_LABELS.items()},
    SIMULATED: "Simulated: a recording of the past was played, with simulated money",
}
LABEL_WORDS = (*(source.value for source in SeriesSource), SIMULATED)


def fees_document(fees: FeeComparison) -> Plain:
    """Write the series before and after fees."""
    terms = fees.terms
    return {
        "basis": fees.basis,
        "charged_by": fees.charged_by,
        "management_ratio": None if terms is None else terms.management_ratio,
        "performance_ratio": None if terms is None else terms.performance_ratio,
        "gross": _headlines(fees.gross),
        "net": _headlines(fees.net),
        "is_computed": fees.is_computed,
        "reason": fees.reason,
    }


def _headlines(values: MetricValues | None) -> dict[str, float | None] | None:
    """Write headline metrics by their ids."""
    if values is None:
        return None
    return {metric.value: values[metric].value for metric in HEADLINES}  # type: ignore[misc]  # no headline is money


def bridge_document(told: BridgeTold) -> Plain:
    """Write one bridge."""
    bridge = told.bridge
    return {
        "of": told.of,
        "account": told.account,
        "label": told.label,
        "label_text": LABELS[told.label],
        "opening_at": told.opening_at,
        "opening_nav_usd": bridge.opening_nav_usd,
        "steps": [
            {"leg": step.leg, "amount_usd": step.amount_usd, "after_usd": step.after_usd}
            for step in bridge.steps
        ],
        "residual_usd": bridge.residual_usd,
        "closing_at": told.closing_at,
        "closing_nav_usd": bridge.closing_nav_usd,
        "unknown_legs": bridge.unknown,
    }


def claim_document(one: ClaimVerdict) -> Plain:
    """Write one claim with its verdict."""
    return {
        "claimed_as": one.claim.metric,
        "metric": one.metric,
        "claimed_value": one.claim.value,
        "claimed_text": one.claim.text or None,
        "claimed_at": one.claim.claimed_at,
        "ours": one.ours,
        "difference": one.difference,
        "tolerance": one.tolerance,
        "verdict": one.verdict,
        "reason": one.reason,
    }
