"""How series appear in answers of the API, and what may be asked of them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_serializer
from rest_framework import serializers

from atlas.api.fields import UsdText
from strategies.charts import Interval
from strategies.filters import SOURCES
from strategies.formats import FORMAT_DESCRIBED
from strategies.serializers import BenchmarkSerializer

INTERVALS = [(one.value, one.name.capitalize()) for one in Interval]


def _day(name: str, description: str) -> OpenApiParameter:
    """Describe one end of a range of days."""
    return OpenApiParameter(name, {"type": "string", "format": "date"}, description=description)


SLUG_PARAMETER = OpenApiParameter(
    "slug", str, OpenApiParameter.PATH, description="Slug of the strategy."
)
RANGE_PARAMETERS = [
    _day("from", "First day, included (UTC)."),
    _day("to", "Last day, included (UTC)."),
]
SERIES_PARAMETERS = [
    *RANGE_PARAMETERS,
    OpenApiParameter(
        "interval",
        str,
        enum=[one.value for one in Interval],
        default=Interval.DAY.value,
        description="The last point of each UTC day, ISO week or month; or every point.",
    ),
    OpenApiParameter(
        "max_points",
        {"type": "integer", "minimum": 10, "maximum": 100_000},
        description="Thin the answer out to so many points at the most.",
    ),
    FORMAT_DESCRIBED,
]
PERFORMANCE_PARAMETERS = [
    SLUG_PARAMETER,
    *SERIES_PARAMETERS,
    OpenApiParameter(
        "source",
        str,
        enum=[value for value, _ in SOURCES],
        description="Kind of evidence; without it the best that exists: live, paper, backtest.",
    ),
    OpenApiParameter("benchmark", str, description="Slug of a benchmark to compare with."),
    OpenApiParameter(
        "data_version",
        {"type": "integer", "minimum": 1},
        description="Tell the figures as they were published at this version of the data.",
    ),
]


class RestatementSerializer(serializers.Serializer[Any]):
    """A change of published history; the old figures are told by `data_version_before`."""

    data_version_before = serializers.IntegerField()
    data_version_after = serializers.IntegerField()
    first_changed_at = serializers.DateTimeField(help_text="The earliest point that changed.")
    points_revised = serializers.IntegerField(help_text="Points that got another value.")
    points_withdrawn = serializers.IntegerField(help_text="Points that were taken away.")
    points_inserted = serializers.IntegerField(help_text="Points that appeared in between.")
    reference = serializers.CharField(help_text="What made the change.")
    noted_at = serializers.DateTimeField()


class ChartColumnsSerializer(serializers.Serializer[Any]):
    """The series as columns of equal length, oldest first; the last two only with a benchmark."""

    as_of_at = serializers.ListField(child=serializers.DateTimeField())
    nav_per_share_usd = serializers.ListField(child=UsdText())
    return_ratio = serializers.ListField(child=serializers.FloatField())
    drawdown_ratio = serializers.ListField(child=serializers.FloatField())
    aum_usd = serializers.ListField(child=UsdText(allow_null=True))
    benchmark_price_usd = serializers.ListField(child=UsdText(allow_null=True), required=False)
    benchmark_return_ratio = serializers.ListField(
        child=serializers.FloatField(allow_null=True), required=False
    )


@extend_schema_serializer(many=False)
class PerformanceSerializer(serializers.Serializer[Any]):
    """A NAV series with where it comes from."""

    strategy = serializers.SlugField()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field, the base means another
        choices=SOURCES, allow_null=True
    )
    source_label = serializers.CharField(
        allow_null=True, help_text="What kind of evidence this is, in plain words."
    )
    data_version = serializers.IntegerField()
    is_current = serializers.BooleanField(help_text="Whether these are the newest figures.")
    interval = serializers.ChoiceField(choices=INTERVALS)
    observations = serializers.IntegerField()
    observations_before_thinning = serializers.IntegerField()
    thinned_by = serializers.ChoiceField(
        choices=[("min_max", "Lowest and highest of every stretch")], allow_null=True
    )
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    benchmark = BenchmarkSerializer(allow_null=True)
    restatements = RestatementSerializer(many=True)
    columns = ChartColumnsSerializer()
