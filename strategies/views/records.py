"""The record of a strategy over the API: the trades that its producer reports, and what it held."""

import io

from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from atlas.api.caching import cached_read
from atlas.api.filtering import DateRange
from atlas.api.pagination import CursorPagination
from atlas.csv_cells import write_rows
from atlas.domain.errors import InvalidInput
from strategies.asking import read_parameters
from strategies.filters import TradeFilter
from strategies.formats import CSV, FORMAT_DESCRIBED, FORMAT_PARAMETER, FORMATS
from strategies.models import Holding, ImportedTrade, Strategy
from strategies.performance_serializers import SLUG_PARAMETER
from strategies.readers import day, one_of
from strategies.record_serializers import (
    AT_PARAMETER,
    CompositionSerializer,
    HoldingSerializer,
    TradeSerializer,
)
from strategies.versions import no_strategy, strategy_version

MOST_TRADES = 100_000


def strategy_of(request: Request, slug: str) -> Strategy:
    """Find the strategy that a path names; raises Http404 with a remedy."""
    found: Strategy | None = Strategy.objects.readable_by(request.user).filter(slug=slug).first()
    if found is None:
        raise no_strategy(request, slug)
    return found


class NewestOpened(CursorPagination):
    """Walk through trades, the newest first."""

    ordering = ("-opened_at", "-pk")


class TradeViewSet(viewsets.GenericViewSet[ImportedTrade]):
    """The trades of a strategy's record."""

    permission_classes = [AllowAny]
    queryset = ImportedTrade.objects.all()
    serializer_class = TradeSerializer
    filterset_class = TradeFilter
    pagination_class = NewestOpened
    query_parameters = (FORMAT_PARAMETER,)

    @extend_schema(
        summary="List the trades of a strategy",
        description="What its producer reports, the newest first. As CSV the whole range at once, "
        f"up to {MOST_TRADES:,} trades.",
        parameters=[SLUG_PARAMETER, FORMAT_DESCRIBED],
        responses={
            (200, "application/json"): TradeSerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    @cached_read(strategy_version)
    def list(self, request: Request, slug: str) -> HttpResponse:
        """Answer with one page of trades, or with all of a range as CSV."""
        trades = self.get_queryset().filter(strategy=strategy_of(request, slug))
        found = self.filter_queryset(trades)
        if _wants_csv(request):
            return _as_csv(found, slug)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(TradeSerializer(page, many=True).data)


class HoldingViewSet(viewsets.ViewSet):
    """What a strategy held."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="strategies_holdings_retrieve",
        summary="Read what a strategy held",
        description="Its composition at one moment, the most valuable holding first.",
        parameters=[SLUG_PARAMETER, AT_PARAMETER],
        responses=CompositionSerializer,
    )
    @cached_read(strategy_version)
    def list(self, request: Request, slug: str) -> Response:
        """Answer with one composition."""
        given = read_parameters(request, {"at": day})
        strategy = strategy_of(request, slug)
        known = Holding.objects.filter(strategy=strategy)
        if "at" in given:
            known = known.filter(as_of_at__lt=DateRange(None, given["at"]).end_at)
        moments = list(
            known.order_by("-as_of_at").values_list("as_of_at", flat=True).distinct()[:2]
        )
        held = known.filter(as_of_at__in=moments[:1]).order_by("-value_usd", "asset")
        return Response(
            {
                "strategy": strategy.slug,
                "data_version": strategy.data_version,
                "as_of_at": moments[0] if moments else None,
                "previous_at": moments[1] if len(moments) > 1 else None,
                "value_usd": held.order_by().aggregate(total=Sum("value_usd"))["total"],
                "holdings": HoldingSerializer(held, many=True).data,
            }
        )


def _wants_csv(request: Request) -> bool:
    """Read the form that is asked for; raises ValidationError for one that is not offered."""
    try:
        return one_of(FORMATS)(request.query_params.get(FORMAT_PARAMETER, FORMATS[0])) == "csv"
    except ValueError as error:
        raise ValidationError({FORMAT_PARAMETER: [str(error)]}) from None


def _as_csv(trades: QuerySet[ImportedTrade], slug: str) -> HttpResponse:
    """Write trades as CSV with the digits of the JSON; raises InvalidInput for too many."""
    found = list(trades.order_by("-opened_at", "-pk")[: MOST_TRADES + 1])
    if len(found) > MOST_TRADES:
        raise InvalidInput(
            f"There are more than {MOST_TRADES:,} trades; narrow them with from and to",
            detail={"most_trades": MOST_TRADES},
        )
    names = TradeSerializer.Meta.fields
    rows = ([row[name] for name in names] for row in TradeSerializer(found, many=True).data)
    text = io.StringIO()
    write_rows(text, names, rows)
    disposition = {"Content-Disposition": f'attachment; filename="{slug}-trades.csv"'}
    return HttpResponse(
        text.getvalue().encode(), content_type=f"{CSV}; charset=utf-8", headers=disposition
    )
