"""How the catalogue appears in answers of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from atlas.api.fields import UsdText
from atlas.api.filtering import DateRangeQuery
from strategies.filters import SOURCES
from strategies.headlines import headline_of
from strategies.models import Benchmark, MetricsSnapshot, Strategy


class HeadlineSerializer(serializers.ModelSerializer[MetricsSnapshot]):
    """The metrics that stand for a strategy in a list, with where they come from."""

    last_aum_usd = UsdText(read_only=True, allow_null=True)

    class Meta:
        model = MetricsSnapshot
        fields = [
            "source",
            "window",
            "total_return_ratio",
            "max_drawdown_ratio",
            "last_aum_usd",
            "observations",
            "first_at",
            "last_at",
            "data_version",
        ]
        read_only_fields = fields


class BenchmarkSerializer(serializers.ModelSerializer[Benchmark]):
    """What a strategy is compared with."""

    class Meta:
        model = Benchmark
        fields = ["slug", "name"]
        read_only_fields = fields


class LinksSerializer(serializers.Serializer[Any]):
    """Where more about a strategy is found."""

    self = serializers.URLField()
    performance = serializers.URLField()
    vaults = serializers.URLField()


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
        request = self.context.get("request")
        here = reverse("strategy-detail", [strategy.slug], request=request)
        return {
            "self": here,
            "performance": reverse("strategy-performance", [strategy.slug], request=request),
            # The register of vaults lies a floor above; its path is part of the API's contract.
            "vaults": f"{here.rsplit('/strategies/', 1)[0]}/vaults/?strategy={strategy.slug}",
        }


class StrategyDetailSerializer(StrategyItemSerializer):
    """Everything that is published about one strategy."""

    parameters = serializers.DictField(read_only=True)
    benchmark = BenchmarkSerializer(read_only=True, allow_null=True)

    class Meta(StrategyItemSerializer.Meta):
        fields = [
            *StrategyItemSerializer.Meta.fields,
            "description",
            "rule",
            "parameters",
            "benchmark",
            "source_hash",
            "created_at",
        ]
        read_only_fields = fields


class PerformanceQuery(DateRangeQuery):
    """What may be asked of a NAV series."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field, the base means another
        choices=SOURCES,
        required=False,
        help_text="Kind of evidence; without it the best that exists: live, paper, backtest.",
    )


class NavColumnsSerializer(serializers.Serializer[Any]):
    """The series as columns of equal length, oldest first."""

    as_of_at = serializers.ListField(child=serializers.DateTimeField())
    nav_per_share_usd = serializers.ListField(child=UsdText())
    aum_usd = serializers.ListField(child=UsdText(allow_null=True))


class PerformanceSerializer(serializers.Serializer[Any]):
    """A NAV series with where it comes from."""

    strategy = serializers.SlugField()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field, the base means another
        choices=SOURCES, allow_null=True
    )
    data_version = serializers.IntegerField()
    observations = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    columns = NavColumnsSerializer()
