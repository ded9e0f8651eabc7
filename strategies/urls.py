"""Paths of the catalogue under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from strategies.views.benchmarks import BenchmarkViewSet
from strategies.views.catalogue import StrategyViewSet
from strategies.views.definitions import MetricDefinitionsView
from strategies.views.performance import PerformanceViewSet
from strategies.views.records import HoldingViewSet, TradeViewSet
from strategies.views.report import ReportViewSet

SLUG = r"(?P<slug>[A-Za-z0-9_-]+)"

router = SimpleRouter()
router.register("strategies", StrategyViewSet, basename="strategy")
router.register(
    rf"strategies/{SLUG}/performance", PerformanceViewSet, basename="strategy-performance"
)
router.register(rf"strategies/{SLUG}/report", ReportViewSet, basename="strategy-report")
router.register(rf"strategies/{SLUG}/holdings", HoldingViewSet, basename="strategy-holding")
router.register(rf"strategies/{SLUG}/trades", TradeViewSet, basename="strategy-trade")
router.register("benchmarks", BenchmarkViewSet, basename="benchmark")

urlpatterns = [
    *router.urls,
    path("meta/metrics/", MetricDefinitionsView.as_view(), name="meta-metrics"),
]
