"""Headline metrics: computed by us from the series, stored so that lists can filter and sort."""

from typing import Any

import orjson
from django.db import models
from django.db.models import F, Q

from atlas.domain.metrics import MetricId
from atlas.models.base import UsdField, choice_check, choice_list
from strategies.vocabulary import SeriesSource, Window

# Which column holds which metric; the ids are those of the definitions.
METRIC_COLUMNS: dict[MetricId, str] = {
    MetricId.TOTAL_RETURN: "total_return_ratio",
    MetricId.CAGR: "cagr_ratio",
    MetricId.VOLATILITY: "volatility_ratio",
    MetricId.DOWNSIDE_DEVIATION: "downside_deviation_ratio",
    MetricId.SHARPE: "sharpe",
    MetricId.SORTINO: "sortino",
    MetricId.CALMAR: "calmar",
    MetricId.MAX_DRAWDOWN: "max_drawdown_ratio",
    MetricId.CURRENT_DRAWDOWN: "current_drawdown_ratio",
    MetricId.VALUE_AT_RISK_95: "value_at_risk_95_ratio",
    MetricId.CVAR_95: "cvar_95_ratio",
    MetricId.WIN_RATE_DAYS_NONZERO: "win_rate_days_nonzero_ratio",
}


def _listed_by(column: str, *, name: str) -> models.Index:
    """Make the index by which discovery filters and sorts headlines by one column."""
    return models.Index(
        "window", F(column).desc(nulls_last=True), name=name, condition=Q(is_headline=True)
    )


class MetricsSnapshot(models.Model):
    """Headline metrics of a strategy over one window and kind of evidence, with their provenance.

    They are recomputed in the transaction that changes the series, so that a tile never shows
    other numbers than the report. A metric without a value has a word in `reasons` instead. Of the
    kinds of evidence that a strategy has, the best one makes its headline.
    """

    strategy = models.ForeignKey(
        "strategies.Strategy", on_delete=models.PROTECT, related_name="metrics_snapshots"
    )
    source = models.CharField(max_length=10, choices=choice_list(SeriesSource))
    window = models.CharField(max_length=8, choices=choice_list(Window))
    is_headline = models.BooleanField(
        default=False, db_default=False, help_text="Whether it is the best evidence there is."
    )
    total_return_ratio = models.FloatField(null=True)
    cagr_ratio = models.FloatField(null=True)
    volatility_ratio = models.FloatField(null=True)
    downside_deviation_ratio = models.FloatField(null=True)
    sharpe = models.FloatField(null=True)
    sortino = models.FloatField(null=True)
    calmar = models.FloatField(null=True)
    max_drawdown_ratio = models.FloatField(null=True)
    current_drawdown_ratio = models.FloatField(null=True)
    value_at_risk_95_ratio = models.FloatField(null=True)
    cvar_95_ratio = models.FloatField(null=True)
    win_rate_days_nonzero_ratio = models.FloatField(null=True)
    reasons = models.JSONField(
        default=dict, db_default={}, help_text="Why a metric has no value, by its id."
    )
    short_history = models.BooleanField(
        default=True, db_default=True, help_text="Fewer than 90 days or 30 observations."
    )
    window_from_on = models.DateField(null=True, help_text="First day of what was asked for.")
    window_to_on = models.DateField(null=True)
    observations = models.PositiveIntegerField(help_text="Days with a NAV of their own.")
    samples = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Daily returns that went in."
    )
    filled_days = models.PositiveIntegerField(
        default=0, db_default=0, help_text="NAV carried forward."
    )
    missing_days = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Days in the gaps."
    )
    gaps = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Longer than may be filled."
    )
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    track_days = models.PositiveIntegerField(
        default=0, db_default=0, help_text="From the first to the last day of the whole series."
    )
    last_aum_usd = UsdField(null=True)
    sparkline_json = models.TextField(
        default="[]",
        db_default="[]",
        help_text="At most 60 growth factors since the window's opening, as JSON.",
    )
    definitions = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Edition of the definitions that it was computed by."
    )
    data_version = models.BigIntegerField()

    class Meta:
        ordering = ["strategy", "source", "window"]
        indexes = [
            _listed_by("total_return_ratio", name="headline_by_return"),
            _listed_by("sharpe", name="headline_by_sharpe"),
            _listed_by("max_drawdown_ratio", name="headline_by_drawdown"),
            _listed_by("win_rate_days_nonzero_ratio", name="headline_by_win_rate"),
            _listed_by("last_aum_usd", name="headline_by_aum"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "source", "window"], name="metrics_snapshot_one_per_window"
            ),
            models.UniqueConstraint(
                fields=["strategy", "window"],
                condition=Q(is_headline=True),
                name="metrics_snapshot_one_headline",
            ),
            choice_check("source", SeriesSource, name="metrics_snapshot_source_known"),
            choice_check("window", Window, name="metrics_snapshot_window_known"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.source} {self.window}"

    @property
    def metrics(self) -> dict[str, float | None]:
        """Give the metrics by their ids."""
        return {metric.value: getattr(self, name) for metric, name in METRIC_COLUMNS.items()}

    @property
    def sparkline(self) -> list[float]:
        """Give the growth factors of the small chart."""
        line: Any = orjson.loads(self.sparkline_json)
        return list(line)
