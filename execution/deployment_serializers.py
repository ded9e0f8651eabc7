"""How deployments and their equity appear in answers of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from atlas.api.fields import UsdText
from atlas.api.filtering import DateRangeQuery
from execution.limits_in_use import limits_in_use
from execution.mandates import parameters_in_force
from execution.models import Deployment
from execution.parameter_changes import version_in_force
from execution.serializers import SIMULATED


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
            "offset_seconds",
            "jitter_seconds",
            "missed_slots",
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


class LimitSerializer(serializers.Serializer[Any]):
    """One limit in force."""

    name = serializers.CharField(source="field.name")
    unit = serializers.CharField(source="field.unit")
    value = serializers.JSONField(
        help_text="Amounts and ratios as text; null where nobody states it, which forbids."
    )
    level = serializers.CharField(
        allow_null=True, help_text="Whose word is the tightest: DEPLOYMENT, VAULT or GLOBAL."
    )
    used_percent = serializers.FloatField(
        allow_null=True, help_text="At the last order that was judged; null where none was."
    )


class LimitsSerializer(serializers.Serializer[Any]):
    """The limits that bind a deployment, the tightest of all levels, and their use."""

    deployment_version = serializers.IntegerField(
        source="versions.deployment.version", allow_null=True, default=None
    )
    vault_version = serializers.IntegerField(
        source="versions.vault.version", allow_null=True, default=None
    )
    global_version = serializers.IntegerField(
        source="versions.house.version", allow_null=True, default=None
    )
    decided_at = serializers.DateTimeField(
        source="measured_at", allow_null=True, help_text="When the use was measured; null: never."
    )
    in_force = LimitSerializer(many=True, source="limits")


class DeploymentDetailSerializer(DeploymentItemSerializer):
    """Everything that is told about one deployment."""

    parameters = serializers.SerializerMethodField()
    parameters_version = serializers.SerializerMethodField()
    vault = serializers.SerializerMethodField()
    limits = serializers.SerializerMethodField()

    class Meta(DeploymentItemSerializer.Meta):
        fields = [
            *DeploymentItemSerializer.Meta.fields,
            "parameters",
            "parameters_version",
            "feed",
            "vault",
            "limits",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_parameters(self, deployment: Deployment) -> dict[str, Any]:
        """Give the parameters that the next cycle goes by."""
        return parameters_in_force(deployment)

    def get_parameters_version(self, deployment: Deployment) -> int:
        """Give their version; 1 is what the deployment was created with."""
        return version_in_force(deployment)

    @extend_schema_field(LimitsSerializer)
    def get_limits(self, deployment: Deployment) -> dict[str, Any]:
        """Give the limits in force and how much of each is used."""
        return dict(LimitsSerializer(limits_in_use(deployment)).data)

    def get_vault(self, deployment: Deployment) -> str | None:
        """Name the vault by its CAIP-10 account, or null on paper."""
        return None if deployment.vault is None else deployment.vault.account_id


class EquityQuery(DateRangeQuery):
    """What may be asked of an equity series."""


class EquityColumnsSerializer(serializers.Serializer[Any]):
    """The series as columns of equal length, oldest first."""

    as_of_at = serializers.ListField(child=serializers.DateTimeField())
    equity_usd = serializers.ListField(child=UsdText())
    cash_usd = serializers.ListField(child=UsdText())
    share_value_usd = serializers.ListField(child=UsdText(allow_null=True))


class MarkSerializer(serializers.Serializer[Any]):
    """A change from which on the series is that of other parameters or other limits."""

    what = serializers.CharField(source="kind", help_text="parameters or limits.")
    version = serializers.IntegerField()
    as_of_at = serializers.DateTimeField(
        allow_null=True, help_text="The first point after the change; null where there is none yet."
    )


class EquitySerializer(serializers.Serializer[Any]):
    """An equity series with where it comes from."""

    deployment = serializers.IntegerField()
    simulated_time = serializers.BooleanField(help_text=SIMULATED)
    observations = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    marks = MarkSerializer(many=True)
    columns = EquityColumnsSerializer()
