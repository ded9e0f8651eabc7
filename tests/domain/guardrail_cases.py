"""The cases of every guardrail: at its boundary, beyond it, and with something unknown."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from atlas.domain.guardrail_rules.counts import COUNTERS
from atlas.domain.quotes import SecondPrice
from atlas.domain.records import Expected, Retries
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import SwitchState
from atlas.domain.units import BPS, exact
from tests.domain.guardrail_world import (
    INCREASE,
    LIMITS,
    NOW,
    REDUCE,
    SNAPSHOT,
    priced,
    recorded,
    used,
    used_by_house,
)


def limited(**values: Any) -> dict[str, Any]:
    """Judge under other limits."""
    return {"limits": replace(LIMITS, **values)}


def deviating(bps: int | None) -> Snapshot:
    """Give the world in which a second source lies so far off."""
    quote = SNAPSHOT.quotes["ETH/USD"]
    if bps is not None:
        with exact():
            factor = 1 + Decimal(bps) / BPS
            second = SecondPrice(quote.min_usd * factor, quote.max_usd * factor, NOW, "other")
        quote = replace(quote, second=second)
    return replace(SNAPSHOT, quotes={"ETH/USD": quote})


def expecting(slippage_bps: int = 5, impact_bps: int = 5) -> Snapshot:
    return recorded(expected=Expected(slippage_bps, impact_bps, Decimal(1)))


# One line per boundary: rule, the last case that passes, the first that does not.
BOUNDARIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "allowed_market": (
        {"limits": LIMITS},
        limited(allowed_markets=frozenset({"BTC/USD"})),
    ),
    "allowed_side": (
        limited(allowed_sides=frozenset({"LONG"})),
        limited(allowed_sides=frozenset({"SHORT"})),
    ),
    "max_order_notional": (
        limited(max_order_notional_usd=Decimal(1000)),
        limited(max_order_notional_usd=Decimal("999.99")),
    ),
    "min_order": (
        limited(min_order_usd=Decimal(1000)),
        limited(min_order_usd=Decimal("1000.01")),
    ),
    "max_position_notional": (
        limited(max_position_notional_usd=Decimal(3000)),
        limited(max_position_notional_usd=Decimal("2999.99")),
    ),
    "gross_exposure": (
        limited(max_gross_exposure_usd=Decimal(3000)),
        limited(max_gross_exposure_usd=Decimal("2999.99")),
    ),
    "net_exposure": (
        limited(max_net_exposure_usd=Decimal(3000)),
        limited(max_net_exposure_usd=Decimal("2999.99")),
    ),
    "max_leverage": (
        # 3,000 over 1,000 + 500 less the open loss of 10 at the lower price
        limited(max_leverage_ratio=Decimal("2.01342282")),
        limited(max_leverage_ratio=Decimal("2.01342281")),
    ),
    "free_collateral": (
        {"snapshot": replace(SNAPSHOT, cash_usd=Decimal(500))},
        {"snapshot": replace(SNAPSHOT, cash_usd=Decimal("499.99999999"))},
    ),
    "weth_buffer": (
        limited(min_weth_buffer_usd=Decimal(100)),
        limited(min_weth_buffer_usd=Decimal("100.01")),
    ),
    "withdrawal_buffer": (
        # 1,500 of 10,000 are left after the order
        limited(min_withdrawal_buffer_ratio=Decimal("0.15")),
        limited(min_withdrawal_buffer_ratio=Decimal("0.15000001")),
    ),
    "nav_known": (
        {"snapshot": replace(SNAPSHOT, nav_usd=Decimal("0.00000001"))},
        {"snapshot": replace(SNAPSHOT, nav_usd=Decimal(0))},
    ),
    "signal_freshness": (
        {"intent": replace(INCREASE, signal_as_of_at=NOW - timedelta(seconds=60))},
        {"intent": replace(INCREASE, signal_as_of_at=NOW - timedelta(seconds=61))},
    ),
    "price_freshness": (
        {"snapshot": priced("1990", "2000", NOW - timedelta(seconds=30))},
        {"snapshot": priced("1990", "2000", NOW - timedelta(seconds=31))},
    ),
    "sources_agree": ({"snapshot": deviating(80)}, {"snapshot": deviating(81)}),
    "acceptable_price": (
        {"intent": replace(REDUCE, acceptable_price_usd=Decimal(1791))},
        {"intent": replace(REDUCE, acceptable_price_usd=Decimal("1790.99"))},
    ),
    "acceptable_distance": (
        {"intent": replace(INCREASE, acceptable_price_usd=Decimal(2010))},
        {"intent": replace(INCREASE, acceptable_price_usd=Decimal("2010.000000000001"))},
    ),
    "slippage": (
        {"snapshot": expecting(slippage_bps=20), **limited(max_slippage_bps=20)},
        {"snapshot": expecting(slippage_bps=21), **limited(max_slippage_bps=20)},
    ),
    "price_impact": (
        {"snapshot": expecting(impact_bps=20), **limited(max_price_impact_bps=20)},
        {"snapshot": expecting(impact_bps=21), **limited(max_price_impact_bps=20)},
    ),
    "admits_execution": (
        {"snapshot": expecting(15, 15)},
        {"snapshot": expecting(15, 16)},
    ),
    "orders_per_hour": (
        {"snapshot": used(orders_in_hour=9)},
        {"snapshot": used(orders_in_hour=10)},
    ),
    "orders_per_day": (
        {"snapshot": used_by_house(orders_in_day=999)},
        {"snapshot": used_by_house(orders_in_day=1000)},
    ),
    "cancels_per_hour": (
        {"snapshot": used(cancels_in_hour=10)},
        {"snapshot": used(cancels_in_hour=11)},
    ),
    "turnover_per_day": (
        {"snapshot": used(turnover_usd=Decimal(99_000))},
        {"snapshot": used(turnover_usd=Decimal("99000.01"))},
    ),
    "gas_per_day": (
        {"snapshot": used(gas_usd=Decimal(99))},
        {"snapshot": used(gas_usd=Decimal("99.01"))},
    ),
    "shared_exposure": (
        {"snapshot": used_by_house(open_usd=Decimal(99_000))},
        {"snapshot": used_by_house(open_usd=Decimal("99000.01"))},
    ),
    "daily_loss": (
        {"snapshot": recorded(share_value_usd=Decimal("0.75"))},
        {"snapshot": recorded(share_value_usd=Decimal("0.7499999"))},
    ),
    "drawdown": (
        {"snapshot": recorded(high_water_usd=Decimal(2))},
        {"snapshot": recorded(high_water_usd=Decimal("2.000001"))},
    ),
    "cooldown": (
        {"snapshot": recorded(losses=(NOW - timedelta(seconds=60),))},
        {"snapshot": recorded(losses=(NOW - timedelta(seconds=59),))},
    ),
    "consecutive_failures": (
        {"snapshot": recorded(failures=5)},
        {"snapshot": recorded(failures=6)},
    ),
    "retry_budget": (
        {"snapshot": recorded(retries=Retries(attempts=2))},
        {"snapshot": recorded(retries=Retries(attempts=3))},
    ),
    "retry_changed": (
        {"snapshot": recorded(retries=Retries(attempts=1, refusal="slippage"))},
        {"snapshot": recorded(retries=Retries(1, refusal="slippage", is_unchanged=True))},
    ),
    "retry_pause": (
        {"snapshot": recorded(retries=Retries(1, 2, "slippage", NOW - timedelta(seconds=60)))},
        {"snapshot": recorded(retries=Retries(1, 2, "slippage", NOW - timedelta(seconds=59)))},
    ),
    "within_position": (
        {"intent": REDUCE},
        {"intent": replace(REDUCE, size_delta_usd=Decimal("2000.01"))},
    ),
    "one_working_order": (
        {"snapshot": replace(SNAPSHOT, working_orders=0)},
        {"snapshot": replace(SNAPSHOT, working_orders=1)},
    ),
    "switch_state": (
        {"snapshot": replace(SNAPSHOT, switch_state=SwitchState.ACTIVE)},
        {"snapshot": replace(SNAPSHOT, switch_state=SwitchState.REDUCING)},
    ),
}


UNKNOWN: dict[str, dict[str, Any]] = {
    "allowed_market": limited(allowed_markets=None),
    "allowed_side": limited(allowed_sides=None),
    "max_order_notional": limited(max_order_notional_usd=None),
    "min_order": limited(min_order_usd=None),
    "max_position_notional": limited(max_position_notional_usd=None),
    "gross_exposure": limited(max_gross_exposure_usd=None),
    "net_exposure": limited(max_net_exposure_usd=None),
    "max_leverage": limited(max_leverage_ratio=None),
    "free_collateral": limited(min_free_collateral_usd=None),
    "weth_buffer": {
        "snapshot": recorded(weth_usd=None),
        **limited(min_weth_buffer_usd=Decimal(1)),
    },
    "withdrawal_buffer": limited(min_withdrawal_buffer_ratio=None),
    "nav_known": {"snapshot": replace(SNAPSHOT, nav_usd=None)},
    "signal_freshness": limited(max_signal_age_seconds=None),
    "price_freshness": limited(max_price_age_seconds=None),
    "sources_agree": limited(required_price_sources=2),
    "acceptable_price": {"intent": replace(REDUCE, acceptable_price_usd=None)},
    "acceptable_distance": limited(max_acceptable_distance_bps=None),
    "slippage": limited(max_slippage_bps=None),
    "price_impact": limited(max_price_impact_bps=None),
    "orders_per_hour": limited(max_orders_per_hour=None),
    "orders_per_day": limited(max_orders_per_day=None),
    "cancels_per_hour": limited(max_cancels_per_hour=None),
    "turnover_per_day": limited(max_turnover_per_day_usd=None),
    "gas_per_day": limited(max_gas_per_day_usd=None),
    "shared_exposure": {"snapshot": used_by_house(open_usd=None)},
    "daily_loss": {"snapshot": recorded(best_of_day_usd=None)},
    "drawdown": {"snapshot": recorded(high_water_usd=None)},
    "cooldown": {"snapshot": recorded(losses=None)},
    "consecutive_failures": {"snapshot": recorded(failures=None)},
    "retry_budget": limited(max_attempts_per_trade=None),
    "one_working_order": {"snapshot": replace(SNAPSHOT, working_orders=None)},
    "switch_state": {"snapshot": replace(SNAPSHOT, switch_state=None)},
    "within_position": {"intent": REDUCE, "snapshot": replace(SNAPSHOT, positions=None)},
}
# What several rules need at once, or need to be judged at all, is unknown to all of them together.
UNKNOWN_TOGETHER: dict[str, tuple[Snapshot, set[str]]] = {
    "expected": (
        recorded(expected=None),
        {"slippage", "price_impact", "admits_execution", "gas_per_day"},
    ),
    "retries": (recorded(retries=None), {"retry_budget", "retry_changed", "retry_pause"}),
    "usages": (recorded(usages=None), {*COUNTERS, "shared_exposure"}),
    "share_value_usd": (recorded(share_value_usd=None), {"daily_loss", "drawdown"}),
    "cash_usd": (replace(SNAPSHOT, cash_usd=None), {"free_collateral"}),
}
