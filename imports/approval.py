"""The second person: a strategy that trades real money changes only if two people agree.

What is asked for is the change-set by its hash, so an approval never covers another one. A running
deployment keeps the rule and parameters it was made with whatever an import brings.
"""

from datetime import datetime
from typing import Any

from atlas.approvals import change_hash, request_approval, use_approval, void_approval
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, NotAllowed
from atlas.domain.states import ApprovalState, SwitchScope
from atlas.models import ApprovalRequest
from atlas.registries import covers_live
from imports.formats.vocabulary import Kind
from imports.models import ImportRun, RecordChange
from imports.vocabulary import Action

APPLY_KIND, REVERT_KIND = "import.apply", "import.revert"
SUBJECT_TYPE = "imports.importrun"
OPEN = (ApprovalState.PENDING, ApprovalState.APPROVED)


def live_strategies(run: ImportRun) -> list[str]:
    """List the strategies with live deployments whose own record the run changes.

    One question where nothing trades live at all, else one for each changed strategy.
    """
    if not any(check(SwitchScope.GLOBAL, "") for _, check in covers_live):
        return []
    updates = RecordChange.objects.filter(run=run, kind=Kind.STRATEGY, action=Action.UPDATE)
    return [
        slug
        for slug in updates.order_by("key").values_list("key", flat=True)
        if any(check(SwitchScope.STRATEGY, slug) for _, check in covers_live)
    ]


def ask_second_person(
    run: ImportRun, *, reason: str, requester: Actor, now: datetime, kind: str = APPLY_KIND
) -> ApprovalRequest:
    """Ask another person to agree to exactly this run's change-set, or to its reversal.

    Raises ConflictingState where nobody is needed, or where that is asked already.
    """
    if not live_strategies(run):
        raise ConflictingState(f"Import {run.pk} changes nothing that trades live; go ahead.")
    known = open_request(run, now=now, kind=kind)
    if known is not None:
        raise ConflictingState(
            f"Request {known.pk} for this is {known.state} until {known.expires_at:%H:%M} UTC."
        )
    return request_approval(
        kind=kind,
        subject=(SUBJECT_TYPE, str(run.pk)),
        change=_change_of(run),
        reason=reason,
        requester=requester,
        now=now,
    )


def open_request(
    run: ImportRun, *, now: datetime, kind: str = APPLY_KIND
) -> ApprovalRequest | None:
    """Give the newest request for exactly this change that waits or is approved."""
    return (
        ApprovalRequest.objects.filter(
            kind=kind,
            change_hash=change_hash(_change_of(run)),
            state__in=[state.value for state in OPEN],
            expires_at__gt=now,
        )
        .order_by("-pk")
        .first()
    )


def demand_second_person(
    run: ImportRun, *, actor: Actor, now: datetime, kind: str = APPLY_KIND
) -> None:
    """Use up the approval that the run needs, if it needs one; raises NotAllowed where it lacks it."""
    live = live_strategies(run)
    if not live:
        return
    known = open_request(run, now=now, kind=kind)
    if known is None or known.state != ApprovalState.APPROVED:
        raise NotAllowed(
            f"Import {run.pk} changes {', '.join(live)}, which trades live: a second person must "
            "agree to it in the console first. Then try again.",
            detail={"run": run.pk, "strategies": live},
        )
    use_approval(known, kind=kind, change=_change_of(run), actor=actor, now=now)


def void_requests(run: ImportRun, *, actor: Actor, now: datetime) -> None:
    """Void what was asked and agreed about a run that will never be applied."""
    requests = ApprovalRequest.objects.filter(
        kind=APPLY_KIND,
        subject_type=SUBJECT_TYPE,
        subject_id=str(run.pk),
        state__in=[state.value for state in OPEN],
    )
    for request in requests:
        void_approval(request, reason="The change is no longer this one.", actor=actor, now=now)


def _change_of(run: ImportRun) -> dict[str, Any]:
    """Name the exact change."""
    return {"import": run.pk, "changeset_hash": run.changeset_hash}
