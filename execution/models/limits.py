"""Limits: what may be risked at most, stated for a deployment, a vault or the whole house."""

from django.db import models
from django.db.models import Q

from atlas.domain.limit_fields import LIMIT_FIELDS
from atlas.domain.limits import Limits, LimitScope
from atlas.models.base import RatioField, UsdField, append_only, choice_check, choice_list


class GuardrailLimits(models.Model):
    """What may be risked at most at one level, as decided at one moment.

    Limits are never edited: a change is a new version, and the highest version of each level
    counts. Of several levels over one order the tightest counts, field by field. An empty limit of
    a vault or of the house binds nothing at that level; a deployment's empty limit is unknown, and
    forbids whatever adds risk.
    """

    scope = models.CharField(
        max_length=12, choices=choice_list(LimitScope), default=LimitScope.DEPLOYMENT
    )
    deployment = models.ForeignKey(
        "execution.Deployment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="limits_versions",
    )
    vault = models.ForeignKey(
        "onchain.Vault",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="limits_versions",
    )
    version = models.PositiveIntegerField()
    allowed_markets = models.JSONField(null=True)
    allowed_sides = models.JSONField(null=True)
    max_order_notional_usd = UsdField(null=True)
    max_position_notional_usd = UsdField(null=True)
    max_gross_exposure_usd = UsdField(null=True)
    max_net_exposure_usd = UsdField(null=True)
    max_leverage_ratio = RatioField(null=True)
    min_order_usd = UsdField(null=True)
    max_signal_age_seconds = models.PositiveIntegerField(null=True)
    max_price_age_seconds = models.PositiveIntegerField(null=True)
    required_price_sources = models.PositiveSmallIntegerField(null=True)
    max_source_deviation_bps = models.PositiveSmallIntegerField(null=True)
    max_acceptable_distance_bps = models.PositiveSmallIntegerField(null=True)
    max_slippage_bps = models.PositiveSmallIntegerField(null=True)
    max_price_impact_bps = models.PositiveSmallIntegerField(null=True)
    min_free_collateral_usd = UsdField(null=True)
    min_weth_buffer_usd = UsdField(null=True)
    min_withdrawal_buffer_ratio = RatioField(null=True)
    max_orders_per_hour = models.PositiveIntegerField(null=True)
    max_orders_per_day = models.PositiveIntegerField(null=True)
    max_cancels_per_hour = models.PositiveIntegerField(null=True)
    max_turnover_per_day_usd = UsdField(null=True)
    max_gas_per_day_usd = UsdField(null=True)
    max_daily_loss_ratio = RatioField(null=True)
    max_drawdown_ratio = RatioField(null=True)
    cooldown_after_loss_seconds = models.PositiveIntegerField(null=True)
    max_consecutive_failures = models.PositiveIntegerField(null=True)
    max_attempts_per_trade = models.PositiveIntegerField(null=True)
    approval = models.ForeignKey(
        "atlas.ApprovalRequest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The second person's word, where the change loosened what binds a live deployment.",
    )
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["deployment", "-version"]
        verbose_name_plural = "guardrail limits"
        constraints = [
            choice_check("scope", LimitScope, name="guardrail_limits_scope_known"),
            models.CheckConstraint(
                condition=Q(scope="DEPLOYMENT", deployment__isnull=False, vault__isnull=True)
                | Q(scope="VAULT", deployment__isnull=True, vault__isnull=False)
                | Q(scope="GLOBAL", deployment__isnull=True, vault__isnull=True),
                name="guardrail_limits_belong_to_their_scope",
            ),
            models.UniqueConstraint(
                fields=["deployment", "version"], name="guardrail_limits_one_per_version"
            ),
            models.UniqueConstraint(
                fields=["vault", "version"], name="guardrail_limits_one_per_vault_version"
            ),
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(scope="GLOBAL"),
                name="guardrail_limits_one_per_global_version",
            ),
            models.CheckConstraint(
                condition=Q(max_order_notional_usd__gt=0)
                & Q(max_position_notional_usd__gt=0)
                & Q(max_leverage_ratio__gt=0),
                name="guardrail_limits_positive",
            ),
            models.CheckConstraint(
                condition=~Q(scope="DEPLOYMENT")
                | Q(
                    allowed_markets__isnull=False,
                    max_order_notional_usd__isnull=False,
                    max_position_notional_usd__isnull=False,
                    max_leverage_ratio__isnull=False,
                ),
                name="guardrail_limits_deployment_states_its_risk",
            ),
            models.CheckConstraint(
                condition=Q(version__gt=0), name="guardrail_limits_version_1_on"
            ),
        ]
        triggers = append_only("guardrail_limits")

    def __str__(self) -> str:
        return f"limits v{self.version} of {self.owner}"

    @property
    def owner(self) -> str:
        """Name the level in words."""
        match self.scope:
            case LimitScope.VAULT:
                return f"vault {self.vault_id}"
            case LimitScope.GLOBAL:
                return "the house"
        return f"deployment {self.deployment_id}"

    @property
    def limits(self) -> Limits:
        """Read the version as the guardrails see it."""
        values = {one.name: getattr(self, one.name) for one in LIMIT_FIELDS}
        for name in ("allowed_markets", "allowed_sides"):
            values[name] = None if values[name] is None else frozenset(values[name])
        return Limits(**values)
