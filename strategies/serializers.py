"""How the catalogue appears in answers of the API.

The list writes the same JSON in SQL (`strategies.discovery.items`); a test holds it to this.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from atlas.api.fields import UsdText
from atlas.domain.metrics import DEFINITIONS, Reason
from strategies.discovery.items import BELOW
from strategies.filters import SOURCES, WINDOWS
from strategies.headlines import headline_of
from strategies.models import Benchmark, MetricsSnapshot, Strategy
from strategies.models.metrics import METRIC_COLUMNS
from strategies.vocabulary import SOURCE_LABELS, SeriesSource

REASONS = [(reason.value, reason.meaning) for reason in Reason]


class HeadlineMetricsSerializer(serializers.Serializer[Any]):
    """The headline metrics by their ids; null where `reasons` says why."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Give one number a metric, named as in the definitions."""
        return {
            metric.value: serializers.FloatField(
                allow_null=True, help_text=DEFINITIONS[metric].name
            )
            for metric in METRIC_COLUMNS
        }


class ProvenanceSerializer(serializers.ModelSerializer[MetricsSnapshot]):
    """What the numbers were computed from."""

    class Meta:
        model = MetricsSnapshot
        fields = [
            "window_from_on",
            "window_to_on",
            "observations",
            "samples",
            "filled_days",
            "missing_days",
            "gaps",
            "first_at",
            "last_at",
            "data_version",
        ]
        read_only_fields = fields


class HeadlineSerializer(serializers.Serializer[MetricsSnapshot]):
    """The metrics that stand for a strategy, with the evidence that they come from."""

    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]  # a field, the base means another
    source_label = serializers.SerializerMethodField(
        help_text="What kind of evidence this is, in plain words; show it beside the numbers."
    )
    window = serializers.ChoiceField(choices=WINDOWS)
    as_of_at = serializers.DateTimeField(source="last_at", allow_null=True)
    metrics = HeadlineMetricsSerializer()
    aum_usd = UsdText(source="last_aum_usd", allow_null=True)
    reasons = serializers.DictField(
        child=serializers.ChoiceField(choices=REASONS),
        help_text="Metric id, or aum, -> why it is null.",
    )
    short_history = serializers.BooleanField(help_text="Under 90 days or 30 observations.")
    track_days = serializers.IntegerField(help_text="From the first to the last day of the series.")
    provenance = ProvenanceSerializer(source="*")
    sparkline = serializers.ListField(
        child=serializers.FloatField(),
        help_text="Growth factors since the window's opening: at most 60 points of the series, the "
        "lowest and the highest of every stretch among them, rounded to six decimals for drawing.",
    )

    def get_source_label(self, snapshot: MetricsSnapshot) -> str:
        """Give the plain words."""
        return SOURCE_LABELS[SeriesSource(snapshot.source)]


class BenchmarkSerializer(serializers.ModelSerializer[Benchmark]):
    """What a strategy is compared with."""

    class Meta:
        model = Benchmark
        fields = ["slug", "name"]
        read_only_fields = fields


class LinksSerializer(serializers.Serializer[Any]):
    """Where more about a strategy is found."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Give one address a thing; `self` is a word of the language and cannot be written out."""
        return {name: serializers.URLField() for name in (*BELOW, "vaults")}


class StrategyItemSerializer(serializers.ModelSerializer[Strategy]):
    """A strategy as one item of a list."""

    assets = serializers.ListField(child=serializers.CharField(), read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    headline = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField()

    class Meta:
        model = Strategy
        fields = [
            "slug",
            "name",
            "category",
            "assets",
            "timeframe",
            "status",
            "risk_level",
            "tags",
            "featured",
            "curated",
            "public",
            "inception_on",
            "discovered_at",
            "updated_at",
            "data_version",
            "headline",
            "links",
        ]
        read_only_fields = fields

    @extend_schema_field(HeadlineSerializer(allow_null=True))
    def get_headline(self, strategy: Strategy) -> dict[str, Any] | None:
        """Give the headline metrics, or null where nothing has been measured yet."""
        headline = headline_of(strategy)
        return dict(HeadlineSerializer(headline).data) if headline else None

    @extend_schema_field(LinksSerializer)
    def get_links(self, strategy: Strategy) -> dict[str, str]:
        """Give the addresses of what belongs to the strategy."""
        here, vaults = addresses(self.context.get("request"))
        links = {name: f"{here}{strategy.slug}/{path}" for name, path in BELOW.items()}
        return {**links, "vaults": f"{vaults}{strategy.slug}"}


@extend_schema_serializer(many=False)
class StrategyPageSerializer(serializers.Serializer[Any]):
    """One page of the list; on a walk by cursor nothing is counted."""

    count = serializers.IntegerField(allow_null=True, help_text="Strategies in the whole list.")
    page = serializers.IntegerField(allow_null=True)
    page_size = serializers.IntegerField()
    pages = serializers.IntegerField(allow_null=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StrategyItemSerializer(many=True)


def addresses(request: Request | None) -> tuple[str, str]:
    """Give the address of the list of strategies, and that of the vaults of one up to its slug.

    The register of vaults lies a floor above; its path is part of the API's contract.
    """
    here = reverse("strategy-list", request=request)
    return here, f"{here.removesuffix('strategies/')}vaults/?strategy="
