"""The guardrail rules of the house and the list of them.

To add a rule: write one function that answers with a Breach or None, and one line in HOUSE_RULES
that names it and the permit kinds it binds. The table of SAFETY 3.1 decides which kinds those are;
whatever limits risk binds INCREASE and SWAP alone.

A number equal to its limit passes.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.guardrails import (
    UNKNOWN,
    Breach,
    GuardrailRule,
    risk_rule,
)
from atlas.domain.intents import EXIT_KINDS, ORDER_KINDS, Authority, OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.quotes import MAX_BOUND_BPS, acceptable_price_usd, pays_up
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import SWITCH_ALLOWS, PermitKind, SwitchState
from atlas.domain.units import RATIO_QUANTUM, ZERO, ceil_to, exact, plain

# How far a stamp may lie ahead of our clock before it is wrong rather than skewed.
MAX_SKEW = timedelta(seconds=2)


def _usd(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{plain(value)} USD"


def _breach(rule: str, measured: str, limit: str, sentence: str) -> Breach:
    return Breach(rule, measured, limit, f"{sentence}: {measured}, allowed {limit}.")


def switch_state(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Allow only the kinds that the effective switch state lets out; an unknown one is HALTED."""
    state = snapshot.switch_state or SwitchState.HALTED
    broke_glass = intent.kind is PermitKind.FLATTEN and intent.authority is Authority.BREAK_GLASS
    if intent.kind is PermitKind.SETUP and intent.authority is not Authority.TWO_PERSONS:
        return _breach("switch_state", "one person", "two persons", "A set-up needs approval")
    if intent.kind in SWITCH_ALLOWS[state] or broke_glass:
        return None
    states = [s.value for s in SwitchState if intent.kind in SWITCH_ALLOWS[s]]
    shown = state.value if snapshot.switch_state else f"{state.value} (no switch row)"
    return _breach(
        "switch_state", shown, " or ".join(states), f"Trading is closed to {intent.kind}"
    )


def allowed_market(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Allow only the markets on the list; a missing list allows none."""
    if limits.allowed_markets is None:
        return _breach("allowed_market", intent.market, UNKNOWN, "No list of markets")
    if intent.market in limits.allowed_markets:
        return None
    allowed = ", ".join(sorted(limits.allowed_markets)) or "none"
    return _breach("allowed_market", intent.market, allowed, "Market not on the list")


def max_order_notional(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Bound the notional of one order."""
    limit = limits.max_order_notional_usd
    if limit is not None and intent.size_delta_usd <= limit:
        return None
    return _breach(
        "max_order_notional", _usd(intent.size_delta_usd), _usd(limit), "Order too large"
    )


def max_position_notional(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Bound the notional of the position after the order, at the worse of the two prices."""
    limit, after_usd = limits.max_position_notional_usd, _notional_after(intent, snapshot)
    if limit is not None and after_usd is not None and after_usd <= limit:
        return None
    return _breach("max_position_notional", _usd(after_usd), _usd(limit), "Position too large")


def _notional_after(intent: OrderIntent, snapshot: Snapshot) -> Decimal | None:
    """Give the larger of entry notional and market value, plus what an increase adds."""
    quote = snapshot.quote(intent.market)
    if quote is None or snapshot.positions is None:
        return None
    position = snapshot.position(intent.market, is_long=intent.is_long)
    sign = 1 if intent.is_increase else -1
    with exact():
        held_usd = max(position.size_usd, position.notional_usd(quote.max_usd))
        return max(ZERO, held_usd + sign * intent.size_delta_usd)


def max_leverage(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Bound notional over collateral after the order; open losses eat collateral, gains do not."""
    limit, ratio = limits.max_leverage_ratio, _leverage_after(intent, snapshot)
    if limit is not None and ratio is not None and ratio <= limit:
        return None
    measured = UNKNOWN if ratio is None else f"{plain(ratio)}x"
    return _breach(
        "max_leverage",
        measured,
        UNKNOWN if limit is None else f"{plain(limit)}x",
        "Leverage too high",
    )


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


def free_collateral(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand that the cash at hand covers the collateral of the order."""
    if snapshot.cash_usd is not None and intent.collateral_delta_usd <= snapshot.cash_usd:
        return None
    return _breach(
        "free_collateral",
        _usd(intent.collateral_delta_usd),
        _usd(snapshot.cash_usd),
        "Not enough free cash for the collateral",
    )


def nav_known(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand a NAV that is known and above zero."""
    if snapshot.nav_usd is not None and snapshot.nav_usd > 0:
        return None
    return _breach("nav_known", _usd(snapshot.nav_usd), "above 0 USD", "NAV unusable")


def signal_freshness(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand a signal that is not older than the limit, still valid and not from the future."""
    as_of, until = intent.signal_as_of_at, intent.signal_valid_until_at
    if until is None:
        return _breach("signal_freshness", UNKNOWN, now.isoformat(), "Signal validity")
    if now > until:
        return _breach(
            "signal_freshness", now.isoformat(), f"until {until.isoformat()}", "Signal has expired"
        )
    return _too_old("signal_freshness", "Signal", as_of, limits.max_signal_age_seconds, now)


def price_freshness(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand a price that is not older than the limit and not from the future."""
    quote = snapshot.quote(intent.market)
    at = None if quote is None else quote.at
    return _too_old("price_freshness", "Price", at, limits.max_price_age_seconds, now)


def _too_old(
    rule: str, what: str, at: datetime | None, max_seconds: int | None, now: datetime
) -> Breach | None:
    limit = UNKNOWN if max_seconds is None else f"{max_seconds} s"
    if at is None:
        return _breach(rule, UNKNOWN, limit, f"{what} age")
    age = now - at
    if age < -MAX_SKEW:
        return _breach(rule, f"{age.total_seconds():g} s", limit, f"{what} is from the future")
    if max_seconds is not None and age <= timedelta(seconds=max_seconds):
        return None
    return _breach(rule, f"{age.total_seconds():g} s", limit, f"{what} age")


def acceptable_price(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand an acceptable price no further away than any order may ever accept."""
    quote, bound = snapshot.quote(intent.market), intent.acceptable_price_usd
    if quote is None or bound is None:
        return _breach(
            "acceptable_price", _usd(bound), UNKNOWN, "Price or acceptable price missing"
        )
    paying_up = pays_up(is_long=intent.is_long, is_increase=intent.is_increase)
    furthest = acceptable_price_usd(
        quote, is_long=intent.is_long, is_increase=intent.is_increase, bound_bps=MAX_BOUND_BPS
    )
    if (bound <= furthest) if paying_up else (bound >= furthest):
        return None
    return _breach("acceptable_price", _usd(bound), _usd(furthest), "Acceptable price too far away")


def within_position(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand that an exit finds a known position of at least its size."""
    if snapshot.positions is None:
        return _breach("within_position", _usd(intent.size_delta_usd), UNKNOWN, "Position unknown")
    held_usd = snapshot.position(intent.market, is_long=intent.is_long).size_usd
    if intent.size_delta_usd <= held_usd:
        return None
    return _breach(
        "within_position",
        _usd(intent.size_delta_usd),
        _usd(held_usd),
        "Exit larger than the position",
    )


def one_working_order(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand that no other order of the account is on its way."""
    if snapshot.working_orders == 0:
        return None
    count = UNKNOWN if snapshot.working_orders is None else str(snapshot.working_orders)
    return _breach("one_working_order", count, "0", "Orders already on their way")


HOUSE_RULES: tuple[GuardrailRule, ...] = (
    GuardrailRule("switch_state", frozenset(PermitKind), switch_state),
    GuardrailRule("one_working_order", ORDER_KINDS, one_working_order),
    GuardrailRule("acceptable_price", ORDER_KINDS - {PermitKind.SWAP}, acceptable_price),
    GuardrailRule("within_position", EXIT_KINDS, within_position),
    risk_rule("allowed_market", allowed_market, "allowed_markets"),
    risk_rule("max_order_notional", max_order_notional, "max_order_notional_usd"),
    risk_rule("max_position_notional", max_position_notional, "max_position_notional_usd"),
    risk_rule("max_leverage", max_leverage, "max_leverage_ratio"),
    risk_rule("free_collateral", free_collateral),
    risk_rule("nav_known", nav_known),
    risk_rule("signal_freshness", signal_freshness, "max_signal_age_seconds"),
    risk_rule("price_freshness", price_freshness, "max_price_age_seconds"),
)
