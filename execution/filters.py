"""What lists of trading can be narrowed by."""

from django_filters.filters import CharFilter, NumberFilter
from django_filters.filterset import FilterSet
from drf_spectacular.utils import extend_schema_field

from atlas.api.filtering import AnyOfFilter, StrictBooleanFilter
from atlas.domain.states import CycleState, OrderState, TradingMode
from atlas.models.base import choice_list
from execution.models import CycleRun, Deployment, Fill, Order, Position, Signal
from execution.querysets import PositionQuerySet
from execution.vocabulary import DeploymentStatus

# Named here so that the OpenAPI document calls each vocabulary by one name wherever it occurs.
TRADING_MODES = choice_list(TradingMode)
DEPLOYMENT_STATUSES = choice_list(DeploymentStatus)
CYCLE_STATES = choice_list(CycleState)
ORDER_STATES = choice_list(OrderState)


@extend_schema_field({"type": "integer", "minimum": 1})
class DeploymentIdFilter(NumberFilter):
    """A filter by the whole number that names a deployment."""


def by_deployment(path: str = "deployment_id") -> DeploymentIdFilter:
    """Filter by a deployment; `path` leads to its number."""
    return DeploymentIdFilter(
        field_name=path, min_value=1, decimal_places=0, help_text="Number of the deployment."
    )


def by_strategy(path: str = "deployment__strategy__slug") -> CharFilter:
    """Filter by a strategy; `path` leads to its slug."""
    return CharFilter(field_name=path, max_length=80, help_text="Slug of the strategy.")


def by_market() -> CharFilter:
    """Filter by a market."""
    return CharFilter(field_name="market", max_length=40, help_text="Market: ETH/USD.")


class DeploymentFilter(FilterSet):
    """The list of deployments: each filter narrows it further."""

    strategy = by_strategy("strategy__slug")
    mode = AnyOfFilter(choices=TRADING_MODES, help_text="One or several, by commas.")
    status = AnyOfFilter(choices=DEPLOYMENT_STATUSES, help_text="One or several, by commas.")

    class Meta:
        model = Deployment
        fields: list[str] = []


class CycleFilter(FilterSet):
    """The list of cycles: each filter narrows it further."""

    deployment = by_deployment()
    strategy = by_strategy()
    state = AnyOfFilter(choices=CYCLE_STATES, help_text="One or several, by commas.")
    reason = CharFilter(max_length=40, help_text="Why it ended so: traded, gap, halted.")

    class Meta:
        model = CycleRun
        fields: list[str] = []


class OrderFilter(FilterSet):
    """The list of orders: each filter narrows it further."""

    deployment = by_deployment()
    strategy = by_strategy()
    market = by_market()
    state = AnyOfFilter(choices=ORDER_STATES, help_text="One or several, by commas.")

    class Meta:
        model = Order
        fields: list[str] = []


class FillFilter(FilterSet):
    """The list of fills: each filter narrows it further."""

    deployment = by_deployment()
    strategy = by_strategy()
    market = by_market()

    class Meta:
        model = Fill
        fields: list[str] = []


class PositionFilter(FilterSet):
    """The positions of a strategy: each filter narrows them further."""

    deployment = by_deployment()
    market = by_market()
    open = StrictBooleanFilter(method="by_openness", help_text="Only open ones, or only flat ones.")

    class Meta:
        model = Position
        fields: list[str] = []

    def by_openness(
        self,
        queryset: PositionQuerySet,
        _name: str,
        is_open: bool,  # noqa: FBT001 - the signature is django-filter's
    ) -> PositionQuerySet:
        """Keep what holds something, or what holds nothing."""
        return queryset.open() if is_open else queryset.flat()


class SignalFilter(FilterSet):
    """The signals of a strategy: each filter narrows them further."""

    deployment = by_deployment("cycle__deployment_id")
    market = by_market()

    class Meta:
        model = Signal
        fields: list[str] = []
