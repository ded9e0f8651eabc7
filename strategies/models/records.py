"""What producers tell about a strategy: single trades and the metrics they claim."""

from django.db import models
from django.db.models import F, Q

from atlas.models.base import RatioField, UsdField, choice_check, choice_list
from strategies.vocabulary import SeriesSource, TradeResult, TradeSide


class ImportedTrade(models.Model):
    """One closed or open trade of a strategy's record, as its producer reported it.

    The four costs stay apart for ever: they answer different questions.
    """

    strategy = models.ForeignKey(
        "strategies.Strategy",
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="imported_trades",
    )
    external_id = models.CharField(max_length=120, help_text="The producer's own identifier.")
    market = models.CharField(max_length=40)
    side = models.CharField(max_length=8, choices=choice_list(TradeSide))
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    entry_price_usd = UsdField()
    exit_price_usd = UsdField(null=True)
    size_usd = UsdField()
    pnl_usd = UsdField(null=True)
    pnl_ratio = RatioField(null=True)
    funding_usd = UsdField(default=0)
    borrowing_usd = UsdField(default=0)
    position_fee_usd = UsdField(default=0)
    execution_fee_usd = UsdField(default=0)
    result = models.CharField(max_length=8, choices=choice_list(TradeResult))

    class Meta:
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["strategy", "-opened_at", "-id"], name="imported_trade_latest"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "external_id"], name="imported_trade_one_per_external_id"
            ),
            choice_check("side", TradeSide, name="imported_trade_side_known"),
            choice_check("result", TradeResult, name="imported_trade_result_known"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="imported_trade_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(entry_price_usd__gt=0) & Q(size_usd__gt=0),
                name="imported_trade_price_and_size_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market} {self.side} {self.opened_at:%Y-%m-%d}"


class ReportClaim(models.Model):
    """A metric as the producer of an export claims it; shown beside ours, never in its place."""

    strategy = models.ForeignKey(
        "strategies.Strategy", on_delete=models.PROTECT, related_name="claims"
    )
    source = models.CharField(max_length=10, choices=choice_list(SeriesSource))
    metric = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    text = models.CharField(max_length=120, blank=True, help_text="Where the claim is no number.")
    claimed_at = models.DateTimeField()

    class Meta:
        ordering = ["metric"]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "source", "metric"], name="report_claim_one_per_metric"
            ),
            choice_check("source", SeriesSource, name="report_claim_source_known"),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.value if self.value is not None else self.text}"
