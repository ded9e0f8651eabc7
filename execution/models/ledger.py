"""Fills and positions: what was executed, and what that adds up to."""

from django.db import models
from django.db.models import Q

from atlas.domain import ledger
from atlas.domain.positions import Position as HeldPosition
from atlas.models.base import UsdField, append_only, choice_check, choice_list
from execution.querysets import PositionManager
from execution.vocabulary import Venue


class Fill(models.Model):
    """One execution at a venue; never edited, never deleted, never counted twice.

    `execution_id` is the venue's own name of the execution: a paper fill is named by its order, a
    fill on a chain by block hash, transaction and log index. On a decrease `size_delta_usd` is
    the entry notional that was released. The four costs stay apart; slippage and price impact are
    already inside the price, and a positive impact is a gain. A liquidation is a fill without an
    order of ours; what it lost beyond the collateral is `uncovered_usd` and was borne by the pool.
    """

    order = models.ForeignKey(
        "execution.Order", on_delete=models.PROTECT, null=True, related_name="fills"
    )
    cause = models.CharField(
        max_length=16, choices=choice_list(ledger.FillCause), default=ledger.FillCause.ORDER
    )
    terms = models.ForeignKey(
        "execution.PaperMarketTerms",
        on_delete=models.PROTECT,
        null=True,
        related_name="fills",
        help_text="What a paper fill was charged by, and its position accrues by.",
    )
    deployment = models.ForeignKey(
        "execution.Deployment", on_delete=models.PROTECT, related_name="fills"
    )
    venue = models.CharField(max_length=8, choices=choice_list(Venue))
    execution_id = models.CharField(max_length=200)
    account = models.CharField(max_length=80)
    market = models.CharField(max_length=40)
    is_long = models.BooleanField()
    is_increase = models.BooleanField()
    size_delta_usd = UsdField()
    size_delta_tokens = models.DecimalField(max_digits=38, decimal_places=18)
    price_usd = UsdField()
    collateral_delta_usd = UsdField()
    funding_usd = UsdField(default=0)
    borrowing_usd = UsdField(default=0)
    position_fee_usd = UsdField(default=0)
    execution_fee_usd = UsdField(default=0)
    slippage_usd = UsdField(default=0)
    price_impact_usd = UsdField(default=0, help_text="Above zero: a gain.")
    uncovered_usd = UsdField(default=0, help_text="Loss beyond the collateral, borne by the pool.")
    realised_usd = UsdField(help_text="Profit that it realised, before costs.")
    cash_delta_usd = UsdField(help_text="What it did to the cash.")
    simulated_time = models.BooleanField()
    filled_at = models.DateTimeField(help_text="Feed time.")
    recorded_at = models.DateTimeField(help_text="Wall time.")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["account", "id"], name="fill_by_account")]
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "execution_id"], name="fill_one_per_execution"
            ),
            choice_check("venue", Venue, name="fill_venue_known"),
            models.CheckConstraint(
                condition=Q(size_delta_usd__gt=0) & Q(size_delta_tokens__gt=0) & Q(price_usd__gt=0),
                name="fill_size_and_price_positive",
            ),
            models.CheckConstraint(
                condition=Q(borrowing_usd__gte=0)
                & Q(position_fee_usd__gte=0)
                & Q(execution_fee_usd__gte=0),
                name="fill_fees_not_negative",
            ),
            choice_check("cause", ledger.FillCause, name="fill_cause_known"),
            models.CheckConstraint(
                condition=Q(cause="ORDER", order__isnull=False)
                | (~Q(cause="ORDER") & Q(order__isnull=True)),
                name="fill_order_where_it_was_ours",
            ),
            models.CheckConstraint(
                condition=Q(uncovered_usd=0) | Q(uncovered_usd__gt=0, is_increase=False),
                name="fill_uncovered_only_when_decreasing",
            ),
        ]
        triggers = append_only("fill")

    def __str__(self) -> str:
        return f"{self.market} {self.size_delta_usd:.2f} USD at {self.price_usd:.2f}"

    @property
    def execution(self) -> ledger.Fill:
        """Read the fill as the ledger folds it."""
        return ledger.Fill(
            market=self.market,
            is_long=self.is_long,
            is_increase=self.is_increase,
            size_delta_usd=self.size_delta_usd,
            size_delta_tokens=self.size_delta_tokens,
            price_usd=self.price_usd,
            filled_at=self.filled_at,
            collateral_delta_usd=self.collateral_delta_usd,
            costs=ledger.Costs(
                self.funding_usd,
                self.borrowing_usd,
                self.position_fee_usd,
                self.execution_fee_usd,
            ),
            slippage_usd=self.slippage_usd,
            price_impact_usd=self.price_impact_usd,
            uncovered_usd=self.uncovered_usd,
            cause=ledger.FillCause(self.cause),
        )


class Position(models.Model):
    """What an account holds in one market on one side, with what it earned and cost so far.

    A fold of the account's fills up to `last_fill`; it can be thrown away and rebuilt.
    """

    account = models.CharField(max_length=80)
    deployment = models.ForeignKey(
        "execution.Deployment", on_delete=models.PROTECT, related_name="positions"
    )
    market = models.CharField(max_length=40)
    is_long = models.BooleanField()
    size_usd = UsdField(help_text="Notional at entry.")
    size_tokens = models.DecimalField(max_digits=38, decimal_places=18)
    collateral_usd = UsdField()
    realised_usd = UsdField()
    funding_usd = UsdField()
    borrowing_usd = UsdField()
    position_fee_usd = UsdField()
    execution_fee_usd = UsdField()
    slippage_usd = UsdField()
    price_impact_usd = UsdField()
    fills_count = models.PositiveIntegerField()
    episode = models.PositiveIntegerField(help_text="How often it was opened from zero.")
    opened_at = models.DateTimeField(help_text="Feed time.")
    changed_at = models.DateTimeField(help_text="Feed time.")
    last_fill = models.ForeignKey(Fill, on_delete=models.PROTECT, related_name="+")

    objects = PositionManager()

    class Meta:
        ordering = ["account", "market", "-is_long"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "market", "is_long"], name="position_one_per_side"
            ),
            models.CheckConstraint(
                condition=Q(size_usd=0, size_tokens=0) | Q(size_usd__gt=0, size_tokens__gt=0),
                name="position_sizes_agree",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market} {'long' if self.is_long else 'short'} {self.size_usd:.2f} USD"

    @property
    def held(self) -> HeldPosition:
        """Read the position as snapshots and sizing see it."""
        return HeldPosition(
            self.market, self.is_long, self.size_usd, self.size_tokens, self.collateral_usd
        )

    @property
    def record(self) -> ledger.PositionRecord:
        """Read the position as the ledger goes on folding it."""
        return ledger.PositionRecord(
            position=self.held,
            realised_usd=self.realised_usd,
            costs=ledger.Costs(
                self.funding_usd,
                self.borrowing_usd,
                self.position_fee_usd,
                self.execution_fee_usd,
            ),
            slippage_usd=self.slippage_usd,
            price_impact_usd=self.price_impact_usd,
            fills=self.fills_count,
            episode=self.episode,
            opened_at=self.opened_at,
            changed_at=self.changed_at,
        )
