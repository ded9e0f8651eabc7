"""Discovery, its facets, and the page of one strategy."""

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from strategies.discovery.answers import page_bytes
from strategies.discovery.facets import count_facets
from strategies.discovery.schema import (
    NARROWING_PARAMETERS,
    PAGE_PARAMETERS,
    FacetsSerializer,
)
from strategies.discovery.statement import find
from strategies.discovery.wishes import read_narrowing, read_wish
from strategies.formats import JSON
from strategies.headlines import with_headlines
from strategies.models import Strategy
from strategies.querysets import StrategyQuerySet, sees_everything
from strategies.serializers import (
    StrategyDetailSerializer,
    StrategyPageSerializer,
    addresses,
)


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
