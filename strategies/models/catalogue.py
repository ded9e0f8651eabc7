"""The catalogue: published strategies and the benchmarks they are measured against."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from atlas.api.access import Reader
from atlas.models.base import choice_check, choice_list
from strategies.querysets import StrategyQuerySet
from strategies.vocabulary import Category, RiskLevel, StrategyStatus


class StrategyManager(models.Manager["Strategy"]):
    """The door to the table.

    Written out: type checkers lose a manager that is derived from its query set at run time.
    """

    def get_queryset(self) -> StrategyQuerySet:
        """Give all rows."""
        return StrategyQuerySet(self.model, using=self._db)

    def readable_by(self, reader: Reader) -> StrategyQuerySet:
        """Give what this reader may see."""
        return self.get_queryset().readable_by(reader)


class Strategy(models.Model):
    """A published trading idea with a track record, whether or not anyone trades it here.

    A delisted strategy keeps its record: investors must be able to see what did not work.
    """

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=24, choices=choice_list(Category))
    assets = models.JSONField(default=list, help_text="Symbols of the assets it trades.")
    timeframe = models.CharField(max_length=8, help_text="Bar length that it decides on: 1h, 1d.")
    status = models.CharField(max_length=16, choices=choice_list(StrategyStatus))
    risk_level = models.CharField(max_length=12, choices=choice_list(RiskLevel))
    benchmark = models.ForeignKey(
        "strategies.Benchmark",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="strategies",
    )
    inception_on = models.DateField(null=True, blank=True)
    rule = models.CharField(
        max_length=60, blank=True, help_text="Name of the trading rule; empty: not tradable here."
    )
    parameters = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True)
    featured = models.BooleanField(default=False)
    curated = models.BooleanField(default=False)
    public = models.BooleanField(default=True, help_text="Readable without an account.")
    discovered_at = models.DateTimeField(null=True, blank=True)
    source_code = models.TextField(blank=True, help_text="For reading only; never executed.")
    source_hash = models.CharField(max_length=66, blank=True)
    data_version = models.BigIntegerField(
        default=1, help_text="Raised whenever anything published about it changes."
    )
    history_from_version = models.BigIntegerField(
        default=1,
        db_default=1,
        help_text="The oldest data version of which the series can still be told.",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = StrategyManager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "strategies"
        indexes = [
            models.Index(fields=["status", "category"], name="strategy_status_category"),
            models.Index(
                F("discovered_at").desc(nulls_last=True), F("id").desc(), name="strategy_latest"
            ),
            models.Index(fields=["name", "id"], name="strategy_by_name"),
            GinIndex(fields=["assets"], name="strategy_by_asset", opclasses=["jsonb_path_ops"]),
            GinIndex(fields=["tags"], name="strategy_by_tag", opclasses=["jsonb_path_ops"]),
        ]
        constraints = [
            choice_check("category", Category, name="strategy_category_known"),
            choice_check("status", StrategyStatus, name="strategy_status_known"),
            choice_check("risk_level", RiskLevel, name="strategy_risk_level_known"),
            models.CheckConstraint(condition=~Q(name=""), name="strategy_has_a_name"),
            models.CheckConstraint(
                condition=Q(data_version__gt=0), name="strategy_data_version_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Benchmark(models.Model):
    """What a strategy is compared with: an asset or an index with a price history."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class CatalogueVersion(models.Model):
    """The single counter that rises with every change to any list of the catalogue."""

    name = models.CharField(max_length=40, unique=True)
    version = models.BigIntegerField(default=1)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(version__gt=0), name="catalogue_version_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
