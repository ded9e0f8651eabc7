"""Limits in force and how much of each is used, as the console and the API show them.

The use is that of the last order that was judged: it was measured under the gate's locks, by the same
rules that decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.limit_fields import LIMIT_FIELDS, LimitField, Unit
from atlas.domain.limits import Limits, LimitScope
from atlas.domain.units import exact, plain
from execution.limit_changes import told
from execution.mandates import LimitsInForce, limits_in_force
from execution.models import Deployment, GuardrailDecision, GuardrailLimits

PERCENT = 100
RULE_OF_FIELD: Mapping[str, str] = {
    name: rule.name for rule in HOUSE_RULES for name in sorted(rule.limit_fields)
}


@dataclass(frozen=True, slots=True)
class LimitInUse:
    """One limit: its value, which level states the tightest word, and how much of it is used."""

    field: LimitField
    value: Any
    level: LimitScope | None
    used_percent: Decimal | None

    @property
    def shown(self) -> str:
        """Write the value for people."""
        if self.value is None:
            return "not stated"
        if self.field.unit is Unit.NAMES:
            return ", ".join(str(one) for one in self.value) or "none"
        unit = "" if self.field.unit in {Unit.COUNT, Unit.RATIO} else f" {self.field.unit.value}"
        return f"{self.value}{unit}"


@dataclass(frozen=True, slots=True)
class LimitsInUse:
    """All limits of a deployment with the versions they come from and when their use was measured."""

    versions: LimitsInForce
    limits: tuple[LimitInUse, ...]
    measured_at: datetime | None


def limits_in_use(deployment: Deployment) -> LimitsInUse:
    """Read the limits that bind a deployment and what its last judged order used; two queries."""
    versions = limits_in_force(deployment)
    last = (
        GuardrailDecision.objects.filter(order__deployment=deployment)
        .order_by("-pk")
        .values("verdicts", "decided_at")
        .first()
    )
    used = _used_by_rule(last["verdicts"] if last else ())
    tightest = versions.tightest
    return LimitsInUse(
        versions=versions,
        limits=tuple(
            LimitInUse(
                field=one,
                value=_value(getattr(tightest, one.name)),
                level=_level_of(one.name, tightest, versions),
                used_percent=used.get(RULE_OF_FIELD[one.name]),
            )
            for one in LIMIT_FIELDS
        ),
        measured_at=last["decided_at"] if last else None,
    )


def difference(
    before: GuardrailLimits | None, after: GuardrailLimits
) -> list[tuple[str, str, str]]:
    """Name what a version changed: limit, the value before, the value after."""
    rows = []
    for one in LIMIT_FIELDS:
        old = None if before is None else told(getattr(before, one.name))
        new = told(getattr(after, one.name))
        if old != new:
            rows.append((one.name, _shown(old), _shown(new)))
    return rows


def _shown(value: object) -> str:
    if value is None:
        return "not stated"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _value(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else told(value)


def _level_of(name: str, tightest: Limits, versions: LimitsInForce) -> LimitScope | None:
    """Name the level whose word is the tightest; the nearest one where several say the same."""
    value = getattr(tightest, name)
    for row in (versions.deployment, versions.vault, versions.house):
        if row is not None and value is not None and getattr(row.limits, name) == value:
            return LimitScope(row.scope)
    return None


def _used_by_rule(verdicts: Any) -> dict[str, Decimal]:
    """Read how much of each rule's limit was used, in percent, to one digit."""
    used = {}
    for verdict in verdicts:
        ratio = Decimal(verdict.get("used_ratio") or "NaN")
        if ratio.is_finite():
            with exact():
                used[str(verdict["rule"])] = Decimal(plain(round(ratio * PERCENT, 1)))
    return used
