"""Restoring a switch as people do it: at once, or after a second person's word."""

from datetime import datetime

from atlas.approvals import change_hash, request_approval
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState
from atlas.domain.states import ApprovalState, SwitchState
from atlas.models import ApprovalRequest, TradingState
from atlas.step_up import Proof
from atlas.switches import Scope, loosen, loosening_change, needs_second_person

RESTORE_KIND = "switch.restore"


def restore_or_ask(
    *,
    row: TradingState,
    state: SwitchState,
    reason: str,
    actor: Actor,
    now: datetime,
    proof: Proof | None = None,
) -> TradingState | ApprovalRequest:
    """Restore a switch, or ask for the second person that it needs; gives which it was.

    Where the scope covers a LIVE deployment, the first call asks, and a call after another person
    approved restores. Raises ConflictingState while the request still waits, or where nothing
    would be loosened, InvalidInput without a reason.
    """
    scope: Scope = (row.scope, row.key)
    if not needs_second_person(scope):
        return loosen(scope=scope, state=state, reason=reason, actor=actor, now=now)
    if SwitchState(row.state).severity <= state.severity:
        raise ConflictingState(f"{row} already; restoring it to {state} loosens nothing")
    known = open_request(row, state, now=now)
    if known is None:
        return _ask(row, state, reason=reason, actor=actor, proof=proof, now=now)
    if known.state == ApprovalState.PENDING:
        raise ConflictingState(
            f"Request {known.pk} for this restore waits for a second person until "
            f"{known.expires_at:%H:%M} UTC"
        )
    return loosen(scope=scope, state=state, reason=reason, actor=actor, now=now, approval=known)


def open_request(row: TradingState, state: SwitchState, *, now: datetime) -> ApprovalRequest | None:
    """Give the newest request for exactly this restore that waits or is approved."""
    return (
        ApprovalRequest.objects.filter(
            kind=RESTORE_KIND,
            change_hash=change_hash(loosening_change(row, state)),
            state__in=[ApprovalState.PENDING.value, ApprovalState.APPROVED.value],
            expires_at__gt=now,
        )
        .order_by("-requested_at")
        .first()
    )


def why_restore_stale(request: ApprovalRequest) -> str:
    """Word why a requested restore is no longer the one that was asked for; empty where it is."""
    row = TradingState.objects.filter(pk=request.subject_id).first()
    if row is None:
        return "The switch is gone."
    target = str(request.change.get("to", ""))
    known = target in SwitchState.__members__
    if known and change_hash(loosening_change(row, SwitchState(target))) == request.change_hash:
        return ""
    return f"The switch changed since: it is {row.state} in epoch {row.epoch}."


def _ask(
    row: TradingState,
    state: SwitchState,
    *,
    reason: str,
    actor: Actor,
    proof: Proof | None,
    now: datetime,
) -> ApprovalRequest:
    return request_approval(
        kind=RESTORE_KIND,
        subject=(row._meta.label_lower, str(row.pk)),
        change=loosening_change(row, state),
        before={"to": row.state, "scope": row.scope, "key": row.key, "epoch": row.epoch},
        reason=reason,
        requester=actor,
        proof=proof,
        now=now,
    )
