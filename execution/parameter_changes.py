"""Changing a rule's parameters: a new version with a reason, and a second person where it is LIVE.

A version is never edited. A cycle that has begun ends on the version it began with; the next one goes
by the new version, and the deployment's track record carries a mark from there on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from atlas.approvals import change_hash, request_approval, use_approval
from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState, NotAllowed
from atlas.domain.states import ApprovalState
from atlas.models import ApprovalRequest
from execution.accounts import require_reason
from execution.mandates import parameters_in_force
from execution.models import Deployment, ParameterVersion
from strategies.rules.parameters import parameters_from, raw_from
from strategies.rules.registry import rule_named

APPROVAL_KIND = "parameters.change"


def change_parameters(
    deployment: Deployment,
    *,
    parameters: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
    approval: ApprovalRequest | None = None,
) -> ParameterVersion:
    """Write the next version of a deployment's parameters; what is not named stays as it is.

    Raises ParameterProblems with every problem and the allowed ranges, ConflictingState where nothing
    would change, NotAllowed for a LIVE deployment without a second person's word on exactly this.
    """
    require_reason(reason)
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        before, version = parameters_in_force(row), version_in_force(row)
        after = _after(row, before, parameters)
        if row.is_live:
            _use_second_word(row, version, after, approval=approval, actor=actor, now=now)
        made = ParameterVersion.objects.create(
            deployment=row,
            version=version + 1,
            parameters=after,
            approval=approval if row.is_live else None,
            reason=reason[:500],
            created_at=now,
            created_by=actor.name,
        )
        record(
            action="parameters.change",
            subject=row,
            actor=actor,
            now=now,
            before={"version": version, **before},
            after={"version": made.version, **after},
            reason=reason,
        )
    return made


def change_or_ask(
    deployment: Deployment,
    *,
    parameters: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> ParameterVersion | ApprovalRequest:
    """Change parameters, or ask for the second person's word that a LIVE deployment needs.

    Once the request is approved, the same change asked for again is made with it. Raises what
    `change_parameters` does.
    """
    require_reason(reason)
    before = parameters_in_force(deployment)
    change = change_of(
        deployment, version_in_force(deployment), _after(deployment, before, parameters)
    )
    asked = ApprovalRequest.objects.filter(
        kind=APPROVAL_KIND, change_hash=change_hash(change), expires_at__gt=now
    )
    approved = asked.filter(state=ApprovalState.APPROVED.value).first()
    if approved is not None or not deployment.is_live:
        return change_parameters(
            deployment,
            parameters=parameters,
            reason=reason,
            actor=actor,
            now=now,
            approval=approved,
        )
    pending = asked.filter(state=ApprovalState.PENDING.value).first()
    return pending or request_approval(
        kind=APPROVAL_KIND,
        subject=("execution.deployment", str(deployment.pk)),
        change=change,
        before={"parameters": before},
        reason=reason,
        requester=actor,
        now=now,
    )


def version_in_force(deployment: Deployment) -> int:
    """Give the number of the version that the next cycle goes by; 1 is the deployment's own."""
    newest = ParameterVersion.objects.filter(deployment=deployment).order_by("-version")
    return newest.values_list("version", flat=True).first() or 1


def change_of(deployment: Deployment, version: int, after: Mapping[str, Any]) -> dict[str, object]:
    """Describe a change exactly, for the hash that a second person approves.

    The version it starts from is part of it: any change in between voids the approval.
    """
    return {"deployment": deployment.pk, "from_version": version, "parameters": dict(after)}


def _after(
    deployment: Deployment, before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Read the parameters as they would be, written out whole; refuse a change of nothing."""
    rule = rule_named(deployment.rule)
    after = raw_from(parameters_from(rule.parameters_type, {**before, **wanted}))
    if after == raw_from(parameters_from(rule.parameters_type, before)):
        raise ConflictingState("These are the parameters in force: there is nothing to change.")
    return after


def _use_second_word(
    deployment: Deployment,
    version: int,
    after: Mapping[str, Any],
    *,
    approval: ApprovalRequest | None,
    actor: Actor,
    now: datetime,
) -> None:
    change = change_of(deployment, version, after)
    if approval is None:
        raise NotAllowed(
            "This deployment is LIVE: a second person must approve the change of its parameters.",
            detail={"change_hash": change_hash(change)},
        )
    use_approval(approval, kind=APPROVAL_KIND, change=change, actor=actor, now=now)
