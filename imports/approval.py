"""The second person: a strategy that trades real money changes only if two people agree.

What is asked for is the change-set by its hash, so an approval never covers another one. A running
deployment keeps the rule and parameters it was made with whatever an import brings.
"""

from datetime import datetime
from typing import Any

from atlas.approvals import change_hash, request_approval, use_approval
from atlas.audit import Actor
from atlas.domain.errors import NotAllowed
from atlas.domain.states import ApprovalState, SwitchScope
from atlas.models import ApprovalRequest
from atlas.registries import covers_live
from imports.formats.vocabulary import Kind
from imports.models import ImportRun, RecordChange
from imports.vocabulary import Action

APPROVAL_KIND = "import.apply"


def live_strategies(run: ImportRun) -> list[str]:
    """List the strategies with live deployments whose own record the run would change."""
    updates = RecordChange.objects.filter(run=run, kind=Kind.STRATEGY, action=Action.UPDATE)
    return [
        slug
        for slug in updates.order_by("key").values_list("key", flat=True)
        if any(check(SwitchScope.STRATEGY, slug) for _, check in covers_live)
    ]


def ask_second_person(
    run: ImportRun, *, reason: str, requester: Actor, now: datetime
) -> ApprovalRequest:
    """Ask another person to agree to exactly this run's change-set."""
    return request_approval(
        kind=APPROVAL_KIND,
        subject=("imports.importrun", str(run.pk)),
        change=_change_of(run),
        reason=reason,
        requester=requester,
        now=now,
    )


def demand_second_person(run: ImportRun, *, actor: Actor, now: datetime) -> None:
    """Use up the approval that the run needs, if it needs one; raises NotAllowed where it lacks it."""
    live = live_strategies(run)
    if not live:
        return
    change = _change_of(run)
    approved = ApprovalRequest.objects.filter(
        kind=APPROVAL_KIND,
        change_hash=change_hash(change),
        state=ApprovalState.APPROVED,
        expires_at__gt=now,
    ).first()
    if approved is None:
        raise NotAllowed(
            f"Import {run.pk} changes {', '.join(live)}, which trades live: a second person must "
            "agree to it in the console first. Then apply it again.",
            detail={"run": run.pk, "strategies": live},
        )
    use_approval(approved, kind=APPROVAL_KIND, change=change, actor=actor, now=now)


def _change_of(run: ImportRun) -> dict[str, Any]:
    """Name the exact change."""
    return {"import": run.pk, "changeset_hash": run.changeset_hash}
