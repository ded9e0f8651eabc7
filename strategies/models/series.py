"""Series: one row a point in time, keyed by what they belong to, without an id of their own.

Their parents carry no database constraint (it would be checked row by row and is the larger part
of an import's cost); `strategies.services.delete_strategy` and a nightly check guard them instead.
"""

from django.db import models
from django.db.models import Q

from atlas.models.base import RatioField, UsdField, choice_check, choice_list
from strategies.vocabulary import SeriesSource


class PerformancePoint(models.Model):
    """What one share of a strategy was worth at a moment, by one kind of evidence."""

    pk = models.CompositePrimaryKey("strategy_id", "source", "as_of_at")
    strategy = models.ForeignKey(
        "strategies.Strategy",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="performance_points",
    )
    source = models.CharField(max_length=10, choices=choice_list(SeriesSource))
    as_of_at = models.DateTimeField()
    nav_per_share_usd = UsdField()
    aum_usd = UsdField(null=True)

    class Meta:
        constraints = [
            choice_check("source", SeriesSource, name="performance_point_source_known"),
            models.CheckConstraint(
                condition=Q(nav_per_share_usd__gt=0), name="performance_point_nav_positive"
            ),
            models.CheckConstraint(
                condition=Q(aum_usd__isnull=True) | Q(aum_usd__gte=0),
                name="performance_point_aum_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.source} {self.as_of_at:%Y-%m-%d}"


class VaultPerformancePoint(models.Model):
    """What one share of a vault was worth at a moment; the vault is named as CAIP-10 text.

    The catalogue lies below the vault register and cannot point up at it, so the key is the
    chain-agnostic account id: `eip155:42161:0x…`, address in lower case.
    """

    pk = models.CompositePrimaryKey("vault", "source", "as_of_at")
    vault = models.CharField(max_length=80)
    source = models.CharField(max_length=10, choices=choice_list(SeriesSource))
    as_of_at = models.DateTimeField()
    nav_per_share_usd = UsdField()
    aum_usd = UsdField(null=True)

    class Meta:
        constraints = [
            choice_check("source", SeriesSource, name="vault_performance_point_source_known"),
            models.CheckConstraint(
                condition=Q(nav_per_share_usd__gt=0), name="vault_performance_point_nav_positive"
            ),
            models.CheckConstraint(
                condition=Q(aum_usd__isnull=True) | Q(aum_usd__gte=0),
                name="vault_performance_point_aum_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vault} {self.source} {self.as_of_at:%Y-%m-%d}"


class BenchmarkPoint(models.Model):
    """What a benchmark was worth at a moment."""

    pk = models.CompositePrimaryKey("benchmark_id", "as_of_at")
    benchmark = models.ForeignKey(
        "strategies.Benchmark",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="points",
    )
    as_of_at = models.DateTimeField()
    price_usd = UsdField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(price_usd__gt=0), name="benchmark_point_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.benchmark_id} {self.as_of_at:%Y-%m-%d}"


class Holding(models.Model):
    """How much of one asset a strategy held at a moment."""

    pk = models.CompositePrimaryKey("strategy_id", "as_of_at", "asset")
    strategy = models.ForeignKey(
        "strategies.Strategy",
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="holdings",
    )
    as_of_at = models.DateTimeField()
    asset = models.CharField(max_length=40)
    quantity = models.DecimalField(max_digits=38, decimal_places=18)
    weight_ratio = RatioField(help_text="Share of the strategy's value; short positions below 0.")
    value_usd = UsdField()

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.asset} {self.as_of_at:%Y-%m-%d}"
