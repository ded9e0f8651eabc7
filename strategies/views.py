"""The catalogue over the API: read-only; public strategies need no account."""

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from atlas.api.filtering import read_query
from strategies.discovery.answers import page_bytes
from strategies.discovery.facets import count_facets
from strategies.discovery.schema import (
    NARROWING_PARAMETERS,
    PAGE_PARAMETERS,
    FacetsSerializer,
)
from strategies.discovery.statement import find
from strategies.discovery.wishes import read_narrowing, read_wish
from strategies.headlines import with_headlines
from strategies.models import Strategy
from strategies.performance_serializers import PerformanceQuery, PerformanceSerializer
from strategies.querysets import StrategyQuerySet, sees_everything
from strategies.reports import nav_series
from strategies.serializers import (
    StrategyDetailSerializer,
    StrategyPageSerializer,
    addresses,
)
from strategies.vocabulary import SeriesSource

JSON = "application/json"


@extend_schema_view(
    retrieve=extend_schema(
        summary="Read one strategy", description="Delisted strategies stay readable."
    ),
)
class StrategyViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Strategy]):
    """The published strategies."""

    permission_classes = [AllowAny]
    queryset = Strategy.objects.all()
    serializer_class = StrategyDetailSerializer
    lookup_field = "slug"
    lookup_value_regex = r"[A-Za-z0-9_-]+"
    query_parameters: tuple[str, ...] = ()

    def get_queryset(self) -> StrategyQuerySet:
        """Read what the asking person may see, with what the action shows of it."""
        readable = Strategy.objects.readable_by(self.request.user)
        if self.action != "retrieve":
            return readable
        return with_headlines(readable.select_related("benchmark"))

    def get_object(self) -> Strategy:
        """Find the strategy by its slug; raises Http404 with a remedy."""
        try:
            return super().get_object()
        except Http404:
            slug = self.kwargs["slug"]
            hint = "" if self.request.user.is_authenticated else "; log in to see those not public"
            raise Http404(f"There is no strategy {slug!r}{hint}") from None

    @extend_schema(
        summary="Discover strategies",
        description="Filters narrow the list, each further; unknown parameters are errors. "
        "Without an account only public strategies are listed.",
        parameters=[*NARROWING_PARAMETERS, *PAGE_PARAMETERS],
        responses=StrategyPageSerializer,
        filters=False,
    )
    def list(self, request: Request) -> HttpResponse:
        """Answer with one page of the list."""
        wish = read_wish(request)
        here, vaults = addresses(request)
        found = find(wish, here=here, vaults=vaults, sees_all=sees_everything(request.user))
        return HttpResponse(page_bytes(request, wish, found), content_type=JSON)

    @extend_schema(
        summary="Count what the list could be narrowed to",
        description="For each choice of each facet: how many strategies it would leave, under all "
        "filters but the facet's own; and between what numbers lie.",
        parameters=NARROWING_PARAMETERS,
        responses=FacetsSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def facets(self, request: Request) -> Response:
        """Answer with the counts of every choice."""
        wanted = read_narrowing(request)
        return Response(count_facets(wanted, sees_all=sees_everything(request.user)))

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
