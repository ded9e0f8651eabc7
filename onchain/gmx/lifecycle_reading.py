"""Reading the items of GMX's order and position events into the rows of a history."""

from dataclasses import replace

from onchain.abi import UndecodableBytes
from onchain.gmx.codec import OrderType
from onchain.gmx.events import GmxEvent
from onchain.gmx.histories import (
    ChangeKind,
    Costs,
    OrderRequest,
    Place,
    PositionChange,
    PositionState,
)
from onchain.gmx.units import PriceRange


def order_request(event: GmxEvent) -> OrderRequest:
    """Read what an OrderCreated asks for."""
    return OrderRequest(
        order_type=_order_type(event),
        market=event.item("market"),
        initial_collateral_token=event.item("initialCollateralToken"),
        receiver=event.item("receiver"),
        swap_path=event.lists.get("swapPath", ()),
        is_long=event.item("isLong"),
        size_delta_usd_raw=event.item("sizeDeltaUsd"),
        initial_collateral_delta_raw=event.item("initialCollateralDeltaAmount"),
        trigger_price_raw=event.item("triggerPrice"),
        acceptable_price_raw=event.item("acceptablePrice"),
        execution_fee_raw=event.item("executionFee"),
        min_output_raw=event.item("minOutputAmount"),
        updated_at_time=event.item("updatedAtTime"),
        valid_from_time=event.item("validFromTime"),
        auto_cancel=event.item("autoCancel"),
        data_list=event.lists.get("dataList", ()),
    )


def updated_request(request: OrderRequest, event: GmxEvent) -> OrderRequest:
    """Apply an OrderUpdated to what an order asked for."""
    return replace(
        request,
        size_delta_usd_raw=event.item("sizeDeltaUsd"),
        acceptable_price_raw=event.item("acceptablePrice"),
        trigger_price_raw=event.item("triggerPrice"),
        min_output_raw=event.item("minOutputAmount"),
        updated_at_time=event.item("updatedAtTime"),
        valid_from_time=event.item("validFromTime"),
        auto_cancel=event.item("autoCancel"),
    )


def read_costs(event: GmxEvent) -> Costs:
    """Read the fees of a PositionFeesCollected; a liquidation's fee is there on liquidations only."""
    return Costs(
        position_fee_raw=event.item("positionFeeAmount"),
        borrowing_fee_raw=event.item("borrowingFeeAmount"),
        funding_fee_raw=event.item("fundingFeeAmount"),
        ui_fee_raw=event.item("uiFeeAmount"),
        liquidation_fee_raw=event.items.get("liquidationFeeAmount", 0),
        total_raw=event.item("totalCostAmount"),
        claimable_long_raw=event.item("claimableLongTokenAmount"),
        claimable_short_raw=event.item("claimableShortTokenAmount"),
        collateral_price=_prices(event, "collateralTokenPrice"),
    )


def read_change(
    place: Place, event: GmxEvent, costs: Costs, *, before: PositionState, is_insolvent: bool
) -> PositionChange:
    """Read a PositionIncrease or PositionDecrease that meets a position in this state.

    An event tells the impact that an increase adds, but not how many tokens of it a decrease settles:
    that is the pending amount in proportion to the size, a negative one rounded away from zero.
    """
    is_increase = event.name == "PositionIncrease"
    sign = 1 if is_increase else -1
    size_delta = event.item("sizeDeltaUsd")
    impact = (
        event.item("pendingPriceImpactAmount")
        if is_increase
        else -proportional_impact_raw(before.pending_impact_raw, size_delta, before.size_usd_raw)
    )
    order_type = _order_type(event)
    return PositionChange(
        place=place,
        kind=_kind(order_type, is_increase=is_increase),
        order_key=event.item("orderKey"),
        order_type=order_type,
        execution_price_raw=event.item("executionPrice"),
        index_price=_prices(event, "indexTokenPrice"),
        size_usd_delta_raw=sign * size_delta,
        size_tokens_delta_raw=sign * event.item("sizeDeltaInTokens"),
        collateral_delta_raw=sign * event.item("collateralDeltaAmount"),
        pending_impact_delta_raw=impact,
        base_pnl_usd_raw=0 if is_increase else event.item("basePnlUsd"),
        impact_usd_raw=event.item("pendingPriceImpactUsd" if is_increase else "priceImpactUsd"),
        settled_impact_usd_raw=0 if is_increase else event.item("totalImpactUsd"),
        impact_held_back_usd_raw=0 if is_increase else event.item("values.priceImpactDiffUsd"),
        is_insolvent=is_insolvent,
        costs=costs,
        after=PositionState(
            size_usd_raw=event.item("sizeInUsd"),
            size_tokens_raw=event.item("sizeInTokens"),
            collateral_raw=event.item("collateralAmount"),
            pending_impact_raw=before.pending_impact_raw + impact,
        ),
    )


def proportional_impact_raw(pending_raw: int, size_delta_raw: int, size_raw: int) -> int:
    """Compute the part of a position's pending impact that a decrease settles, in index tokens."""
    if size_raw == 0:
        return 0
    product = abs(pending_raw) * size_delta_raw
    return -product // size_raw if pending_raw < 0 else product // size_raw


def _kind(order_type: OrderType, *, is_increase: bool) -> ChangeKind:
    """Tell a liquidation from a decrease that was asked for."""
    if is_increase:
        return ChangeKind.INCREASE
    if order_type is OrderType.LIQUIDATION:
        return ChangeKind.LIQUIDATION
    return ChangeKind.DECREASE


def _order_type(event: GmxEvent) -> OrderType:
    """Read an order type; a number that GMX does not have is refused."""
    number = event.item("orderType")
    if number not in OrderType.__members__.values():
        raise UndecodableBytes(f"{event.name}: {number} is no order type")
    return OrderType(number)


def _prices(event: GmxEvent, name: str) -> PriceRange:
    """Read a pair of contract prices."""
    return PriceRange(event.item(f"{name}.min"), event.item(f"{name}.max"))
