"""How trades, holdings and benchmarks appear in answers of the API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from atlas.api.fields import UsdText
from strategies.models import Benchmark, Holding, ImportedTrade


@extend_schema_field({"type": "string", "format": "decimal", "example": "0.25"})
class QuantityText(UsdText):
    """An exact quantity as text."""


class TradeSerializer(serializers.ModelSerializer[ImportedTrade]):
    """One trade of a strategy's record, as its producer reported it; its four costs stay apart."""

    entry_price_usd = UsdText(read_only=True)
    exit_price_usd = UsdText(read_only=True, allow_null=True)
    size_usd = UsdText(read_only=True)
    pnl_usd = UsdText(read_only=True, allow_null=True)
    pnl_ratio = serializers.FloatField(read_only=True, allow_null=True)
    funding_usd = UsdText(read_only=True)
    borrowing_usd = UsdText(read_only=True)
    position_fee_usd = UsdText(read_only=True)
    execution_fee_usd = UsdText(read_only=True)

    class Meta:
        model = ImportedTrade
        fields = [
            "external_id",
            "market",
            "side",
            "opened_at",
            "closed_at",
            "entry_price_usd",
            "exit_price_usd",
            "size_usd",
            "pnl_usd",
            "pnl_ratio",
            "funding_usd",
            "borrowing_usd",
            "position_fee_usd",
            "execution_fee_usd",
            "result",
        ]
        read_only_fields = fields


class HoldingSerializer(serializers.ModelSerializer[Holding]):
    """How much of one asset was held."""

    quantity = QuantityText(read_only=True)
    weight_ratio = serializers.FloatField(
        read_only=True, help_text="Share of the strategy's value; short positions below 0."
    )
    value_usd = UsdText(read_only=True)

    class Meta:
        model = Holding
        fields = ["asset", "quantity", "weight_ratio", "value_usd"]
        read_only_fields = fields


@extend_schema_serializer(many=False)
class CompositionSerializer(serializers.Serializer[Any]):
    """What a strategy held at one moment, the most valuable first."""

    strategy = serializers.SlugField()
    data_version = serializers.IntegerField()
    as_of_at = serializers.DateTimeField(allow_null=True)
    previous_at = serializers.DateTimeField(
        allow_null=True, help_text="The composition before this one; ask for its day with `at`."
    )
    value_usd = UsdText(allow_null=True, help_text="The values together.")
    holdings = HoldingSerializer(many=True)


class BenchmarkItemSerializer(serializers.ModelSerializer[Benchmark]):
    """What strategies are compared with, and how far its prices reach."""

    observations = serializers.IntegerField(read_only=True)
    first_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Benchmark
        fields = ["slug", "name", "observations", "first_at", "last_at"]
        read_only_fields = fields


class PriceColumnsSerializer(serializers.Serializer[Any]):
    """The prices as columns of equal length, oldest first."""

    as_of_at = serializers.ListField(child=serializers.DateTimeField())
    price_usd = serializers.ListField(child=UsdText())
    return_ratio = serializers.ListField(child=serializers.FloatField())
    drawdown_ratio = serializers.ListField(child=serializers.FloatField())


@extend_schema_serializer(many=False)
class PricesSerializer(serializers.Serializer[Any]):
    """The prices of a benchmark."""

    benchmark = serializers.SlugField()
    name = serializers.CharField()
    interval = serializers.CharField()
    observations = serializers.IntegerField()
    observations_before_thinning = serializers.IntegerField()
    thinned_by = serializers.CharField(allow_null=True)
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    columns = PriceColumnsSerializer()


AT_PARAMETER = OpenApiParameter(
    "at",
    {"type": "string", "format": "date"},
    description="The newest composition up to the end of this day (UTC); without it the newest.",
)
