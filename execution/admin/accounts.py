"""Paper accounts, what flowed into them, and what they hold."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.console.display import links, money, number
from atlas.console.facts import FactAdmin, FactInline
from execution.admin.columns import BY_DEPLOYMENT, BY_MARKET, SIDE
from execution.models import CycleInputUse, PaperAccount, PaperFlow, Position


class FlowInline(FactInline):
    """Deposits and withdrawals."""

    model = PaperFlow
    columns = ("at", money("amount_usd"), number("shares"), "actor", "reason")
    show_change_link = False


@admin.register(PaperAccount)
class PaperAccountAdmin(FactAdmin):
    """Paper accounts: how much money that is not real lies where, and on which terms?"""

    icon = "account_balance_wallet"
    list_display = (
        "key",
        links("deployment"),
        money("cash_usd"),
        money("flows_usd"),
        number("shares"),
        "slippage_bps",
        "keeper_delay_seconds",
    )
    list_select_related = ("deployment__strategy",)
    inlines = (FlowInline,)


@admin.register(PaperFlow)
class PaperFlowAdmin(FactAdmin):
    """Flows: who put money in or took it out, when and why?"""

    icon = "payments"
    list_display = ("at", links("account"), money("amount_usd"), "actor", "reason")
    list_filter = (("at", RangeDateTimeFilter),)
    list_select_related = ("account",)


@admin.register(Position)
class PositionAdmin(FactAdmin):
    """Positions: what does each account hold, and what did it earn and cost so far?"""

    icon = "stacked_line_chart"
    list_display = (
        "market",
        SIDE,
        money("size_usd"),
        money("collateral_usd"),
        money("realised_usd"),
        number("funding_usd"),
        money("position_fee_usd"),
        links("deployment"),
        "changed_at",
    )
    list_filter = (BY_MARKET, "is_long", BY_DEPLOYMENT)
    list_select_related = ("deployment__strategy",)


@admin.register(CycleInputUse)
class CycleInputUseAdmin(FactAdmin):
    """Uses of inputs: which cycles decided on the same thing?"""

    icon = "account_tree"
    list_display = ("kind", "subject", "round_number", links("cycle"), links("input"))
    list_filter = ("kind",)
    list_select_related = ("cycle", "input")
