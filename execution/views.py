"""Trading over the API: read-only.

Deployments, positions, signals and equity of public strategies need no account, like the strategies
themselves; cycles, orders and fills are the house's own affairs and need a right.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from atlas.api.access import Scope
from atlas.api.fieldsets import SparseFields
from atlas.api.filtering import Order as ListOrder
from atlas.api.filtering import read_query
from atlas.api.pagination import CursorPagination
from atlas.api.tables import Tabular
from execution.deployment_serializers import (
    DeploymentDetailSerializer,
    DeploymentItemSerializer,
    EquityQuery,
    EquitySerializer,
    MarkSerializer,
)
from execution.filters import (
    CycleFilter,
    DeploymentFilter,
    FillFilter,
    OrderFilter,
    PositionFilter,
    SignalFilter,
)
from execution.models import CycleRun, Deployment, Fill, Order, Position, Signal
from execution.querysets import DeploymentQuerySet
from execution.reports import equity_series, with_latest
from execution.serializers import (
    CycleSerializer,
    FillSerializer,
    OrderSerializer,
    PositionSerializer,
    SignalSerializer,
)
from execution.track_marks import marks_of
from strategies.models import Strategy
from strategies.versions import no_strategy

SLUG = OpenApiParameter("slug", str, OpenApiParameter.PATH, description="Slug of the strategy.")


class NewestStarted(CursorPagination):
    """Walk through cycles, the newest first."""

    ordering = ("-started_at", "-pk")


class NewestCreated(CursorPagination):
    """Walk through orders, the newest first."""

    ordering = ("-created_at", "-pk")


class NewestWritten(CursorPagination):
    """Walk through rows in the order in which they were written, the newest first."""

    ordering = ("-pk",)


@extend_schema_view(
    list=extend_schema(
        summary="List deployments",
        description="Strategies at work, each with its newest cycle and latest valuation. "
        "Without an account only those of public strategies are listed.",
    ),
    retrieve=extend_schema(
        summary="Read one deployment", description="Its terms, newest cycle and latest valuation."
    ),
)
class DeploymentViewSet(
    Tabular,
    SparseFields,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Deployment],
):
    """Strategies at work."""

    permission_classes = [AllowAny]
    queryset = Deployment.objects.all()
    filterset_class = DeploymentFilter
    lookup_value_regex = r"[0-9]{1,9}"
    query_parameters: tuple[str, ...] = ()
    orderings: Mapping[str, ListOrder] = {"newest": ["-created_at"], "strategy": ["strategy__slug"]}

    def get_queryset(self) -> DeploymentQuerySet:
        """Read what the asking person may see, with what the action shows of it."""
        readable = Deployment.objects.readable_by(self.request.user).detailed()
        return readable if self.action == "equity" else with_latest(readable)

    def get_serializer_class(self) -> type[BaseSerializer[Deployment]]:
        """Show an item in lists and everything in the detail."""
        detailed = self.action == "retrieve"
        return DeploymentDetailSerializer if detailed else DeploymentItemSerializer

    @extend_schema(
        summary="Read the equity of a deployment",
        description="What its account was worth at the end of each cycle, oldest first. "
        "`share_value_usd` is the figure for performance: deposits do not change it.",
        parameters=[EquityQuery],
        responses=EquitySerializer,
        filters=False,
    )
    @action(detail=True, pagination_class=None, query_parameters=("from", "to"))
    def equity(self, request: Request, pk: str) -> Response:
        """Answer with one equity series."""
        deployment = self.get_object()
        series = equity_series(deployment, within=read_query(request, EquityQuery)["range"])
        return Response(
            {
                "deployment": deployment.pk,
                "simulated_time": deployment.feed_clock_id is not None,
                "observations": len(series.as_of_at),
                "first_at": series.as_of_at[0] if series.as_of_at else None,
                "last_at": series.as_of_at[-1] if series.as_of_at else None,
                "marks": MarkSerializer(marks_of(deployment), many=True).data,
                "columns": {
                    "as_of_at": series.as_of_at,
                    "equity_usd": series.equity_usd,
                    "cash_usd": series.cash_usd,
                    "share_value_usd": series.share_value_usd,
                },
            }
        )


@extend_schema_view(
    list=extend_schema(
        summary="List cycles",
        description="Decisions, the newest first, with how each ended and why.",
    ),
    retrieve=extend_schema(summary="Read one cycle", description="How it ended and why."),
)
class CycleViewSet(
    Tabular,
    SparseFields,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[CycleRun],
):
    """Scheduled decisions."""

    required_scope = Scope.TRADING
    queryset = CycleRun.objects.select_related("deployment__strategy")
    serializer_class = CycleSerializer
    filterset_class = CycleFilter
    pagination_class = NewestStarted
    lookup_value_regex = r"[0-9]{1,18}"


@extend_schema_view(
    list=extend_schema(
        summary="List orders",
        description="Attempts at venues, the newest first, each with the gate's word on it.",
    ),
    retrieve=extend_schema(
        summary="Read one order", description="The attempt and the gate's word on it."
    ),
)
class OrderViewSet(
    Tabular,
    SparseFields,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Order],
):
    """Attempts at venues."""

    required_scope = Scope.TRADING
    queryset = Order.objects.select_related("deployment__strategy", "decision")
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    pagination_class = NewestCreated
    lookup_value_regex = r"[0-9a-f-]{36}"


@extend_schema_view(
    list=extend_schema(
        summary="List fills",
        description="Executions, the newest first, each with its four costs apart.",
    )
)
class FillViewSet(Tabular, SparseFields, mixins.ListModelMixin, viewsets.GenericViewSet[Fill]):
    """Executions."""

    required_scope = Scope.TRADING
    queryset = Fill.objects.select_related("deployment__strategy")
    serializer_class = FillSerializer
    filterset_class = FillFilter
    pagination_class = NewestWritten


class OfStrategy(Tabular, SparseFields, viewsets.GenericViewSet[Any]):
    """Lists under one strategy: whoever may read the strategy may read them."""

    permission_classes = [AllowAny]

    def strategy(self) -> Strategy:
        """Find the strategy that the path names; raises Http404 with a remedy."""
        slug = self.kwargs["slug"]
        found: Strategy | None = (
            Strategy.objects.readable_by(self.request.user).filter(slug=slug).first()
        )
        if found is None:
            raise no_strategy(self.request, slug)
        return found


@extend_schema_view(
    list=extend_schema(
        summary="List the positions of a strategy",
        description="What its deployments hold or held, with what it earned and cost.",
        parameters=[SLUG],
    )
)
class PositionViewSet(OfStrategy, mixins.ListModelMixin):
    """What the deployments of a strategy hold."""

    queryset = Position.objects.select_related("last_fill__terms")
    serializer_class = PositionSerializer
    filterset_class = PositionFilter
    orderings: Mapping[str, ListOrder] = {"latest": ["-changed_at"], "market": ["market"]}

    def get_queryset(self) -> QuerySet[Position]:
        """Read the positions of the strategy's deployments."""
        return super().get_queryset().filter(deployment__strategy=self.strategy())


@extend_schema_view(
    list=extend_schema(
        summary="List the signals of a strategy",
        description="What its rule wanted, the newest first, with the reason in words.",
        parameters=[SLUG],
    )
)
class SignalViewSet(OfStrategy, mixins.ListModelMixin):
    """What the rule of a strategy wanted."""

    queryset = Signal.objects.select_related("cycle")
    serializer_class = SignalSerializer
    filterset_class = SignalFilter
    pagination_class = NewestWritten

    def get_queryset(self) -> QuerySet[Signal]:
        """Read the signals of the strategy's deployments."""
        return super().get_queryset().filter(cycle__deployment__strategy=self.strategy())
