"""Trades, orders, the gate's word on each, and fills."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.console.display import links, money, number, pills
from atlas.console.facts import FactAdmin, FactInline
from execution.admin.columns import BY_DEPLOYMENT, BY_MARKET, DIRECTION, SIDE
from execution.admin.cycles import OrderInline
from execution.models import Fill, GuardrailDecision, Order, OrderEvent, Trade


@admin.register(Trade)
class TradeAdmin(FactAdmin):
    """Trades: which market was to be brought to which target, and did it get there?"""

    icon = "swap_vert"
    list_display = (
        "created_at",
        "market",
        money("basis_notional_usd", title="held"),
        money("target_notional_usd", title="target"),
        pills("state"),
        links("deployment"),
        links("cycle"),
    )
    list_filter = ("state", BY_MARKET, BY_DEPLOYMENT, ("created_at", RangeDateTimeFilter))
    list_select_related = ("deployment__strategy", "cycle")
    inlines = (OrderInline,)


class EventInline(FactInline):
    """What happened to the order."""

    model = OrderEvent
    columns = ("at", pills("after", title="state"), "name", "message")
    show_change_link = False


class DecisionInline(FactInline):
    """The gate's word, every rule with its numbers."""

    model = GuardrailDecision
    columns = ("allowed", "reason", pills("switch_state"), "decided_at")


class FillInline(FactInline):
    """What was executed."""

    model = Fill
    columns = (
        "filled_at",
        money("size_delta_usd"),
        money("price_usd"),
        money("position_fee_usd"),
        money("realised_usd"),
    )


@admin.register(Order)
class OrderAdmin(FactAdmin):
    """Orders: what was attempted at a venue, was it permitted, and how did it end?"""

    icon = "receipt"
    list_display = (
        "created_at",
        "kind",
        "market",
        SIDE,
        money("size_delta_usd", title="size"),
        pills("state"),
        "cancel_name",
        links("deployment"),
        links("cycle"),
    )
    list_filter = (
        "state",
        "kind",
        BY_MARKET,
        "venue",
        BY_DEPLOYMENT,
        ("created_at", RangeDateTimeFilter),
    )
    search_fields = ("=id", "=intent_digest")
    list_select_related = ("deployment__strategy", "cycle")
    inlines = (EventInline, DecisionInline, FillInline)


@admin.register(OrderEvent)
class OrderEventAdmin(FactAdmin):
    """Order events: what happened to orders, in order of time?"""

    icon = "timeline"
    list_display = ("at", links("order"), "before", pills("after"), "name", "message")
    list_filter = ("after", ("at", RangeDateTimeFilter))
    list_select_related = ("order",)
    ordering = ("-pk",)


@admin.register(GuardrailDecision)
class GuardrailDecisionAdmin(FactAdmin):
    """Decisions: what did the gate say to an order, and with which numbers?"""

    icon = "gavel"
    list_display = ("decided_at", "allowed", "reason", pills("switch_state"), links("order"))
    list_filter = ("allowed", "switch_state", ("decided_at", RangeDateTimeFilter))
    list_select_related = ("order",)


@admin.register(Fill)
class FillAdmin(FactAdmin):
    """Fills: what was executed, at which price and cost?"""

    icon = "done_all"
    list_display = (
        "filled_at",
        "market",
        SIDE,
        DIRECTION,
        money("size_delta_usd", title="size"),
        money("price_usd"),
        money("position_fee_usd"),
        number("slippage_usd"),
        money("realised_usd"),
        links("deployment"),
        "cause",
        links("order"),
    )
    list_filter = (BY_MARKET, "venue", "cause", BY_DEPLOYMENT, ("filled_at", RangeDateTimeFilter))
    search_fields = ("=execution_id",)
    list_select_related = ("deployment__strategy", "order")
