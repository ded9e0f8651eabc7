"""What a decrease paid out, computed from its events alone.

Source: gmx-synthetics `contracts/position/DecreasePositionCollateralUtils.sol`: gains are paid at the
greatest price and floored, costs are taken at the smallest and rounded up.
"""

from onchain.gmx.histories import OrderHistory, PositionHistory


def collateral_payout_raw(
    order: OrderHistory, position: PositionHistory, *, pnl_token: str
) -> int | None:
    """Compute what an executed decrease paid out in collateral tokens, to the unit.

    `pnl_token` is the market's long token for longs and its short token for shorts. None where the
    logs do not tell: a profit that was paid in the other token, or an insolvent close.
    """
    change = next((one for one in position.changes if one.order_key == order.key), None)
    if change is None or change.is_insolvent or change.size_usd_delta_raw > 0:
        return None
    price = change.costs.collateral_price
    gains = [max(change.base_pnl_usd_raw, 0), max(change.settled_impact_usd_raw, 0)]
    losses = [
        max(-change.base_pnl_usd_raw, 0),
        max(-change.settled_impact_usd_raw, 0),
        change.impact_held_back_usd_raw,
    ]
    brought = sum(gain // price.max for gain in gains)
    if any(gains) and pnl_token != position.collateral_token:
        inside = [leg for leg in order.swaps if leg.receiver == position.market]
        if not inside or inside[-1].token_out != position.collateral_token:
            return None
        brought = inside[-1].amount_out_raw
    lost = sum(-(-loss // price.min) for loss in losses)
    return brought - change.collateral_delta_raw - lost - change.costs.total_raw
