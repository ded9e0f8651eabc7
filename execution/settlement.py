"""Settlement: from what a venue says to fills, positions and cash.

Every booking is made under the account's row lock; how fills become positions is said in
`execution.folding`.
"""

from datetime import datetime
from decimal import Decimal

from atlas.audit import Actor, record
from atlas.domain import ledger
from atlas.domain.errors import ConflictingState
from atlas.domain.ledger import cash_delta_usd, realised_by
from atlas.domain.states import (
    ORDER_TRANSITIONS,
    PERMIT_TRANSITIONS,
    OrderState,
    PermitState,
)
from atlas.domain.units import ZERO, exact
from atlas.transitions import move
from execution.folding import fold_on
from execution.models import Fill, Order, PaperAccount, PaperCharge, Position
from execution.order_events import note_order
from execution.venues.base import Executed, Frozen, Outcome, Refused
from execution.vocabulary import Venue
from onchain import permits


def settle(
    order: Order, outcome: Outcome, *, simulated_time: bool, actor: Actor, now: datetime
) -> Fill | None:
    """Write what became of a submitted order, in the caller's transaction; gives its fill if any.

    A pending outcome changes nothing. Raises ConflictingState where somebody else has settled the
    order meanwhile.
    """
    if isinstance(outcome, Executed):
        return _execute(order, outcome, simulated_time=simulated_time, actor=actor, now=now)
    if isinstance(outcome, Frozen):
        _freeze(order, outcome, actor=actor, now=now)
    if isinstance(outcome, Refused):
        cancel(order, name=outcome.name, message=outcome.message, actor=actor, now=now)
        _charge(order, outcome, now=now)
    return None


def book_unordered(
    account: PaperAccount,
    executed: Executed,
    *,
    simulated_time: bool,
    actor: Actor,
    now: datetime,
) -> Fill | None:
    """Book what a venue executed without an order of ours, in the caller's transaction, once.

    None where it has been booked before, or where the position has changed since it was looked at
    and the venue must be asked anew. It is told to the audit log as what it is.
    """
    locked = PaperAccount.objects.select_for_update().get(pk=account.pk)
    known = Fill.objects.filter(venue=Venue.PAPER.value, execution_id=executed.execution_id)
    if known.exists() or _held_usd(locked.key, executed.fill) != executed.fill.size_delta_usd:
        return None
    fill = _fill_row(executed, simulated_time=simulated_time, now=now)
    fill.venue, fill.account = Venue.PAPER.value, locked.key
    fill.deployment_id = locked.deployment_id
    _book(fill, locked)
    record(
        action=f"account.{executed.fill.cause.value.lower()}",
        subject=locked,
        actor=actor,
        now=now,
        after={"fill": str(fill), "execution": executed.execution_id},
        reason="The venue did it without an order of ours.",
    )
    return fill


def _held_usd(account: str, fill: ledger.Fill) -> Decimal:
    """Read the size of the position that a fill changes, under the account's lock."""
    held: Decimal | None = (
        Position.objects.filter(account=account, market=fill.market, is_long=fill.is_long)
        .values_list("size_usd", flat=True)
        .first()
    )
    return ZERO if held is None else held


def _freeze(order: Order, frozen: Frozen, *, actor: Actor, now: datetime) -> None:
    """Note that the venue keeps an order without executing it; asking again changes nothing."""
    if order.state == OrderState.FROZEN:
        return
    before = OrderState(order.state)
    move(order, OrderState.FROZEN, ORDER_TRANSITIONS)
    note_order(order, before=before, name=frozen.name, message=frozen.message, at=now)
    record(
        action="order.freeze",
        subject=order,
        actor=actor,
        now=now,
        before={"state": before.value},
        after={"state": order.state, "name": frozen.name},
        reason=frozen.message,
    )


def _charge(order: Order, refused: Refused, *, now: datetime) -> None:
    """Take the keeper's fee of an order that the venue cancelled out of the cash."""
    if refused.lost_fee_usd <= 0:
        return
    account = PaperAccount.objects.select_for_update().get(deployment_id=order.deployment_id)
    PaperCharge.objects.create(
        account=account,
        order=order,
        amount_usd=refused.lost_fee_usd,
        at=refused.at or now,
        recorded_at=now,
    )
    with exact():
        account.cash_usd -= refused.lost_fee_usd
    account.save(update_fields=["cash_usd"])


def cancel(order: Order, *, name: str, message: str, actor: Actor, now: datetime) -> None:
    """End an order that was not executed, in the caller's transaction, and withdraw its permit."""
    before = OrderState(order.state)
    _withdraw_permit(order, now=now)
    move(
        order,
        OrderState.CANCELED,
        ORDER_TRANSITIONS,
        cancel_name=name,
        cancel_reason=message,
        final_at=now,
    )
    note_order(order, before=before, name=name, message=message, at=now)
    record(
        action="order.cancel",
        subject=order,
        actor=actor,
        now=now,
        before={"state": before.value},
        after={"state": order.state, "name": name},
        reason=message,
    )


def _withdraw_permit(order: Order, *, now: datetime) -> None:
    permit = order.permit
    if permit is None or permit.state != PermitState.ISSUED:
        return
    if now >= permit.expires_at:
        move(permit, PermitState.EXPIRED, PERMIT_TRANSITIONS, ended_at=now)
    else:
        permits.revoke(permit, now=now)


def _execute(
    order: Order, executed: Executed, *, simulated_time: bool, actor: Actor, now: datetime
) -> Fill:
    """Write the fill, fold it into position and cash, and end the order FILLED."""
    before = OrderState(order.state)
    account = PaperAccount.objects.select_for_update().get(deployment_id=order.deployment_id)
    held_usd = _held_usd(order.account, executed.fill)
    if held_usd != order.expected_pre_size_usd:
        raise ConflictingState(
            f"Order {order.pk} was executed on a position of {order.expected_pre_size_usd:.2f} USD, "
            f"which is {held_usd:.2f} USD by now: ask the venue again."
        )
    move(order, OrderState.FILLED, ORDER_TRANSITIONS, final_at=now)
    fill = _fill_row(executed, simulated_time=simulated_time, now=now)
    fill.order, fill.venue, fill.account = order, order.venue, order.account
    fill.deployment_id = order.deployment_id
    _book(fill, account)
    note_order(order, before=before, name="filled", at=now)
    record(
        action="order.fill",
        subject=order,
        actor=actor,
        now=now,
        before={"state": before.value},
        after={"state": order.state, "fill": str(fill), "execution": executed.execution_id},
    )
    return fill


def _book(fill: Fill, account: PaperAccount) -> None:
    """Write a fill and fold it into position and cash; call it under the account's lock."""
    fill.save(force_insert=True)
    fold_on(fill)
    with exact():
        account.cash_usd += fill.cash_delta_usd
    account.save(update_fields=["cash_usd"])


def _fill_row(executed: Executed, *, simulated_time: bool, now: datetime) -> Fill:
    """Write down an execution; whose it was is for the caller to say."""
    fill = executed.fill
    return Fill(
        execution_id=executed.execution_id,
        cause=fill.cause.value,
        terms=executed.terms,
        market=fill.market,
        is_long=fill.is_long,
        is_increase=fill.is_increase,
        size_delta_usd=fill.size_delta_usd,
        size_delta_tokens=fill.size_delta_tokens,
        price_usd=fill.price_usd,
        collateral_delta_usd=fill.collateral_delta_usd,
        funding_usd=fill.costs.funding_usd,
        borrowing_usd=fill.costs.borrowing_usd,
        position_fee_usd=fill.costs.position_fee_usd,
        execution_fee_usd=fill.costs.execution_fee_usd,
        slippage_usd=fill.slippage_usd,
        price_impact_usd=fill.price_impact_usd,
        uncovered_usd=fill.uncovered_usd,
        realised_usd=realised_by(fill),
        cash_delta_usd=cash_delta_usd(fill),
        simulated_time=simulated_time,
        filled_at=fill.filled_at,
        recorded_at=now,
    )
