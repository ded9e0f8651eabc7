"""How what trading did appears in answers of the API."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from atlas.api.fields import UsdText
from execution.models import CycleRun, Fill, GuardrailDecision, Order, Position, Signal
from execution.paper_books import liquidation_price_of

SIMULATED = "Played from a recording: its time is not the world's."


class CycleSerializer(serializers.ModelSerializer[CycleRun]):
    """One decision for one slot."""

    strategy = serializers.SlugField(source="deployment.strategy.slug", read_only=True)

    class Meta:
        model = CycleRun
        fields = [
            "id",
            "deployment",
            "strategy",
            "scheduled_for",
            "simulated_time",
            "origin",
            "state",
            "step",
            "reason",
            "message",
            "missed_slots",
            "inputs_hash",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[GuardrailDecision]):
    """The gate's word on an order."""

    class Meta:
        model = GuardrailDecision
        fields = ["allowed", "reason", "switch_state", "switch_scope", "decided_at"]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[Order]):
    """One attempt at a venue."""

    strategy = serializers.SlugField(source="deployment.strategy.slug", read_only=True)
    size_delta_usd = UsdText(read_only=True)
    collateral_delta_usd = UsdText(read_only=True)
    acceptable_price_usd = UsdText(read_only=True, allow_null=True)
    decision = DecisionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "deployment",
            "strategy",
            "cycle",
            "venue",
            "market",
            "is_long",
            "kind",
            "state",
            "size_delta_usd",
            "collateral_delta_usd",
            "acceptable_price_usd",
            "cancel_name",
            "cancel_reason",
            "decision",
            "created_at",
            "submitted_at",
            "final_at",
        ]
        read_only_fields = fields


COSTS = ["funding_usd", "borrowing_usd", "position_fee_usd", "execution_fee_usd"]


class FillSerializer(serializers.ModelSerializer[Fill]):
    """One execution, with its four costs apart."""

    strategy = serializers.SlugField(source="deployment.strategy.slug", read_only=True)
    size_delta_usd = UsdText(read_only=True)
    size_delta_tokens = UsdText(read_only=True)
    price_usd = UsdText(read_only=True)
    realised_usd = UsdText(read_only=True)
    funding_usd = UsdText(read_only=True)
    borrowing_usd = UsdText(read_only=True)
    position_fee_usd = UsdText(read_only=True)
    execution_fee_usd = UsdText(read_only=True)
    slippage_usd = UsdText(read_only=True)
    price_impact_usd = UsdText(
        read_only=True, help_text="Above zero: a gain; in the price already."
    )
    uncovered_usd = UsdText(read_only=True, help_text="Loss beyond the collateral: the pool's.")

    class Meta:
        model = Fill
        fields = [
            "id",
            "deployment",
            "strategy",
            "order",
            "cause",
            "venue",
            "market",
            "is_long",
            "is_increase",
            "size_delta_usd",
            "size_delta_tokens",
            "price_usd",
            "realised_usd",
            *COSTS,
            "slippage_usd",
            "price_impact_usd",
            "uncovered_usd",
            "simulated_time",
            "filled_at",
            "recorded_at",
        ]
        read_only_fields = fields


class PositionSerializer(serializers.ModelSerializer[Position]):
    """What a deployment holds in one market on one side."""

    size_usd = UsdText(read_only=True, help_text="Notional at entry.")
    size_tokens = UsdText(read_only=True)
    collateral_usd = UsdText(read_only=True)
    average_entry_usd = serializers.SerializerMethodField()
    liquidation_price_usd = serializers.SerializerMethodField()
    realised_usd = UsdText(read_only=True, help_text="Before costs.")
    funding_usd = UsdText(read_only=True)
    borrowing_usd = UsdText(read_only=True)
    position_fee_usd = UsdText(read_only=True)
    execution_fee_usd = UsdText(read_only=True)
    simulated_time = serializers.SerializerMethodField(help_text=SIMULATED)

    class Meta:
        model = Position
        fields = [
            "deployment",
            "market",
            "is_long",
            "size_usd",
            "size_tokens",
            "collateral_usd",
            "average_entry_usd",
            "liquidation_price_usd",
            "realised_usd",
            *COSTS,
            "fills_count",
            "simulated_time",
            "opened_at",
            "changed_at",
        ]
        read_only_fields = fields

    @extend_schema_field(UsdText(allow_null=True))
    def get_average_entry_usd(self, position: Position) -> str | None:
        """Give the average entry price, or null where it is flat."""
        price = position.held.average_entry_usd
        return None if price is None else UsdText().to_representation(price)

    @extend_schema_field(UsdText(allow_null=True))
    def get_liquidation_price_usd(self, position: Position) -> str | None:
        """Give the price that ends it as of its last change; null where it is flat or has none."""
        price = liquidation_price_of(position)
        return None if price is None else UsdText().to_representation(price)

    def get_simulated_time(self, position: Position) -> bool:
        """Tell whether it was traded in a recording's time."""
        return position.last_fill.simulated_time


class SignalSerializer(serializers.ModelSerializer[Signal]):
    """What the rule wanted, and why."""

    deployment = serializers.IntegerField(source="cycle.deployment_id", read_only=True)
    target_exposure_ratio = serializers.FloatField(read_only=True)
    confidence_ratio = serializers.FloatField(read_only=True)
    indicators = serializers.DictField(child=serializers.FloatField(), read_only=True)
    stop_usd = UsdText(read_only=True, allow_null=True)
    take_profit_usd = UsdText(read_only=True, allow_null=True)
    simulated_time = serializers.BooleanField(source="cycle.simulated_time", read_only=True)

    class Meta:
        model = Signal
        fields = [
            "id",
            "deployment",
            "market",
            "direction",
            "target_exposure_ratio",
            "confidence_ratio",
            "as_of_at",
            "valid_until_at",
            "reason",
            "indicators",
            "stop_usd",
            "take_profit_usd",
            "rule",
            "rule_version",
            "simulated_time",
        ]
        read_only_fields = fields
