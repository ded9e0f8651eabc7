"""Cycles, what they decided on, and what they wanted."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.console.display import links, money, number, pills
from atlas.console.facts import FactAdmin, FactInline
from execution.admin.columns import BY_DEPLOYMENT, BY_MARKET, BY_REASON, BY_RULE
from execution.models import CycleInput, CycleInputUse, CycleRun, Order, Signal, Trade


class SignalInline(FactInline):
    """What the rule wanted."""

    model = Signal
    columns = ("market", "direction", number("target_exposure_ratio"), "reason")


class TradeInline(FactInline):
    """What was planned."""

    model = Trade
    columns = ("market", money("target_notional_usd"), pills("state"), "reason")


class OrderInline(FactInline):
    """What was attempted."""

    model = Order
    columns = ("round_number", "kind", "market", money("size_delta_usd"), pills("state"))
    ordering = ("round_number",)


class InputInline(FactInline):
    """What it decided on, by content."""

    model = CycleInputUse
    columns = ("round_number", "kind", "subject", links("input"))
    show_change_link = False


@admin.register(CycleRun)
class CycleRunAdmin(FactAdmin):
    """Cycles: what did each scheduled decision do, and why did it end so?"""

    icon = "autorenew"
    list_display = (
        "scheduled_for",
        links("deployment"),
        pills("state"),
        "reason",
        "message",
        "step",
        "missed_slots",
        "started_at",
    )
    list_filter = (
        "state",
        BY_REASON,
        "origin",
        BY_DEPLOYMENT,
        ("scheduled_for", RangeDateTimeFilter),
        ("started_at", RangeDateTimeFilter),
    )
    list_select_related = ("deployment__strategy",)
    ordering = ("-started_at", "-pk")
    inlines = (SignalInline, TradeInline, OrderInline, InputInline)


@admin.register(CycleInput)
class CycleInputAdmin(FactAdmin):
    """Inputs: on what exactly did cycles decide?"""

    icon = "inventory"
    list_display = ("digest", "kind", "stored_at")
    list_filter = ("kind", ("stored_at", RangeDateTimeFilter))
    search_fields = ("=digest",)


@admin.register(Signal)
class SignalAdmin(FactAdmin):
    """Signals: what did a rule want of a market, until when, and why?"""

    icon = "cell_tower"
    list_display = (
        "as_of_at",
        "market",
        "direction",
        number("target_exposure_ratio"),
        "reason",
        links("cycle"),
    )
    list_filter = (BY_MARKET, "direction", BY_RULE, ("as_of_at", RangeDateTimeFilter))
    list_select_related = ("cycle",)
