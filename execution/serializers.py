"""How trading appears in answers of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from atlas.api.fields import UsdText
from atlas.api.filtering import DateRangeQuery
from execution.models import CycleRun, Deployment, Fill, GuardrailDecision, Order, Position, Signal

SIMULATED = "Played from a recording: its time is not the world's."


class LastCycleSerializer(serializers.Serializer[Any]):
    """The newest cycle of a deployment."""

    scheduled_for = serializers.DateTimeField()
    state = serializers.CharField()
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()


class LatestEquitySerializer(serializers.Serializer[Any]):
    """What the account was worth when it was last valued."""

    as_of_at = serializers.DateTimeField()
    equity_usd = UsdText()
    share_value_usd = UsdText(allow_null=True)


class DeploymentItemSerializer(serializers.ModelSerializer[Deployment]):
    """A strategy at work on one account."""

    strategy: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "slug", read_only=True
    )
    markets = serializers.ListField(child=serializers.CharField(), read_only=True)
    simulated_time = serializers.SerializerMethodField(help_text=SIMULATED)
    last_cycle = serializers.SerializerMethodField()
    latest_equity = serializers.SerializerMethodField()

    class Meta:
        model = Deployment
        fields = [
            "id",
            "strategy",
            "mode",
            "status",
            "markets",
            "timeframe",
            "cadence_seconds",
            "rule",
            "simulated_time",
            "created_at",
            "last_cycle",
            "latest_equity",
        ]
        read_only_fields = fields

    def get_simulated_time(self, deployment: Deployment) -> bool:
        """Tell whether it lives in a recording's time."""
        return deployment.feed_clock_id is not None

    @extend_schema_field(LastCycleSerializer(allow_null=True))
    def get_last_cycle(self, deployment: Any) -> dict[str, Any] | None:
        """Give the newest cycle, or null where none has run."""
        if deployment.last_scheduled_for is None:
            return None
        return {
            "scheduled_for": deployment.last_scheduled_for,
            "state": deployment.last_state,
            "reason": deployment.last_reason,
            "started_at": deployment.last_started_at,
        }

    @extend_schema_field(LatestEquitySerializer(allow_null=True))
    def get_latest_equity(self, deployment: Any) -> dict[str, Any] | None:
        """Give the latest valuation, or null where there is none."""
        if deployment.equity_as_of_at is None:
            return None
        found = {
            "as_of_at": deployment.equity_as_of_at,
            "equity_usd": deployment.equity_usd,
            "share_value_usd": deployment.share_value_usd,
        }
        return dict(LatestEquitySerializer(found).data)


class DeploymentDetailSerializer(DeploymentItemSerializer):
    """Everything that is told about one deployment."""

    parameters = serializers.DictField(read_only=True)
    vault = serializers.SerializerMethodField()

    class Meta(DeploymentItemSerializer.Meta):
        fields = [*DeploymentItemSerializer.Meta.fields, "parameters", "feed", "vault"]
        read_only_fields = fields

    def get_vault(self, deployment: Deployment) -> str | None:
        """Name the vault by its CAIP-10 account, or null on paper."""
        return None if deployment.vault is None else deployment.vault.account_id


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

    class Meta:
        model = Fill
        fields = [
            "id",
            "deployment",
            "strategy",
            "order",
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


class EquityQuery(DateRangeQuery):
    """What may be asked of an equity series."""


class EquityColumnsSerializer(serializers.Serializer[Any]):
    """The series as columns of equal length, oldest first."""

    as_of_at = serializers.ListField(child=serializers.DateTimeField())
    equity_usd = serializers.ListField(child=UsdText())
    cash_usd = serializers.ListField(child=UsdText())
    share_value_usd = serializers.ListField(child=UsdText(allow_null=True))


class EquitySerializer(serializers.Serializer[Any]):
    """An equity series with where it comes from."""

    deployment = serializers.IntegerField()
    simulated_time = serializers.BooleanField(help_text=SIMULATED)
    observations = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    columns = EquityColumnsSerializer()
