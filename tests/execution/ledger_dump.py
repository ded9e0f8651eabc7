"""Everything that a deployment has done, as plain values that two deployments can be compared by."""

from typing import Any

from execution.models import CycleRun, EquityPoint, Fill, Order, Position, Signal, Trade

Row = tuple[Any, ...]


def dump(deployment) -> dict[str, list[Row]]:
    """Give what a deployment did, without its keys, its tokens and the wall's time."""
    mine = {"deployment": deployment}
    return {
        "cycles": _rows(
            CycleRun.objects.filter(**mine).order_by("scheduled_for"),
            ["scheduled_for", "state", "reason", "round_number", "message"],
        ),
        "signals": _rows(
            Signal.objects.filter(cycle__deployment=deployment).order_by("cycle__scheduled_for"),
            ["market", "target_exposure_ratio", "as_of_at", "reason"],
        ),
        "trades": _rows(
            Trade.objects.filter(**mine).order_by("cycle__scheduled_for"),
            ["market", "target_notional_usd", "basis_notional_usd", "state"],
        ),
        "orders": _rows(
            Order.objects.filter(**mine).order_by("cycle__scheduled_for", "round_number"),
            [
                "round_number",
                "state",
                "kind",
                "is_long",
                "size_delta_usd",
                "collateral_delta_usd",
                "expected_pre_size_usd",
                "cancel_name",
                "permit__state",
            ],
        ),
        "fills": _rows(
            Fill.objects.filter(**mine).order_by("pk"),
            [
                "is_long",
                "is_increase",
                "size_delta_usd",
                "price_usd",
                "cash_delta_usd",
                "filled_at",
            ],
        ),
        "positions": _rows(
            Position.objects.filter(**mine).order_by("market", "is_long"),
            ["market", "is_long", "size_usd", "size_tokens", "collateral_usd", "fills_count"],
        ),
        "equity": _rows(
            EquityPoint.objects.filter(**mine).order_by("as_of_at"),
            ["as_of_at", "equity_usd", "cash_usd", "share_value_usd"],
        ),
    }


def _rows(queryset, names) -> list[Row]:
    return list(queryset.values_list(*names))
