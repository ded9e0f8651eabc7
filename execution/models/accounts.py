"""Paper accounts: money that is not real, kept as strictly as if it were."""

from django.db import models
from django.db.models import Q

from atlas.models.base import UsdField, append_only


class PaperAccount(models.Model):
    """The account of a paper deployment, with how its venue treats it.

    What a market charges is said by `PaperMarketTerms`; spread and slippage stand for what a source
    with one price hides. A keeper executes an order `keeper_delay_seconds` after it was handed
    over, at the price of that later moment. `cash_usd`, `flows_usd` and `shares` are folds of the
    account's flows, fills and charges and can be rebuilt from them at any time
    (`execution.folding.refold`). Deposits buy shares at the value of the moment, so that they
    never look like performance.
    """

    deployment = models.OneToOneField(
        "execution.Deployment", on_delete=models.PROTECT, related_name="paper_account"
    )
    half_spread_bps = models.PositiveSmallIntegerField(default=2)
    slippage_bps = models.PositiveSmallIntegerField(default=3)
    keeper_delay_seconds = models.PositiveIntegerField(
        default=0, help_text="Feed time between handing an order over and its execution."
    )
    cash_usd = UsdField(default=0)
    flows_usd = UsdField(default=0)
    shares = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(half_spread_bps__lte=1000)
                & Q(slippage_bps__lte=1000)
                & Q(keeper_delay_seconds__lte=3600),
                name="paper_account_terms_in_range",
            ),
            models.CheckConstraint(
                condition=Q(shares__gte=0), name="paper_account_shares_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """Give the text by which orders, fills and positions name this account."""
        return f"paper:{self.pk}"


class PaperFlow(models.Model):
    """Money that was put into or taken out of a paper account; never performance.

    `shares` is what the flow bought (or gave back, below zero) at the share value of its moment.
    """

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="flows")
    amount_usd = UsdField(help_text="Above zero: deposit; below: withdrawal.")
    shares = models.DecimalField(max_digits=38, decimal_places=18)
    at = models.DateTimeField(help_text="Feed time.")
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount_usd=0), name="paper_flow_moves_money"),
            models.CheckConstraint(
                condition=Q(amount_usd__gt=0, shares__gte=0) | Q(amount_usd__lt=0, shares__lte=0),
                name="paper_flow_shares_follow_the_money",
            ),
        ]
        triggers = append_only("paper_flow")

    def __str__(self) -> str:
        return f"{self.amount_usd:+.2f} USD"
