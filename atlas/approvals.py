"""Two-person approvals: asked by one, decided by another, used once for exactly that change."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import rfc8785
from django.contrib.auth.models import User

from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState, InvalidInput, NotAllowed
from atlas.domain.states import APPROVAL_TRANSITIONS, ApprovalState
from atlas.models import ApprovalRequest
from atlas.transitions import move

DEFAULT_LIFETIME = timedelta(minutes=30)


def change_hash(change: Mapping[str, Any]) -> str:
    """Hash the exact change: SHA-256 over its canonical JSON (RFC 8785), as 0x-hex."""
    return "0x" + sha256(rfc8785.dumps(dict(change))).hexdigest()


def request_approval(
    *,
    kind: str,
    subject: tuple[str, str],
    change: Mapping[str, Any],
    reason: str,
    requester: Actor,
    now: datetime,
    lifetime: timedelta = DEFAULT_LIFETIME,
) -> ApprovalRequest:
    """Ask for a second person's word on a change. Raises InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput("A reason is needed: the second person decides by it")
    request = ApprovalRequest.objects.create(
        kind=kind,
        subject_type=subject[0],
        subject_id=subject[1],
        change=dict(change),
        change_hash=change_hash(change),
        reason=reason[:500],
        requester=_person(requester),
        requested_at=now,
        expires_at=now + lifetime,
    )
    _note(request, "approval.request", actor=requester, now=now, reason=reason)
    return request


def decide_approval(
    request: ApprovalRequest, *, approve: bool, reason: str, approver: Actor, now: datetime
) -> ApprovalRequest:
    """Approve or reject another person's request.

    Raises NotAllowed for one's own request, ConflictingState for one that has expired or ended.
    """
    person = _person(approver)
    if person.pk == request.requester_id:
        raise NotAllowed("You asked for this change yourself: another person must decide")
    if request.state == ApprovalState.PENDING and now >= request.expires_at:
        move(request, ApprovalState.EXPIRED, APPROVAL_TRANSITIONS)
        _note(request, "approval.expire", actor=approver, now=now)
        raise ConflictingState(f"The request expired at {request.expires_at:%Y-%m-%d %H:%M} UTC")
    new = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
    move(
        request,
        new,
        APPROVAL_TRANSITIONS,
        approver=person,
        decided_at=now,
        decision_reason=reason[:500],
    )
    _note(request, f"approval.{new.value.lower()}", actor=approver, now=now, reason=reason)
    return request


def use_approval(
    request: ApprovalRequest, *, kind: str, change: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Use an approval up for exactly this change, in the caller's transaction.

    Raises NotAllowed where it is for something else, has expired or is not approved.
    """
    same = hmac.compare_digest(request.change_hash, change_hash(change))
    if request.kind != kind or not same:
        raise NotAllowed("The approval is for another change: ask again for the present one")
    if now >= request.expires_at:
        raise NotAllowed(f"The approval expired at {request.expires_at:%Y-%m-%d %H:%M} UTC")
    if request.state != ApprovalState.APPROVED:
        raise NotAllowed(f"The request is {request.state.lower()}, not approved")
    move(request, ApprovalState.USED, APPROVAL_TRANSITIONS, used_at=now)
    _note(request, "approval.use", actor=actor, now=now)


def void_approval(
    request: ApprovalRequest, *, reason: str, actor: Actor, now: datetime
) -> ApprovalRequest:
    """End a request, decided or not, whose change is no longer the one that was asked for.

    Raises IllegalTransition or ConflictingState where it has ended already.
    """
    move(request, ApprovalState.VOID, APPROVAL_TRANSITIONS)
    _note(request, "approval.void", actor=actor, now=now, reason=reason)
    return request


def _person(actor: Actor) -> User:
    """Give the person behind an actor; automation can neither ask nor decide."""
    if actor.user is None:
        raise NotAllowed(f"{actor.name} is no person: only people ask for and give approvals")
    return actor.user


def _note(
    request: ApprovalRequest, action: str, *, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Write the audit row of one step."""
    record(
        action=action,
        subject=request,
        actor=actor,
        now=now,
        after={"kind": request.kind, "change": request.change, "state": request.state},
        reason=reason,
    )
