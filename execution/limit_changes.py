"""Changing limits: a new version under the exclusive lock, and a second person where it loosens.

Tightening is one person's act at any time. Whatever lets a LIVE deployment risk more than before
needs the word of a second person over exactly that change, whichever level it is written at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from atlas.approvals import change_hash, request_approval, use_approval
from atlas.audit import Actor, record
from atlas.domain.candles import Timeframe
from atlas.domain.errors import NotAllowed
from atlas.domain.limit_fields import LIMIT_FIELDS
from atlas.domain.limits import Limits, LimitScope, loosened
from atlas.domain.states import ApprovalState
from atlas.domain.units import plain
from atlas.models import ApprovalRequest
from atlas.switches import exclusive_lock
from execution.accounts import require_reason
from execution.limits import Values, read_level, read_limits
from execution.models import Deployment, GuardrailLimits
from onchain.models import Vault

APPROVAL_KIND = "limits.loosen"


@dataclass(frozen=True, slots=True)
class Level:
    """Where limits are stated: one deployment, one vault, or the house (both None)."""

    deployment: Deployment | None = None
    vault: Vault | None = None

    @property
    def scope(self) -> LimitScope:
        """Give the scope's word."""
        if self.deployment is not None:
            return LimitScope.DEPLOYMENT
        return LimitScope.GLOBAL if self.vault is None else LimitScope.VAULT

    @property
    def key(self) -> str:
        """Give what tells the level from others of its scope."""
        owner = self.deployment or self.vault
        return "" if owner is None else str(owner.pk)

    def latest(self) -> GuardrailLimits | None:
        """Give the version that counts: the highest."""
        rows = GuardrailLimits.objects.filter(
            scope=self.scope.value, deployment=self.deployment, vault=self.vault
        )
        return rows.order_by("-version").first()

    def covers_live(self) -> bool:
        """Tell whether a LIVE deployment lies under these limits."""
        if self.deployment is not None:
            return self.deployment.is_live
        live = Deployment.objects.live()
        return (live if self.vault is None else live.filter(vault=self.vault)).exists()


HOUSE = Level()


def change_limits(
    *,
    deployment: Deployment,
    limits: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
    approval: ApprovalRequest | None = None,
) -> GuardrailLimits:
    """Write a new version of a deployment's limits; what is not named stays as it is.

    No gate that is still open can act on the old version afterwards. Raises InvalidInput with every
    problem, NotAllowed where it loosens a live deployment's without a second person's word.
    """
    return change_level(
        Level(deployment=deployment),
        limits=limits,
        reason=reason,
        actor=actor,
        now=now,
        approval=approval,
    )


def change_level(
    level: Level,
    *,
    limits: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
    approval: ApprovalRequest | None = None,
) -> GuardrailLimits:
    """Write a new version of the limits of a deployment, a vault or the house.

    Raises InvalidInput with every problem, NotAllowed where the change loosens what binds a live
    deployment and no second person has approved exactly it.
    """
    require_reason(reason)
    read = _reader(level, limits)
    with exclusive_lock():
        last = level.latest()
        values = read(last)
        row = _row(level, last, values, reason=reason, actor=actor, now=now)
        if needs_second_person(level, last, row.limits):
            _use_second_word(level, last, values, approval=approval, actor=actor, now=now)
            row.approval = approval
        row.save(force_insert=True)
        record(
            action="limits.change",
            subject=row,
            actor=actor,
            now=now,
            before=None if last is None else _told(last.version, columns_of(last)),
            after=_told(row.version, values),
            reason=reason,
        )
    return row


def change_or_ask(
    level: Level, *, limits: Mapping[str, Any], reason: str, actor: Actor, now: datetime
) -> GuardrailLimits | ApprovalRequest:
    """Change limits, or ask for the second person's word that the change needs.

    Once the request is approved, the same change asked for again is made with it. Raises what
    `change_level` does.
    """
    require_reason(reason)
    last = level.latest()
    values = _reader(level, limits)(last)
    change = loosening_change(level, last, values)
    asked = ApprovalRequest.objects.filter(
        kind=APPROVAL_KIND, change_hash=change_hash(change), expires_at__gt=now
    )
    approved = asked.filter(state=ApprovalState.APPROVED.value).first()
    row = _row(level, last, values, reason=reason, actor=actor, now=now)
    if approved is not None or not needs_second_person(level, last, row.limits):
        return change_level(
            level, limits=limits, reason=reason, actor=actor, now=now, approval=approved
        )
    pending = asked.filter(state=ApprovalState.PENDING.value).first()
    return pending or request_approval(
        kind=APPROVAL_KIND,
        subject=(level.scope.value.lower(), level.key),
        change=change,
        before={} if last is None else _told(last.version, columns_of(last)),
        reason=reason,
        requester=actor,
        now=now,
    )


def needs_second_person(level: Level, last: GuardrailLimits | None, after: Limits) -> bool:
    """Say whether new limits would let a LIVE deployment risk more than it may now."""
    before = Limits() if last is None else last.limits
    free = level.scope is not LimitScope.DEPLOYMENT
    return level.covers_live() and bool(loosened(before, after, missing_is_free=free))


def loosening_change(
    level: Level, last: GuardrailLimits | None, values: Mapping[str, Any]
) -> dict[str, object]:
    """Describe a change exactly, for the hash that a second person approves.

    The version it starts from is part of it: any change in between voids the approval.
    """
    return {
        "scope": level.scope.value,
        "key": level.key,
        "from_version": 0 if last is None else last.version,
        "limits": {name: told(value) for name, value in sorted(values.items())},
    }


def columns_of(row: GuardrailLimits) -> Values:
    """Give the limits of a version by their names, as `read_limits` takes them."""
    return {one.name: getattr(row, one.name) for one in LIMIT_FIELDS}


def told(value: object) -> object:
    """Write a limit as JSON knows it: lists of names, whole numbers, and decimals as text."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    return sorted(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


def _told(version: int, values: Mapping[str, Any]) -> dict[str, object]:
    return {"version": version, **{name: told(value) for name, value in values.items()}}


def _reader(
    level: Level, limits: Mapping[str, Any]
) -> Callable[[GuardrailLimits | None], dict[str, Any]]:
    """Prepare the reading of a change, so that it can be read over the version under the lock."""

    def read(last: GuardrailLimits | None) -> dict[str, Any]:
        before = None if last is None else columns_of(last)
        if level.deployment is None:
            return read_level(limits, before=before)
        return read_limits(
            limits,
            markets=level.deployment.markets,
            timeframe=Timeframe.named(level.deployment.timeframe),
            before=before,
            is_live=level.deployment.is_live,
        )

    return read


def _row(
    level: Level,
    last: GuardrailLimits | None,
    values: Mapping[str, Any],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> GuardrailLimits:
    return GuardrailLimits(
        scope=level.scope.value,
        deployment=level.deployment,
        vault=level.vault,
        version=1 if last is None else last.version + 1,
        reason=reason[:500],
        created_at=now,
        created_by=actor.name,
        **values,
    )


def _use_second_word(
    level: Level,
    last: GuardrailLimits | None,
    values: Mapping[str, Any],
    *,
    approval: ApprovalRequest | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Use up the approval for exactly this change, or refuse."""
    change = loosening_change(level, last, values)
    if approval is None:
        raise NotAllowed(
            "These limits bind a live deployment and would get looser: a second person must approve "
            "the change first.",
            detail={"change_hash": change_hash(change)},
        )
    use_approval(approval, kind=APPROVAL_KIND, change=change, actor=actor, now=now)
