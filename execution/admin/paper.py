"""What paper markets charge, and keeper's fees that were lost."""

from django.contrib import admin

from atlas.console.display import links, money, number
from atlas.console.facts import FactAdmin
from execution.admin.columns import BY_MARKET
from execution.models import PaperCharge, PaperMarketTerms


@admin.register(PaperMarketTerms)
class PaperMarketTermsAdmin(FactAdmin):
    """Paper market terms: what does a market charge on paper, since when, and says who?"""

    icon = "sell"
    list_display = (
        "market",
        "version",
        "improving_fee_bps",
        "worsening_fee_bps",
        number("borrowing_factor"),
        number("funding_factor"),
        number("max_leverage_ratio"),
        "source",
        "created_at",
    )
    list_filter = (BY_MARKET,)


@admin.register(PaperCharge)
class PaperChargeAdmin(FactAdmin):
    """Paper charges: which cancelled order cost its keeper's fee, and how much?"""

    icon = "money_off"
    list_display = ("at", links("account"), links("order"), money("amount_usd"))
    list_select_related = ("account", "order")
