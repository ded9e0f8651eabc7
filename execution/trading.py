"""Trading: from signals to orders, one at a time, each on a fresh look at the account.

Of a plan only the first order goes to the gate. When it has been settled the account is looked at
again and the rest is sized anew against the same absolute targets; a flip is a close, and an
opening once the close is there. The round of a cycle names the order that it may have, so a
resumed cycle finds its order and never makes a second one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from atlas.domain.digest import intent_digest
from atlas.domain.errors import NeedsHuman
from atlas.domain.intents import OrderIntent
from atlas.domain.signals import Signal
from atlas.domain.sizing import Sizing, plan, size
from atlas.domain.states import (
    SWITCH_ALLOWS,
    TRADE_TRANSITIONS,
    OrderState,
    PermitKind,
    TradeState,
)
from atlas.switches import EffectiveState, read_effective, shared_lock
from atlas.transitions import move
from execution import gate, settlement
from execution.desk import Desk, Moment
from execution.endings import HALTED
from execution.leases import database_now
from execution.looking import snapshot_of_round
from execution.models import Order, Trade
from execution.order_events import note_order
from execution.vocabulary import CycleOrigin, CycleStep

EXPIRED = "expired"
ROUNDS_PER_MARKET = 4  # close, open, and each of them once more after a permit that ran out


def trade(desk: Desk, signals: Sequence[Signal]) -> str:
    """Carry the signals out, order by order; gives the last sizing's reason in words.

    Raises NeedsHuman where the account does not come to rest.
    """
    last_round = ROUNDS_PER_MARKET * len(desk.mandate.markets)
    reason = ""
    while desk.cycle.round_number <= last_round:
        order = _order_of_round(desk) if desk.is_resumed else None
        if order is None:
            order, reason = _plan(desk, signals)
        if order is None:
            return reason
        _carry(desk, order)
        if order.final_at is None:
            return "The venue has not decided about the order yet."
    raise NeedsHuman(
        f"{desk.cycle} made {last_round} orders and the account is still not where the signal "
        "wants it: look at its orders before the next cycle."
    )


def _order_of_round(desk: Desk) -> Order | None:
    """Find the order that this round already has."""
    return (
        Order.objects.filter(cycle=desk.cycle, round_number=desk.cycle.round_number)
        .select_related("permit", "trade", "deployment")
        .first()
    )


def _plan(desk: Desk, signals: Sequence[Signal]) -> tuple[Order | None, str]:
    """Size the signals against the account and write the first order of the plan, if any."""
    snapshot = snapshot_of_round(desk)
    refused = _refused_markets(desk)
    sizings = {
        signal.market: size(signal, snapshot, desk.mandate.terms, exit_kind=_exit_kind(desk))
        for signal in signals
        if signal.market not in refused
    }
    intents = plan(sizings.values())
    reason = " ".join(sizing.reason for sizing in sizings.values())
    if not intents:
        return None, reason
    intent = intents[0]
    with desk.step(CycleStep.PLAN) as moment:
        row = _trade_for(desk, sizings[intent.market], moment.now)
        order = _order_for(desk, row, intent, moment.now)
    return order, reason


def _exit_kind(desk: Desk) -> PermitKind:
    """Name the kind of order by which this cycle takes risk off."""
    return PermitKind.STOP if desk.cycle.origin == CycleOrigin.STOP else PermitKind.REDUCE


def _refused_markets(desk: Desk) -> frozenset[str]:
    """List the markets in which this cycle has had its no; nothing is tried twice on it."""
    if desk.cycle.round_number == 1:
        return frozenset()
    ended = Order.objects.filter(
        cycle=desk.cycle, state__in=[OrderState.DENIED, OrderState.CANCELED]
    ).exclude(cancel_name=EXPIRED)
    return frozenset(ended.values_list("market", flat=True))


def _trade_for(desk: Desk, sizing: Sizing, now: datetime) -> Trade:
    """Find or make the trade that an order of this market belongs to."""
    row, _ = Trade.objects.get_or_create(
        cycle=desk.cycle,
        market=sizing.market,
        defaults={
            "deployment": desk.deployment,
            "signal": desk.memory.signals[sizing.market],
            "target_notional_usd": sizing.target_notional_usd,
            "basis_notional_usd": sizing.current_notional_usd,
            "reason": sizing.reason,
            "fencing_token": desk.cycle.fencing_token,
            "created_at": now,
        },
    )
    return row


def _order_for(desk: Desk, row: Trade, intent: OrderIntent, now: datetime) -> Order:
    """Write one planned order."""
    order = Order.objects.create(
        trade=row,
        cycle=desk.cycle,
        deployment=desk.deployment,
        round_number=desk.cycle.round_number,
        venue=desk.venue.name.value,
        **intent_columns(intent),
        fencing_token=desk.cycle.fencing_token,
        created_at=now,
    )
    note_order(order, before=None, name="planned", at=now)
    return order


def intent_columns(intent: OrderIntent) -> dict[str, Any]:
    """Give the columns of an order that say what is intended, with the digest over them."""
    return {
        "account": intent.account,
        "kind": intent.kind.value,
        "market": intent.market,
        "is_long": intent.is_long,
        "size_delta_usd": intent.size_delta_usd,
        "collateral_delta_usd": intent.collateral_delta_usd,
        "expected_pre_size_usd": intent.expected_pre_size_usd,
        "acceptable_price_usd": intent.acceptable_price_usd,
        "signal_as_of_at": intent.signal_as_of_at,
        "signal_valid_until_at": intent.signal_valid_until_at,
        "authority": intent.authority.value,
        "intent_digest": intent_digest(intent),
    }


def _carry(desk: Desk, order: Order) -> None:
    """Bring an order from wherever it stands as far as it goes: gate, venue, settlement.

    The gate commits its word by itself. The step that ends the order begins the next round, in one
    transaction: the order after it is decided on a fresh look.
    """
    if order.state == OrderState.PLANNED:
        gate.authorise(
            order,
            snapshot=snapshot_of_round(desk),
            feed_at=desk.clock.now(),
            fencing_token=desk.cycle.fencing_token,
            actor=desk.actor,
        )
    if order.state == OrderState.DENIED:
        with desk.step(CycleStep.GATE) as moment:
            _begin_next_round(desk, order, moment)
    if order.state == OrderState.AUTHORISED:
        _submit(desk, order)
    if order.state == OrderState.SUBMITTED:
        outcome = desk.venue.outcome(order)
        with desk.step(CycleStep.SETTLE) as moment:
            settlement.settle(
                order,
                outcome,
                simulated_time=desk.clock.simulated,
                actor=desk.actor,
                now=moment.now,
            )
            _begin_next_round(desk, order, moment)


def _submit(desk: Desk, order: Order) -> None:
    """Hand an order to its venue while its permit lives and the switch is open to it.

    Sending is under the shared lock like the gate, and reads the switch again: a halt that was
    committed since the permit was given is obeyed (SAFETY 1.4), and none can come in between.
    """
    needs_watching = desk.cycle.origin != CycleOrigin.PLAYBACK
    with shared_lock():
        scopes = gate.scopes_of(desk.deployment, order.market)
        switch = read_effective(scopes, needs_watching=needs_watching)
        with desk.step(CycleStep.SUBMIT) as moment:
            now = database_now()
            end = _why_not(order, switch, now)
            if end is not None:
                name, message = end
                settlement.cancel(order, name=name, message=message, actor=desk.actor, now=now)
                _begin_next_round(desk, order, moment)
                return
            if order.trade.state == TradeState.PLANNED:
                move(order.trade, TradeState.WORKING, TRADE_TRANSITIONS)
            desk.venue.submit(order, now=now)


def _why_not(order: Order, switch: EffectiveState, now: datetime) -> tuple[str, str] | None:
    """Say by name and in words why an order may not leave any more; None where it may."""
    if PermitKind(order.kind) not in SWITCH_ALLOWS[switch.state]:
        scope = " ".join(switch.scope).strip()
        return HALTED, f"{scope} became {switch.state} before the order could be handed over."
    if order.permit is not None and now >= order.permit.expires_at:
        return EXPIRED, "The permit ran out before the order could be handed over."
    return None


def _begin_next_round(desk: Desk, order: Order, moment: Moment) -> None:
    """Begin the next round with this step, if the order has come to its end."""
    if order.final_at is not None:
        moment.changes["round_number"] = desk.cycle.round_number + 1
