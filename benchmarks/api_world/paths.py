"""The yardsticks that run in the same server: ModelSerializers, pandas, a handler that does nothing.

Those of discovery and history give the very JSON of the real path.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.urls import path
from django_filters.filters import CharFilter, NumberFilter, OrderingFilter
from django_filters.filterset import FilterSet
from rest_framework import generics, serializers, viewsets
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from atlas.api.fields import UsdText
from atlas.api.filtering import StrictFilterBackend
from benchmarks.metrics import pandas_headlines
from config.urls import urlpatterns as real_paths
from strategies.headlines import with_headlines
from strategies.models import MetricsSnapshot, PerformancePoint, Strategy
from strategies.serializers import StrategyItemSerializer

STATIC = b'{"answer":"the same for everybody"}'


class StaticViewSet(viewsets.ViewSet):
    """Answers the same bytes behind the same middleware, authentication and throttle."""

    permission_classes = [AllowAny]

    def list(self, request: Request) -> HttpResponse:
        """Answer."""
        return HttpResponse(STATIC, content_type="application/json")


class NaiveFilter(FilterSet):
    """Filters as one writes them by hand."""

    risk_level = CharFilter()
    min_return = NumberFilter(field_name="best_return", lookup_expr="gte")
    ordering = OrderingFilter(fields={"best_sharpe": "sharpe"})

    class Meta:
        model = Strategy
        fields: list[str] = []


class NaiveList(generics.ListAPIView[Strategy]):
    """Discovery by ModelSerializer."""

    permission_classes = [AllowAny]
    serializer_class = StrategyItemSerializer
    filter_backends = [StrictFilterBackend]
    filterset_class = NaiveFilter

    def get_queryset(self) -> QuerySet[Strategy]:
        """Read strategies with the metrics that stand for them."""
        best = MetricsSnapshot.objects.filter(
            strategy=OuterRef("pk"), is_headline=True, window="all"
        )
        readable: Any = Strategy.objects.filter(public=True).annotate(
            best_return=Subquery(best.values("total_return_ratio")[:1]),
            best_sharpe=Subquery(best.values("sharpe")[:1]),
        )
        return with_headlines(readable.exclude(status="delisted"))


class PointSerializer(serializers.ModelSerializer[PerformancePoint]):
    """One point of a series."""

    nav_per_share_usd = UsdText()
    aum_usd = UsdText(allow_null=True)
    return_ratio = serializers.FloatField()
    drawdown_ratio = serializers.FloatField()

    class Meta:
        model = PerformancePoint
        fields = ["as_of_at", "nav_per_share_usd", "return_ratio", "drawdown_ratio", "aum_usd"]


class NaiveHistory(generics.GenericAPIView[PerformancePoint]):
    """A series by ModelSerializer, one object a point."""

    permission_classes = [AllowAny]

    def get(self, request: Request, slug: str) -> Response:
        """Answer with one series."""
        strategy = generics.get_object_or_404(Strategy, slug=slug, public=True)
        points = PerformancePoint.objects.filter(strategy=strategy).order_by("as_of_at")
        rows = PointSerializer(_with_ratios(points), many=True).data
        names = PointSerializer.Meta.fields
        return Response(
            {
                "strategy": strategy.slug,
                "columns": {name: [row[name] for row in rows] for name in names},
            }
        )


class PandasReport(generics.GenericAPIView[PerformancePoint]):
    """The headline metrics alone, by pandas over rows."""

    permission_classes = [AllowAny]

    def get(self, request: Request, slug: str) -> Response:
        """Read, compute, answer."""
        points = PerformancePoint.objects.filter(strategy__slug=slug).order_by("as_of_at")
        rows = points.values_list("as_of_at", "nav_per_share_usd")
        frame = pd.DataFrame.from_records(rows, columns=["as_of_at", "nav"])
        navs = frame.set_index("as_of_at")["nav"].astype(float)
        return Response({name: float(one) for name, one in pandas_headlines(navs).items()})


def _with_ratios(points: Iterable[PerformancePoint]) -> list[PerformancePoint]:
    """Bring return and drawdown beside each point."""
    found = list(points)
    first = peak = float(found[0].nav_per_share_usd)
    for point in found:
        nav = float(point.nav_per_share_usd)
        peak = max(peak, nav)
        point.return_ratio = nav / first - 1.0  # type: ignore[attr-defined]
        point.drawdown_ratio = nav / peak - 1.0  # type: ignore[attr-defined]
    return found


urlpatterns = [
    path("bench/static/", StaticViewSet.as_view({"get": "list"})),
    path("bench/strategies/", NaiveList.as_view()),
    path("bench/strategies/<slug:slug>/performance/", NaiveHistory.as_view()),
    path("bench/strategies/<slug:slug>/report/", PandasReport.as_view()),
    *real_paths,
]
