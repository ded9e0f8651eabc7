"""From decoded events to the history of an account: a pure fold, law by law.

Every change is checked against what came before it: sizes, tokens and collateral after a change must
be those before it plus the change. A log that is missing, doubled or foreign therefore stops the
fold instead of bending the figures. Source: gmx-synthetics `contracts/order`, `contracts/position`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from atlas.domain.errors import UnusableData
from onchain.gmx.events import GmxEvent
from onchain.gmx.histories import (
    AccountHistory,
    ChangeKind,
    Costs,
    EmittedEvent,
    OrderHistory,
    OrderStep,
    Place,
    PositionHistory,
    Standing,
    SwapLeg,
)
from onchain.gmx.lifecycle_reading import order_request, read_change, read_costs, updated_request
from onchain.reasons import explain_cancel

ADL = 1


class BrokenHistory(UnusableData):
    """The logs contradict each other or what was known: read them again from an earlier block."""

    code = "broken_history"


@dataclass(slots=True)
class _Folding:
    """The history under construction; `settled` is the order whose fee events come next."""

    account: str
    orders: dict[bytes, OrderHistory]
    positions: dict[bytes, PositionHistory]
    claimable_funding: dict[tuple[str, str], int]
    claimed_funding: dict[tuple[str, str], int]
    claimable_collateral: dict[tuple[str, str, int], int]
    claimed_collateral: dict[tuple[str, str, int], int]
    last: Place | None
    costs: dict[bytes, Costs] = field(default_factory=dict)
    insolvent: set[bytes] = field(default_factory=set)
    settled: tuple[str, bytes] | None = None


def fold(start: AccountHistory, events: Iterable[EmittedEvent]) -> AccountHistory:
    """Continue an account's history with the events that follow it, in the order of the chain.

    Begin with `AccountHistory(account)`, or with positions read from the Reader as their `before`.
    All logs of the EventEmitter may be passed; those of other accounts are stepped over, but a whole
    transaction must be passed at once. Raises BrokenHistory where an event does not fit.
    """
    folding = _opened(start)
    for emitted in events:
        if folding.last is not None and emitted.place.order <= folding.last.order:
            raise BrokenHistory(
                f"log {emitted.place.order} does not come after {folding.last.order}"
            )
        folding.last = emitted.place
        step = _STEPS.get(emitted.event.name)
        if step is not None:
            step(folding, emitted.place, emitted.event)
    if folding.costs:
        raise BrokenHistory("fees were collected for a change of a position that is not there")
    return _closed(folding)


def _opened(start: AccountHistory) -> _Folding:
    """Copy a history so that it can grow."""
    return _Folding(
        account=start.account,
        orders=dict(start.orders),
        positions=dict(start.positions),
        claimable_funding=dict(start.claimable_funding_raw),
        claimed_funding=dict(start.claimed_funding_raw),
        claimable_collateral=dict(start.claimable_collateral_raw),
        claimed_collateral=dict(start.claimed_collateral_raw),
        last=start.last,
    )


def _closed(folding: _Folding) -> AccountHistory:
    """Freeze what was folded."""
    return AccountHistory(
        account=folding.account,
        orders=folding.orders,
        positions=folding.positions,
        claimable_funding_raw=folding.claimable_funding,
        claimed_funding_raw=folding.claimed_funding,
        claimable_collateral_raw=folding.claimable_collateral,
        claimed_collateral_raw=folding.claimed_collateral,
        last=folding.last,
    )


def _order_created(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Begin an order; a key exists once."""
    if event.item("account") != folding.account:
        return
    key = event.item("key")
    if key in folding.orders:
        raise BrokenHistory(f"the order 0x{key.hex()} is created twice")
    folding.orders[key] = OrderHistory(
        key, Standing.WAITING, (OrderStep(place, event.name),), order_request(event)
    )


def _order_step(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Move an order on; nothing follows an end."""
    key = event.item("key")
    folding.settled = None
    if event.item("account") != folding.account:
        return
    order = folding.orders.get(key, OrderHistory(key, Standing.WAITING, ()))
    if order.standing.is_end:
        raise BrokenHistory(f"{event.name} follows the end of the order 0x{key.hex()}")
    reason = None
    if event.name in ("OrderCancelled", "OrderFrozen"):
        reason = explain_cancel(event.item("reason"), event.item("reasonBytes"))
    moved = replace(
        order,
        standing=_STANDINGS[event.name],
        steps=(*order.steps, OrderStep(place, event.name, reason)),
    )
    if event.name == "OrderUpdated" and order.request is not None:
        moved = replace(moved, request=updated_request(order.request, event))
    if event.name == "OrderExecuted" and event.item("secondaryOrderType") == ADL:
        moved = replace(moved, is_deleveraging=True)
        _mark_deleveraging(folding, key)
    folding.orders[key] = moved
    if event.name != "OrderUpdated":
        folding.settled = (place.tx_hash, key)


def _mark_deleveraging(folding: _Folding, order_key: bytes) -> None:
    """Rename the change that a deleveraging made; only the order's last event tells."""
    for key, position in folding.positions.items():
        if position.changes and position.changes[-1].order_key == order_key:
            renamed = replace(position.changes[-1], kind=ChangeKind.DELEVERAGING)
            folding.positions[key] = replace(position, changes=(*position.changes[:-1], renamed))


def _order_adjusted(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Note that GMX changed what an order asks for: its size or its collateral."""
    order = folding.orders.get(event.item("key"))
    if order is None or order.request is None:
        return
    if event.name == "OrderSizeDeltaAutoUpdated":
        request = replace(order.request, size_delta_usd_raw=event.item("nextSizeDeltaUsd"))
    else:
        amount = event.item("nextCollateralDeltaAmount")
        request = replace(order.request, initial_collateral_delta_raw=amount)
    step = OrderStep(place, event.name)
    folding.orders[order.key] = replace(order, request=request, steps=(*order.steps, step))


def _execution_fee(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Book the keeper's fee or its refund on the order that was settled just before.

    These events name no order; they follow the order's own event in the same transaction.
    """
    if folding.settled is None or folding.settled[0] != place.tx_hash:
        return
    order = folding.orders[folding.settled[1]]
    if event.name == "KeeperExecutionFee":
        paid = order.keeper_fee_raw + event.item("executionFeeAmount")
        folding.orders[order.key] = replace(order, keeper_fee_raw=paid)
        return
    back = order.refunded_fee_raw + event.item("refundFeeAmount")
    folding.orders[order.key] = replace(order, refunded_fee_raw=back)


def _swapped(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Note a swap that was made for one of the account's orders."""
    order = folding.orders.get(event.item("orderKey"))
    if order is None:
        return
    leg = SwapLeg(
        market=event.item("market"),
        receiver=event.item("receiver"),
        token_in=event.item("tokenIn"),
        token_out=event.item("tokenOut"),
        amount_in_raw=event.item("amountIn"),
        amount_out_raw=event.item("amountOut"),
        impact_usd_raw=event.item("priceImpactUsd"),
    )
    folding.orders[order.key] = replace(order, swaps=(*order.swaps, leg))


def _fees_collected(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Keep the fees until the change that they belong to, which follows.

    They are kept by order, not by trader: an insolvent close names nobody.
    """
    folding.costs[event.item("orderKey")] = read_costs(event)


def _insolvent(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Note that an order's position could not pay what it owed."""
    folding.insolvent.add(event.item("orderKey"))


def _position_changed(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Change a position and hold GMX's own figures after it against ours."""
    order_key, key = event.item("orderKey"), event.item("positionKey")
    costs = folding.costs.pop(order_key, None)
    if event.item("account") != folding.account:
        return
    if costs is None:
        raise BrokenHistory(f"no fees precede the {event.name} of the order 0x{order_key.hex()}")
    position = folding.positions.get(key) or PositionHistory(
        key,
        folding.account,
        event.item("market"),
        event.item("collateralToken"),
        event.item("isLong"),
        (),
    )
    change = read_change(
        place, event, costs, before=position.now, is_insolvent=order_key in folding.insolvent
    )
    expected = (
        position.now.size_usd_raw + change.size_usd_delta_raw,
        position.now.size_tokens_raw + change.size_tokens_delta_raw,
        position.now.collateral_raw + change.collateral_delta_raw,
    )
    found = (change.after.size_usd_raw, change.after.size_tokens_raw, change.after.collateral_raw)
    if expected != found:
        raise BrokenHistory(
            f"{event.name} at block {place.block}, log {place.log_index}: the position is {found}"
            f" (USD, tokens, collateral) but the history gives {expected}"
        )
    folding.positions[key] = replace(position, changes=(*position.changes, change))


def _funding_claims(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Keep what funding can be claimed, and what was."""
    if event.item("account") != folding.account:
        return
    key = (event.item("market"), event.item("token"))
    if event.name == "ClaimableFundingUpdated":
        folding.claimable_funding[key] = event.item("nextValue")
        return
    folding.claimable_funding[key] = 0
    claimed = folding.claimed_funding.get(key, 0)
    folding.claimed_funding[key] = claimed + event.item("amount")


def _collateral_claims(folding: _Folding, place: Place, event: GmxEvent) -> None:
    """Keep what held-back impact can be claimed, by hour, and what was."""
    if event.item("account") != folding.account:
        return
    key = (event.item("market"), event.item("token"), event.item("timeKey"))
    if event.name == "ClaimableCollateralUpdated":
        folding.claimable_collateral[key] = event.item("nextValue")
        return
    claimed = folding.claimed_collateral.get(key, 0)
    folding.claimed_collateral[key] = claimed + event.item("amount")


_STANDINGS = {
    "OrderExecuted": Standing.EXECUTED,
    "OrderCancelled": Standing.CANCELLED,
    "OrderFrozen": Standing.FROZEN,
    "OrderUpdated": Standing.WAITING,
}
_STEPS: dict[str, Callable[[_Folding, Place, GmxEvent], None]] = {
    "OrderCreated": _order_created,
    **dict.fromkeys(_STANDINGS, _order_step),
    "OrderSizeDeltaAutoUpdated": _order_adjusted,
    "OrderCollateralDeltaAmountAutoUpdated": _order_adjusted,
    "KeeperExecutionFee": _execution_fee,
    "ExecutionFeeRefund": _execution_fee,
    "SwapInfo": _swapped,
    "PositionFeesCollected": _fees_collected,
    "InsolventClose": _insolvent,
    "PositionIncrease": _position_changed,
    "PositionDecrease": _position_changed,
    "ClaimableFundingUpdated": _funding_claims,
    "FundingFeesClaimed": _funding_claims,
    "ClaimableCollateralUpdated": _collateral_claims,
    "CollateralClaimed": _collateral_claims,
}
