"""The catalogue in the console: what is published, and the records behind it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter

from atlas.console.display import links, money, pills
from atlas.console.facts import FactAdmin, FactInline
from atlas.console.sparkline import sparkline
from strategies.models import (
    Benchmark,
    CatalogueVersion,
    ImportedTrade,
    MetricsSnapshot,
    PerformancePoint,
    ReportClaim,
    SeriesRevision,
    Strategy,
)
from strategies.vocabulary import SeriesSource

CHART_POINTS = 240
TABLE_POINTS = 12
CHART_WIDTH, CHART_HEIGHT = 720, 140


class SnapshotInline(FactInline):
    """Headline metrics, as we compute them."""

    model = MetricsSnapshot
    columns = (
        "source",
        "window",
        "total_return_ratio",
        "sharpe",
        "max_drawdown_ratio",
        "last_aum_usd",
        "observations",
    )
    show_change_link = False


class ClaimInline(FactInline):
    """Metrics, as the producer claims them."""

    model = ReportClaim
    columns = ("source", "metric", "value", "text", "claimed_at")
    show_change_link = False


class RevisionInline(FactInline):
    """Revisions: when the series were changed, and how much of published history."""

    model = SeriesRevision
    columns = (
        "source",
        "version_after",
        "first_changed_at",
        "revised_count",
        "withdrawn_count",
        "inserted_count",
        "reference",
        "noted_at",
    )
    show_change_link = False


@admin.register(Strategy)
class StrategyAdmin(FactAdmin):
    """Strategies: what is published, and what is its track record?"""

    icon = "insights"
    list_display = (
        "name",
        "slug",
        pills("status"),
        "category",
        "risk_level",
        "rule",
        "inception_on",
        "public",
    )
    list_filter = ("status", "category", "risk_level", "public", "featured")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    inlines = (SnapshotInline, ClaimInline, RevisionInline)
    change_form_outer_after_template = "strategies/console/series.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the series beside the strategy: its points have no page of their own."""
        context = {"series": series_of(object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


def series_of(strategy_id: str) -> list[dict[str, Any]]:
    """Give the newest points of each kind of evidence, as a line and as a short table."""
    shown = []
    for source in SeriesSource:
        points = list(
            PerformancePoint.objects.filter(strategy_id=strategy_id, source=source.value).order_by(
                "-as_of_at"
            )[:CHART_POINTS]
        )
        values = [one.nav_per_share_usd for one in reversed(points)]
        line = sparkline(values, width=CHART_WIDTH, height=CHART_HEIGHT)
        if points:
            shown.append({"source": source.value, "points": points[:TABLE_POINTS], "line": line})
    return shown


@admin.register(Benchmark)
class BenchmarkAdmin(FactAdmin):
    """Benchmarks: what are strategies compared with?"""

    icon = "compare_arrows"
    list_display = ("slug", "name")
    search_fields = ("slug", "name")


@admin.register(ImportedTrade)
class ImportedTradeAdmin(FactAdmin):
    """Imported trades: which trades does a producer report of a strategy?"""

    icon = "receipt_long"
    list_display = (
        "opened_at",
        links("strategy"),
        "market",
        "side",
        money("size_usd"),
        money("entry_price_usd"),
        money("exit_price_usd"),
        money("pnl_usd", title="PnL"),
        pills("result"),
    )
    list_filter = ("side", "result", ("opened_at", RangeDateTimeFilter))
    search_fields = ("=external_id", "=market", "=strategy__slug")
    list_select_related = ("strategy",)
    ordering = ("-opened_at", "-pk")


@admin.register(ReportClaim)
class ReportClaimAdmin(FactAdmin):
    """Claims: which metrics does a producer state, beside ours?"""

    icon = "format_quote"
    list_display = ("metric", links("strategy"), "source", "value", "text", "claimed_at")
    list_filter = ("source", ("metric", FieldTextFilter))
    list_select_related = ("strategy",)


@admin.register(MetricsSnapshot)
class MetricsSnapshotAdmin(FactAdmin):
    """Metrics: which headline numbers did we compute, over what, from how much?"""

    icon = "query_stats"
    list_display = (
        "__str__",
        links("strategy"),
        "source",
        "window",
        "total_return_ratio",
        "sharpe",
        "max_drawdown_ratio",
        "observations",
        "short_history",
    )
    list_filter = ("source", "window", "is_headline")
    list_select_related = ("strategy",)


@admin.register(CatalogueVersion)
class CatalogueVersionAdmin(FactAdmin):
    """Catalogue versions: how often did the lists change?"""

    icon = "tag"
    list_display = ("name", "version")
