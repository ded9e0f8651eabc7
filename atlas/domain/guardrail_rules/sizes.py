"""Rules on what is traded and how much: markets, sides, sizes, exposures, leverage."""

from datetime import datetime
from decimal import Decimal

from atlas.domain.guardrails import GuardrailRule, risk_rule
from atlas.domain.intents import OrderIntent
from atlas.domain.limit_fields import LEVERAGE_CEILING
from atlas.domain.limits import Limits
from atlas.domain.measures import UNKNOWN, Breach, Measure, Shown, breach_of
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import RATIO_QUANTUM, ZERO, ceil_to, exact


def allowed_market(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Allow only the markets on the list; a missing list allows none."""
    return _listed("allowed_market", intent.market, limits.allowed_markets, "Market")


def allowed_side(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Allow only the sides on the list; a missing list allows none."""
    return _listed(
        "allowed_side", "LONG" if intent.is_long else "SHORT", limits.allowed_sides, "Side"
    )


def _listed(rule: str, name: str, listed: frozenset[str] | None, what: str) -> Breach | None:
    if listed is None:
        return breach_of(rule, name, UNKNOWN, f"{what} without a list")
    if name in listed:
        return None
    return breach_of(rule, name, ", ".join(sorted(listed)) or "none", f"{what} not on the list")


def max_order_notional(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Bound the notional of one order."""
    limit = limits.max_order_notional_usd
    return Measure(intent.size_delta_usd, limit, "Order too large", Shown.USD)


def min_order(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Demand a size that is worth its fees."""
    limit = limits.min_order_usd
    return Measure(intent.size_delta_usd, limit, "Order too small", Shown.USD, is_floor=True)


def max_position_notional(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Bound the notional of the position after the order, at the worse of the two prices."""
    limit = limits.max_position_notional_usd
    return Measure(_notional_after(intent, snapshot), limit, "Position too large", Shown.USD)


def gross_exposure(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Bound longs plus shorts after the order, at the worse prices."""
    sides = _sides_after(intent, snapshot)
    with exact():
        value = None if sides is None else sides[0] + sides[1]
    return Measure(value, limits.max_gross_exposure_usd, "Gross exposure too large", Shown.USD)


def net_exposure(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound the surplus of longs over shorts, or the other way round, after the order."""
    sides = _sides_after(intent, snapshot)
    with exact():
        value = None if sides is None else abs(sides[0] - sides[1])
    return Measure(value, limits.max_net_exposure_usd, "Net exposure too large", Shown.USD)


def max_leverage(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
    """Bound notional over collateral after the order; open losses eat collateral, gains do not.

    No limit lifts the ceiling of what the vault's guard accepts.
    """
    limit = limits.max_leverage_ratio
    bound = None if limit is None else min(limit, LEVERAGE_CEILING)
    return Measure(_leverage_after(intent, snapshot), bound, "Leverage too high", Shown.TIMES)


def _notional_after(intent: OrderIntent, snapshot: Snapshot) -> Decimal | None:
    """Give the larger of entry notional and market value, plus what an increase adds."""
    quote = snapshot.quote(intent.market)
    if quote is None or snapshot.positions is None:
        return None
    position = snapshot.position(intent.market, is_long=intent.is_long)
    with exact():
        return max(ZERO, _held_usd(position, quote) + _added_usd(intent))


def _held_usd(position: Position, quote: Quote) -> Decimal:
    """Give a position's notional: at entry or at the upper price, whichever is more."""
    return max(position.size_usd, position.notional_usd(quote.max_usd))


def _added_usd(intent: OrderIntent) -> Decimal:
    return intent.size_delta_usd if intent.is_increase else -intent.size_delta_usd


def _sides_after(intent: OrderIntent, snapshot: Snapshot) -> tuple[Decimal, Decimal] | None:
    """Give the notional of all longs and of all shorts after the order; None where unknown."""
    if snapshot.positions is None or snapshot.quote(intent.market) is None:
        return None
    held = {True: ZERO, False: ZERO}
    for position in snapshot.positions:
        quote = snapshot.quote(position.market)
        if quote is None:
            return None
        with exact():
            held[position.is_long] += _held_usd(position, quote)
    with exact():
        held[intent.is_long] = max(ZERO, held[intent.is_long] + _added_usd(intent))
    return held[True], held[False]


def _leverage_after(intent: OrderIntent, snapshot: Snapshot) -> Decimal | None:
    """Give notional over collateral after the order, rounded up; infinite where nothing backs it."""
    notional_usd = _notional_after(intent, snapshot)
    quote = snapshot.quote(intent.market)
    if notional_usd is None or quote is None:
        return None
    position = snapshot.position(intent.market, is_long=intent.is_long)
    worse_usd = quote.min_usd if intent.is_long else quote.max_usd
    with exact():
        backing_usd = position.collateral_usd + intent.collateral_delta_usd
        backing_usd += min(ZERO, position.unrealised_usd(worse_usd))
        if notional_usd == 0:
            return ZERO
        if backing_usd <= 0:
            return Decimal("Infinity")
        return ceil_to(notional_usd / backing_usd, RATIO_QUANTUM)


SIZE_RULES: tuple[GuardrailRule, ...] = (
    risk_rule("allowed_market", allowed_market, "allowed_markets"),
    risk_rule("allowed_side", allowed_side, "allowed_sides"),
    risk_rule("max_order_notional", max_order_notional, "max_order_notional_usd"),
    risk_rule("min_order", min_order, "min_order_usd"),
    risk_rule("max_position_notional", max_position_notional, "max_position_notional_usd"),
    risk_rule("gross_exposure", gross_exposure, "max_gross_exposure_usd", stands=True),
    risk_rule("net_exposure", net_exposure, "max_net_exposure_usd", stands=True),
    risk_rule("max_leverage", max_leverage, "max_leverage_ratio"),
)
