"""Mandates: a deployment's row, rule, parameters and limits as one frozen thing to act on.

What does not fit together is refused here, with the reason, before anything is decided.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from atlas.domain.candles import Timeframe
from atlas.domain.errors import InvalidInput
from atlas.domain.limits import Limits, LimitScope, tightest
from atlas.domain.sizing import SizingTerms
from execution.models import Deployment, GuardrailLimits, ParameterVersion
from strategies.rules.base import AnyKindOfRule, decides_on_many
from strategies.rules.parameters import Parameters, parameters_from
from strategies.rules.registry import rule_named

MANY = 2


@dataclass(frozen=True, slots=True)
class Mandate:
    """What one deployment is to do: by which rule, on which markets, on which terms."""

    rule: AnyKindOfRule
    parameters: Parameters
    markets: tuple[str, ...]
    timeframe: Timeframe
    warm_up_bars: int
    terms: SizingTerms


def mandate_of(deployment: Deployment, *, at: datetime | None = None) -> Mandate:
    """Put a deployment together, with the parameters in force at a moment (wall), or now.

    Raises InvalidInput (unknown rule, parameters out of range, terms out of range, unknown
    timeframe, a rule for many markets on one vault) with every problem in words.
    """
    rule = rule_named(deployment.rule)
    _require_room_for_many(deployment, rule)
    parameters = parameters_from(rule.parameters_type, parameters_in_force(deployment, at=at))
    return Mandate(
        rule=rule,
        parameters=parameters,
        markets=tuple(deployment.markets),
        timeframe=Timeframe.named(deployment.timeframe),
        warm_up_bars=rule.warm_up_bars(parameters),
        terms=SizingTerms(
            min_order_usd=deployment.min_order_usd,
            leverage_ratio=deployment.leverage_ratio,
            rebalance_band_ratio=deployment.rebalance_band_ratio,
        ),
    )


def parameters_in_force(deployment: Deployment, *, at: datetime | None = None) -> dict[str, Any]:
    """Give the parameters of the highest version there was at a moment (wall), or is now.

    The deployment's own row is version 1.
    """
    if deployment._state.adding:
        return dict(deployment.parameters)
    changes = ParameterVersion.objects.filter(deployment=deployment)
    if at is not None:
        changes = changes.filter(created_at__lte=at)
    newest = changes.order_by("-version").values_list("parameters", flat=True).first()
    return dict(deployment.parameters if newest is None else newest)


def _require_room_for_many(deployment: Deployment, rule: AnyKindOfRule) -> None:
    """Refuse a rule for many markets where it has one, or where they would share a vault.

    While an order is pending, a second enabled market breaks the NAV of a GMX vault.
    """
    if not decides_on_many(rule):
        return
    if deployment.vault_id is not None:
        raise InvalidInput(
            f"{rule.name} trades several markets, and one GMX vault may hold one. Run it on paper, "
            "or give each market a deployment of its own."
        )
    if len(deployment.markets) < MANY:
        raise InvalidInput(f"{rule.name} shares an account out: give it at least two markets.")


@dataclass(frozen=True, slots=True)
class LimitsInForce:
    """The versions of the limits that bind a deployment, each None where its level has none."""

    deployment: GuardrailLimits | None
    vault: GuardrailLimits | None = None
    house: GuardrailLimits | None = None

    @property
    def tightest(self) -> Limits:
        """Give the tightest word of all levels; nothing is known where the deployment has none."""
        if self.deployment is None:
            return Limits()
        levels = [row.limits for row in (self.deployment, self.vault, self.house) if row]
        return tightest(levels)


def limits_in_force(deployment: Deployment) -> LimitsInForce:
    """Read the highest version of each level that binds a deployment, in one query."""
    rows = (
        GuardrailLimits.objects.filter(
            Q(deployment=deployment) | Q(scope=LimitScope.GLOBAL) | _of_vault(deployment)
        )
        .order_by("scope", "-version")
        .distinct("scope")
    )
    found = {row.scope: row for row in rows}
    return LimitsInForce(
        deployment=found.get(LimitScope.DEPLOYMENT),
        vault=found.get(LimitScope.VAULT),
        house=found.get(LimitScope.GLOBAL),
    )


def _of_vault(deployment: Deployment) -> Q:
    """Select the limits of the deployment's vault; none where it has no vault."""
    if deployment.vault_id is None:
        return Q(pk__in=[])
    return Q(vault_id=deployment.vault_id)
