"""Rules that also bind exits: the switch, one order at a time, the price bound, the position.

These few are all that an exit depends on (SAFETY 3.1), so none of them reads a limit that somebody
could set too tight.
"""

from datetime import datetime, timedelta

from atlas.domain.guardrails import GuardrailRule
from atlas.domain.intents import EXIT_KINDS, ORDER_KINDS, Authority, OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.measures import UNKNOWN, Breach, breach_of
from atlas.domain.quotes import MAX_BOUND_BPS, acceptable_price_usd, pays_up
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import SWITCH_ALLOWS, PermitKind, SwitchState
from atlas.domain.units import plain

# SAFETY 3.1: an exit that was refused is tried again after these pauses, and never given up.
EXIT_PAUSES_SECONDS = (5, 15, 45, 120)
CHAIN_PAUSE_SECONDS = 30
# What adds risk waits this long once the same refusal has come twice.
RISK_PAUSES_SECONDS = (60, 300, 900, 3_600)
TWICE = 2
PAUSED_KINDS = ORDER_KINDS | {PermitKind.CANCEL, PermitKind.CLAIM}


def switch_state(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Allow only the kinds that the effective switch state lets out; an unknown one is HALTED."""
    state = snapshot.switch_state or SwitchState.HALTED
    broke_glass = intent.kind is PermitKind.FLATTEN and intent.authority is Authority.BREAK_GLASS
    if intent.kind is PermitKind.SETUP and intent.authority is not Authority.TWO_PERSONS:
        return breach_of("switch_state", "one person", "two persons", "A set-up needs approval")
    if intent.kind in SWITCH_ALLOWS[state] or broke_glass:
        return None
    states = [s.value for s in SwitchState if intent.kind in SWITCH_ALLOWS[s]]
    shown = state.value if snapshot.switch_state else f"{state.value} (no switch row)"
    return breach_of(
        "switch_state", shown, " or ".join(states), f"Trading is closed to {intent.kind}"
    )


def one_working_order(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand that no other order of the account is on its way."""
    if snapshot.working_orders == 0:
        return None
    count = UNKNOWN if snapshot.working_orders is None else str(snapshot.working_orders)
    return breach_of("one_working_order", count, "0", "Orders already on their way")


def acceptable_price(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand an acceptable price no further away than any order may ever accept."""
    quote, bound = snapshot.quote(intent.market), intent.acceptable_price_usd
    if quote is None or bound is None:
        shown = UNKNOWN if bound is None else f"{plain(bound)} USD"
        return breach_of("acceptable_price", shown, UNKNOWN, "Price or acceptable price missing")
    paying_up = pays_up(is_long=intent.is_long, is_increase=intent.is_increase)
    furthest = acceptable_price_usd(
        quote, is_long=intent.is_long, is_increase=intent.is_increase, bound_bps=MAX_BOUND_BPS
    )
    if (bound <= furthest) if paying_up else (bound >= furthest):
        return None
    measured, allowed = f"{plain(bound)} USD", f"{plain(furthest)} USD"
    return breach_of("acceptable_price", measured, allowed, "Acceptable price too far away")


def within_position(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand that an exit finds a known position of at least its size."""
    size = f"{plain(intent.size_delta_usd)} USD"
    if snapshot.positions is None:
        return breach_of("within_position", size, UNKNOWN, "Position unknown")
    held_usd = snapshot.position(intent.market, is_long=intent.is_long).size_usd
    if intent.size_delta_usd <= held_usd:
        return None
    held = f"{plain(held_usd)} USD"
    return breach_of("within_position", size, held, "Exit larger than the position")


def retry_pause(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand a pause after the same refusal came twice; longer each time, for exits never long.

    An unknown past stops only what adds risk.
    """
    retries = snapshot.records.retries
    if retries is None:
        if not intent.is_increase:
            return None
        return breach_of("retry_pause", UNKNOWN, "a known past", "Earlier refusals")
    pause = _pause(intent.kind, retries.same_refusals)
    if pause is None or retries.refused_at is None:
        return None
    waited = now - retries.refused_at
    if waited >= pause:
        return None
    return breach_of(
        "retry_pause",
        f"{waited.total_seconds():g} s",
        f"{pause.total_seconds():g} s or more",
        f"Waited since {retries.same_refusals} times {retries.refusal or 'the same refusal'}",
    )


def _pause(kind: PermitKind, refusals: int) -> timedelta | None:
    """Give how long to wait after so many equal refusals; None is not at all."""
    if kind in {PermitKind.CANCEL, PermitKind.CLAIM}:
        return timedelta(seconds=CHAIN_PAUSE_SECONDS) if refusals else None
    if refusals < TWICE:
        return None
    pauses = EXIT_PAUSES_SECONDS if kind in EXIT_KINDS else RISK_PAUSES_SECONDS
    return timedelta(seconds=pauses[min(refusals - TWICE, len(pauses) - 1)])


DOOR_RULES: tuple[GuardrailRule, ...] = (
    GuardrailRule("switch_state", frozenset(PermitKind), switch_state),
    GuardrailRule("one_working_order", ORDER_KINDS, one_working_order),
    GuardrailRule("acceptable_price", ORDER_KINDS - {PermitKind.SWAP}, acceptable_price),
    GuardrailRule("within_position", EXIT_KINDS, within_position),
    GuardrailRule("retry_pause", PAUSED_KINDS, retry_pause),
)
