"""The catalogue over the API: read-only; public strategies need no account."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from atlas.api.filtering import Order, read_query
from strategies.filters import StrategyFilter
from strategies.headlines import headline_value, with_headlines
from strategies.models import Strategy
from strategies.querysets import StrategyQuerySet
from strategies.reports import nav_series
from strategies.serializers import (
    PerformanceQuery,
    PerformanceSerializer,
    StrategyDetailSerializer,
    StrategyItemSerializer,
)
from strategies.vocabulary import SeriesSource


@extend_schema_view(
    list=extend_schema(
        summary="Discover strategies",
        description="Filters narrow the list, each further; unknown parameters are errors. "
        "Without an account only public strategies are listed.",
    ),
    retrieve=extend_schema(
        summary="Read one strategy", description="Delisted strategies stay readable."
    ),
)
class StrategyViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Strategy]
):
    """The published strategies."""

    permission_classes = [AllowAny]
    queryset = Strategy.objects.all()
    filterset_class = StrategyFilter
    lookup_field = "slug"
    lookup_value_regex = r"[A-Za-z0-9_-]+"
    query_parameters: tuple[str, ...] = ()
    orderings: Mapping[str, Order] = {
        "latest": [F("discovered_at").desc(nulls_last=True), F("created_at").desc()],
        "name": ["name"],
        "inception": [F("inception_on").desc(nulls_last=True)],
        "return": [headline_value("total_return_ratio").desc(nulls_last=True)],
        "drawdown": [headline_value("max_drawdown_ratio").asc(nulls_last=True)],
        "aum": [headline_value("last_aum_usd").desc(nulls_last=True)],
    }

    def get_queryset(self) -> StrategyQuerySet:
        """Read what the asking person may see, with what the action shows of it."""
        readable = Strategy.objects.readable_by(self.request.user)
        if self.action == "performance":
            return readable
        return with_headlines(readable.select_related("benchmark"))

    def get_serializer_class(self) -> type[BaseSerializer[Strategy]]:
        """Show an item in lists and everything in the detail."""
        return StrategyDetailSerializer if self.action == "retrieve" else StrategyItemSerializer

    def get_object(self) -> Strategy:
        """Find the strategy by its slug; raises Http404 with a remedy."""
        try:
            return super().get_object()
        except Http404:
            slug = self.kwargs["slug"]
            hint = "" if self.request.user.is_authenticated else "; log in to see those not public"
            raise Http404(f"There is no strategy {slug!r}{hint}") from None

    @extend_schema(
        summary="Read the NAV series of a strategy",
        description="What one share was worth over time, as columns of equal length, oldest first.",
        parameters=[PerformanceQuery],
        responses=PerformanceSerializer,
        filters=False,
    )
    @action(
        detail=True,
        pagination_class=None,
        query_parameters=("from", "to", "source"),
    )
    def performance(self, request: Request, slug: str) -> Response:
        """Answer with one NAV series."""
        strategy = self.get_object()
        wanted = read_query(request, PerformanceQuery)
        source = SeriesSource(wanted["source"]) if "source" in wanted else None
        series = nav_series(strategy, source=source, within=wanted["range"])
        columns: dict[str, Any] = {
            "as_of_at": series.as_of_at,
            "nav_per_share_usd": series.nav_per_share_usd,
            "aum_usd": series.aum_usd,
        }
        return Response(
            {
                "strategy": strategy.slug,
                "source": series.source,
                "data_version": strategy.data_version,
                "observations": len(series.as_of_at),
                "first_at": series.as_of_at[0] if series.as_of_at else None,
                "last_at": series.as_of_at[-1] if series.as_of_at else None,
                "columns": columns,
            }
        )
