"""Discovery, its facets, and the page of one strategy."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from atlas.api.access import sees_everything
from atlas.api.caching import cached_read
from strategies.asking import read_parameters
from strategies.detail_serializers import StrategyDetailSerializer
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
from strategies.headlines import with_evidence
from strategies.models import Strategy
from strategies.performance_serializers import SLUG_PARAMETER
from strategies.querysets import StrategyQuerySet
from strategies.serializers import StrategyPageSerializer, addresses
from strategies.versions import list_version, no_strategy, strategy_version


class StrategyViewSet(viewsets.GenericViewSet[Strategy]):
    """The published strategies."""

    permission_classes = [AllowAny]
    queryset = Strategy.objects.all()
    lookup_field = "slug"
    lookup_value_regex = r"[A-Za-z0-9_-]+"

    def get_queryset(self) -> StrategyQuerySet:
        """Read what the asking person may see, with what the action shows of it."""
        readable = Strategy.objects.readable_by(self.request.user)
        return with_evidence(readable.select_related("benchmark"))

    @extend_schema(
        summary="Read one strategy",
        description="Everything that is published about it: description, parameters, metrics of "
        "every window and kind of evidence, vaults with their fees and terms, and notices of "
        "published history that was changed. Delisted strategies stay readable.",
        parameters=[SLUG_PARAMETER],
        responses=StrategyDetailSerializer,
    )
    @cached_read(strategy_version)
    def retrieve(self, request: Request, slug: str) -> Response:
        """Answer with one strategy."""
        read_parameters(request, {})
        strategy = self.get_queryset().filter(slug=slug).first()
        if strategy is None:
            raise no_strategy(request, slug)
        return Response(StrategyDetailSerializer(strategy, context={"request": request}).data)

    @extend_schema(
        summary="Discover strategies",
        description="Filters narrow the list, each further; unknown parameters are errors. "
        "Without an account only public strategies are listed.",
        parameters=[*NARROWING_PARAMETERS, *PAGE_PARAMETERS],
        responses=StrategyPageSerializer,
        filters=False,
    )
    @cached_read(list_version)
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
    @cached_read(list_version)
    def facets(self, request: Request) -> Response:
        """Answer with the counts of every choice."""
        wanted = read_narrowing(request)
        return Response(count_facets(wanted, sees_all=sees_everything(request.user)))
