"""What paper markets charge, and what a paper account paid without an execution."""

from django.db import models
from django.db.models import Q

from atlas.domain.paper_terms import MarketTerms
from atlas.models.base import RatioField, UsdField, append_only

TERM_NAMES = tuple(MarketTerms.__dataclass_fields__)


class PaperMarketTerms(models.Model):
    """One version of what a market charges on paper, in the parameters of a GMX market.

    The highest version of a market counts for what is executed from then on; an open position keeps
    accruing by the version of its last fill. `source` says where the figures come from: the first
    version is a default of Atlas and was read from no chain.
    """

    market = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    source = models.CharField(max_length=200)
    improving_fee_bps = models.PositiveSmallIntegerField(
        help_text="Position fee of a trade that evens the sides of the market out."
    )
    worsening_fee_bps = models.PositiveSmallIntegerField()
    liquidation_fee_bps = models.PositiveSmallIntegerField()
    positive_impact_factor = RatioField()
    negative_impact_factor = RatioField()
    positive_impact_exponent = RatioField()
    negative_impact_exponent = RatioField()
    max_positive_impact_bps = models.PositiveSmallIntegerField()
    max_liquidation_impact_bps = models.PositiveSmallIntegerField()
    long_open_interest_usd = UsdField(help_text="Of all other traders.")
    short_open_interest_usd = UsdField()
    pool_usd = UsdField()
    borrowing_factor = RatioField(help_text="Per second, at full use of the pool.")
    funding_factor = RatioField(help_text="Per second, with everybody on one side.")
    gas_limit = models.PositiveIntegerField(help_text="Of one order, with oracle and callback.")
    gas_price_gwei = RatioField()
    gas_buffer_bps = models.PositiveIntegerField()
    gas_token_usd = UsdField()
    min_collateral_ratio = RatioField()
    liquidation_collateral_ratio = RatioField()
    min_collateral_usd = UsdField()
    min_position_usd = UsdField()
    max_leverage_ratio = RatioField()
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        verbose_name_plural = "paper market terms"
        ordering = ["market", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["market", "version"], name="paper_market_terms_one_version"
            ),
            models.CheckConstraint(
                condition=Q(pool_usd__gt=0)
                & Q(max_leverage_ratio__gte=1)
                & Q(min_collateral_ratio__gt=0)
                & Q(positive_impact_factor__gte=0)
                & Q(negative_impact_factor__gte=0)
                & Q(borrowing_factor__gte=0)
                & Q(funding_factor__gte=0)
                & Q(gas_price_gwei__gte=0),
                name="paper_market_terms_possible",
            ),
        ]
        triggers = append_only("paper_market_terms")

    def __str__(self) -> str:
        return f"{self.market} v{self.version}"

    @property
    def terms(self) -> MarketTerms:
        """Read the version as the domain charges by it."""
        return MarketTerms(**{name: getattr(self, name) for name in TERM_NAMES})


class PaperCharge(models.Model):
    """The keeper's fee of an order that the paper venue cancelled: paid, and nothing for it."""

    account = models.ForeignKey(
        "execution.PaperAccount", on_delete=models.PROTECT, related_name="charges"
    )
    order = models.OneToOneField(
        "execution.Order", on_delete=models.PROTECT, related_name="paper_charge"
    )
    amount_usd = UsdField()
    at = models.DateTimeField(help_text="Feed time.")
    recorded_at = models.DateTimeField(help_text="Wall time.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_usd__gt=0), name="paper_charge_takes_money"),
        ]
        triggers = append_only("paper_charge")

    def __str__(self) -> str:
        return f"{self.amount_usd:.2f} USD"
