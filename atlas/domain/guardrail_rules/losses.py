"""Rules on how it went: drawdown, the loss of a day, pauses after losses, failures, retries."""

from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.guardrails import GuardrailRule, risk_rule
from atlas.domain.intents import OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.measures import UNKNOWN, Breach, Measure, Shown, breach_of
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import ONE, RATIO_QUANTUM, ZERO, ceil_to, exact


def fall_ratio(value_usd: Decimal | None, peak_usd: Decimal | None) -> Decimal | None:
    """Give by which share a value lies below a peak, rounded up; 0 above it, None where unknown."""
    if value_usd is None or peak_usd is None or peak_usd <= 0:
        return None
    with exact():
        return max(ZERO, ceil_to(ONE - value_usd / peak_usd, RATIO_QUANTUM))


def daily_loss(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound the fall from the best share value of the last 24 hours, open profit and loss in it."""
    records = snapshot.records
    value = fall_ratio(records.share_value_usd, records.best_of_day_usd)
    return Measure(value, limits.max_daily_loss_ratio, "Loss of 24 hours", Shown.SHARE)


def drawdown(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound the fall from the high-water mark of the share value, open profit and loss in it."""
    records = snapshot.records
    value = fall_ratio(records.share_value_usd, records.high_water_usd)
    return Measure(value, limits.max_drawdown_ratio, "Drawdown", Shown.SHARE)


def cooldown(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure | Breach | None:
    """Demand a pause after a close at a loss."""
    limit, losses = limits.cooldown_after_loss_seconds, snapshot.records.losses
    if losses is None or limit is None:
        return breach_of("cooldown", UNKNOWN, UNKNOWN, "Pause after a loss")
    if not losses:
        return None
    with exact():
        waited = Decimal((now - max(losses)) // timedelta(microseconds=1)) / 1_000_000
    return Measure(max(ZERO, waited), limit, "Too soon after a loss", Shown.SECONDS, is_floor=True)


def consecutive_failures(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Bound how many orders in a row may fail."""
    limit = limits.max_consecutive_failures
    return Measure(snapshot.records.failures, limit, "Failures in a row")


def retry_budget(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound how many orders one trade may take, this one included."""
    retries = snapshot.records.retries
    attempts = None if retries is None else retries.attempts + 1
    return Measure(attempts, limits.max_attempts_per_trade, "Orders for one trade")


def retry_changed(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand that a retry differs from what was refused: the same input gets the same answer."""
    retries = snapshot.records.retries
    if retries is None:
        return breach_of("retry_changed", UNKNOWN, "a changed input", "Earlier refusals")
    if not retries.is_unchanged:
        return None
    said = retries.refusal or "refused"
    return breach_of("retry_changed", f"unchanged after {said}", "a changed input", "Retry")


LOSS_RULES: tuple[GuardrailRule, ...] = (
    risk_rule("daily_loss", daily_loss, "max_daily_loss_ratio", tightens=True),
    risk_rule("drawdown", drawdown, "max_drawdown_ratio", tightens=True),
    risk_rule("cooldown", cooldown, "cooldown_after_loss_seconds"),
    risk_rule(
        "consecutive_failures", consecutive_failures, "max_consecutive_failures", tightens=True
    ),
    risk_rule("retry_budget", retry_budget, "max_attempts_per_trade"),
    risk_rule("retry_changed", retry_changed),
)
