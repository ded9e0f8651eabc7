"""Endings: how a cycle ended, why, and what of it is put away."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.errors import AtlasError, Bug, Denied, InvalidInput, UnusableData
from atlas.domain.guardrails import Outcome
from atlas.domain.states import TRADE_TRANSITIONS, CycleState, OrderState, TradeState
from atlas.transitions import move
from execution import leases, settlement
from execution.models import CycleRun, Order, Trade
from execution.vocabulary import CycleStep, Reason

SUPERSEDED = "superseded"
HALTED = "halted"  # the switch closed between the permit and the venue
# An order is committed together with the step PLAN, so before it there is none.
BEFORE_ORDERS = frozenset({CycleStep.CLAIMED, CycleStep.SNAPSHOT, CycleStep.SIGNAL})


@dataclass(frozen=True, slots=True)
class Ending:
    """A cycle's last state, its reason as a word and as a sentence, and the values in it."""

    state: CycleState
    reason: str
    message: str
    detail: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: Exception) -> "Ending":
        """Read the ending off an error: refusals skip, expected failures fail, the rest is a bug.

        The text of an error that is not ours is left out of the row: it may hold anything.
        """
        if isinstance(error, AtlasError) and not isinstance(error, Bug):
            state = CycleState.FAILED
            if isinstance(error, UnusableData | Denied | InvalidInput):
                state = CycleState.SKIPPED
            return cls(state, error.code[:40], error.message, error.detail)
        said = error.message if isinstance(error, Bug) else type(error).__name__
        return cls(CycleState.ERRORED, Reason.BUG.value, f"This is a bug of Atlas: {said}.")


def ending_by_orders(cycle: CycleRun, said: str) -> Ending:
    """Read the ending off the orders that a cycle made; `said` is why there are no more."""
    orders = list(Order.objects.filter(cycle=cycle).order_by("round_number"))
    filled = [order for order in orders if order.state == OrderState.FILLED]
    refused = [order for order in orders if order.state in {OrderState.DENIED, OrderState.CANCELED}]
    if any(order.final_at is None for order in orders):
        return Ending(CycleState.COMPLETED, Reason.PENDING.value, said)
    if filled:
        return Ending(
            CycleState.COMPLETED,
            Reason.TRADED.value,
            f"{len(filled)} order(s) filled, {len(refused)} refused. {said}".strip(),
        )
    if not refused:
        return Ending(CycleState.SKIPPED, Reason.NOTHING_TO_DO.value, said)
    return _refusal(refused[-1])


def _refusal(order: Order) -> Ending:
    """Word the ending of a cycle whose every order was refused, by its last one."""
    if order.state == OrderState.CANCELED and order.cancel_name == HALTED:
        return Ending(CycleState.SKIPPED, Reason.HALTED.value, order.cancel_reason)
    if order.state == OrderState.CANCELED:
        return Ending(CycleState.FAILED, Reason.VENUE_REFUSED.value, order.cancel_reason)
    decision = order.decision
    halted = any(
        verdict["rule"] == "switch_state" and verdict["outcome"] == Outcome.BREACHED.value
        for verdict in decision.verdicts
    )
    reason = Reason.HALTED if halted else Reason.DENIED
    return Ending(CycleState.SKIPPED, reason.value, decision.reason)


def conclude(cycle: CycleRun, ending: Ending, *, actor: Actor, now: datetime) -> None:
    """Put away what is still open, end the cycle and say so; raises LeaseLost if overtaken."""
    with transaction.atomic():
        if cycle.round_number > 1 or cycle.step not in BEFORE_ORDERS:
            _put_orders_away(cycle, actor=actor, now=now)
            end_trades(cycle, now=now)
        leases.end(
            cycle,
            ending.state,
            now=now,
            reason=ending.reason,
            message=ending.message,
            detail=ending.detail,
        )
        record(
            action="cycle.end",
            subject=cycle,
            actor=actor,
            now=now,
            after={"state": ending.state.value, "reason": ending.reason},
            reason=ending.message,
        )


def _put_orders_away(cycle: CycleRun, *, actor: Actor, now: datetime) -> None:
    """Cancel orders that never reached their venue; what is at the venue stays to be settled."""
    waiting = Order.objects.filter(
        cycle=cycle, state__in=[OrderState.PLANNED, OrderState.AUTHORISED]
    ).select_related("permit")
    for order in waiting:
        settlement.cancel(
            order,
            name=SUPERSEDED,
            message="The cycle ended before the order went out.",
            actor=actor,
            now=now,
        )


def end_trades(cycle: CycleRun, *, now: datetime) -> None:
    """Bring the cycle's trades to the end that their orders say."""
    for trade in Trade.objects.filter(cycle=cycle).prefetch_related("orders"):
        new = _trade_end(trade)
        if new is not None and trade.state != new:
            move(trade, new, TRADE_TRANSITIONS, ended_at=now)


def _trade_end(trade: Trade) -> TradeState | None:
    """Say how a trade ended; None while one of its orders is still at the venue."""
    if trade.ended_at is not None:
        return None
    orders = list(trade.orders.all())
    if any(order.final_at is None for order in orders):
        return None
    filled = [order for order in orders if order.state == OrderState.FILLED]
    if not filled:
        return TradeState.ABANDONED
    last = max(orders, key=lambda order: order.round_number)
    return TradeState.DONE if last.state == OrderState.FILLED else TradeState.PARTIAL
