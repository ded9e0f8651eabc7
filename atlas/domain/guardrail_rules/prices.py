"""Rules on what prices and signals are worth: their age, their agreement, what execution costs."""

from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.guardrails import GuardrailRule, risk_rule
from atlas.domain.intents import OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.measures import UNKNOWN, Breach, Measure, Shown, breach_of
from atlas.domain.quotes import pays_up
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import BPS, ZERO, ceil_to, exact

# How far a stamp may lie ahead of our clock before it is wrong rather than skewed.
MAX_SKEW = timedelta(seconds=2)
# Distances are measured finely enough that a price a tick too far is seen.
BPS_QUANTUM = Decimal("0.00000001")
BOTH = 2


def signal_freshness(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure | Breach | None:
    """Demand a signal that is not older than the limit, still valid and not from the future."""
    until = intent.signal_valid_until_at
    if until is None:
        return breach_of("signal_freshness", UNKNOWN, now.isoformat(), "Signal validity")
    if now > until:
        return breach_of(
            "signal_freshness", now.isoformat(), f"until {until.isoformat()}", "Signal has expired"
        )
    return _age(
        "signal_freshness", "Signal", intent.signal_as_of_at, limits.max_signal_age_seconds, now
    )


def price_freshness(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure | Breach | None:
    """Demand a price that is not older than the limit and not from the future."""
    quote = snapshot.quote(intent.market)
    at = None if quote is None else quote.at
    return _age("price_freshness", "Price", at, limits.max_price_age_seconds, now)


def _age(
    rule: str, what: str, at: datetime | None, max_seconds: int | None, now: datetime
) -> Measure | Breach | None:
    limit = UNKNOWN if max_seconds is None else f"{max_seconds} s"
    if at is None:
        return breach_of(rule, UNKNOWN, limit, f"{what} age")
    age = now - at
    if age < -MAX_SKEW:
        return breach_of(rule, f"{age.total_seconds():g} s", limit, f"{what} is from the future")
    with exact():
        seconds = Decimal(age // timedelta(microseconds=1)) / 1_000_000
    return Measure(max(ZERO, seconds), max_seconds, f"{what} age", Shown.SECONDS)


def sources_agree(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure | Breach | None:
    """Demand a second, independent price within the limit; one price suffices where one is asked.

    A second price that is there has to agree, whether it is asked for or not.
    """
    quote, required = snapshot.quote(intent.market), limits.required_price_sources
    limit = limits.max_source_deviation_bps
    if quote is None or required is None:
        return breach_of("sources_agree", UNKNOWN, "a known price and a rule", "Price sources")
    deviation_bps = quote.deviation_bps
    if deviation_bps is None and required < BOTH and limit is not None:
        return None
    return Measure(deviation_bps, limit, "Price sources disagree", Shown.BPS)


def acceptable_distance(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Bound how far off the price an entry may execute."""
    limit = limits.max_acceptable_distance_bps
    return Measure(
        _distance_bps(intent, snapshot), limit, "Accepts a price too far away", Shown.BPS
    )


def slippage(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound the spread and slippage that are expected."""
    expected = snapshot.records.expected
    value = None if expected is None else expected.slippage_bps
    return Measure(value, limits.max_slippage_bps, "Expected slippage", Shown.BPS)


def price_impact(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound the price impact that is expected."""
    expected = snapshot.records.expected
    value = None if expected is None else expected.impact_bps
    return Measure(value, limits.max_price_impact_bps, "Expected price impact", Shown.BPS)


def admits_execution(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Demand that the acceptable price admits the expected one: else the venue is sure to cancel."""
    expected = snapshot.records.expected
    value = None if expected is None else expected.slippage_bps + expected.impact_bps
    bound = _distance_bps(intent, snapshot)
    return Measure(value, bound, "Execution expected beyond the acceptable price", Shown.BPS)


def _distance_bps(intent: OrderIntent, snapshot: Snapshot) -> Decimal | None:
    """Give how far the acceptable price lies beyond the side price, in bps, rounded up."""
    quote, bound = snapshot.quote(intent.market), intent.acceptable_price_usd
    if quote is None or bound is None:
        return None
    with exact():
        if pays_up(is_long=intent.is_long, is_increase=intent.is_increase):
            return ceil_to(BPS * (bound - quote.max_usd) / quote.max_usd, BPS_QUANTUM)
        return ceil_to(BPS * (quote.min_usd - bound) / quote.min_usd, BPS_QUANTUM)


PRICE_RULES: tuple[GuardrailRule, ...] = (
    risk_rule("signal_freshness", signal_freshness, "max_signal_age_seconds"),
    risk_rule("price_freshness", price_freshness, "max_price_age_seconds"),
    risk_rule("sources_agree", sources_agree, "required_price_sources", "max_source_deviation_bps"),
    risk_rule("acceptable_distance", acceptable_distance, "max_acceptable_distance_bps"),
    risk_rule("slippage", slippage, "max_slippage_bps"),
    risk_rule("price_impact", price_impact, "max_price_impact_bps"),
    risk_rule("admits_execution", admits_execution),
)
