"""Two-person approvals: asked by one, decided by another, used once for exactly that change."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import rfc8785
from django.contrib.auth.models import User
from django.db import transaction

from atlas.approval_kinds import kind_named, why_stale
from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState, InvalidInput, NotAllowed
from atlas.domain.states import APPROVAL_TRANSITIONS, ApprovalState
from atlas.models import ApprovalRequest
from atlas.step_up import Proof, demand_proof
from atlas.transitions import move

OPEN = (ApprovalState.PENDING, ApprovalState.APPROVED)
SWEEPER = Actor.system("approvals")


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
    before: Mapping[str, Any] | None = None,
    lifetime: timedelta | None = None,
    proof: Proof | None = None,
) -> ApprovalRequest:
    """Ask for a second person's word on a change; `before` is what stands there now.

    Raises InvalidInput without a reason, NotAllowed for who may not ask, or asks for something grave
    without a fresh one-time password.
    """
    person, wanted = _person(requester), kind_named(kind)
    if not reason.strip():
        raise InvalidInput("A reason is needed: the second person decides by it")
    _demand_right(person, wanted.ask)
    if wanted.is_grave:
        demand_proof(proof, actor=requester, now=now)
    request = ApprovalRequest.objects.create(
        kind=kind,
        subject_type=subject[0],
        subject_id=subject[1],
        change=dict(change),
        before=dict(before or {}),
        change_hash=change_hash(change),
        reason=reason[:500],
        requester=person,
        requested_at=now,
        requested_by_code=bool(proof and proof.by_code),
        expires_at=now + (lifetime or wanted.lifetime),
    )
    _note(request, "approval.request", actor=requester, now=now, reason=reason)
    return request


def decide_approval(
    request: ApprovalRequest,
    *,
    approve: bool,
    reason: str,
    approver: Actor,
    now: datetime,
    proof: Proof | None = None,
) -> ApprovalRequest:
    """Approve or reject another person's request.

    Raises NotAllowed for one's own request, for who may not decide, and for something grave without
    a fresh one-time password; ConflictingState for a request that expired, ended or went stale. What
    expired or went stale is stored as that before the refusal is raised.
    """
    person, kind = _person(approver), kind_named(request.kind)
    if person.pk == request.requester_id:
        raise NotAllowed("You asked for this change yourself: another person must decide")
    _demand_right(person, kind.decide)
    if approve and kind.is_grave:
        demand_proof(proof, actor=approver, now=now)
    if ending := _ending(request, actor=approver, now=now):
        raise ConflictingState(ending)
    new = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
    move(
        request,
        new,
        APPROVAL_TRANSITIONS,
        approver=person,
        decided_at=now,
        decision_reason=reason[:500],
        decided_by_code=bool(proof and proof.by_code),
    )
    _note(request, f"approval.{new.value.lower()}", actor=approver, now=now, reason=reason)
    return request


def use_approval(
    request: ApprovalRequest, *, kind: str, change: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Use an approval up for exactly this change, in the caller's transaction and under its lock.

    Raises NotAllowed where it is for something else, has expired or is not approved.
    """
    with transaction.atomic():
        locked = ApprovalRequest.objects.select_for_update().get(pk=request.pk)
        wanted = change_hash(change)
        same = hmac.compare_digest(locked.change_hash, wanted)
        kept = hmac.compare_digest(change_hash(locked.change), wanted)
        if locked.kind != kind or not same or not kept:
            raise NotAllowed("The approval is for another change: ask again for the present one")
        if now >= locked.expires_at:
            raise NotAllowed(f"The approval expired at {locked.expires_at:%Y-%m-%d %H:%M} UTC")
        if locked.state != ApprovalState.APPROVED:
            raise NotAllowed(f"The request is {locked.state.lower()}, not approved")
        move(locked, ApprovalState.USED, APPROVAL_TRANSITIONS, used_at=now)
        _note(locked, "approval.use", actor=actor, now=now)
    request.state, request.used_at = locked.state, locked.used_at


def void_approval(
    request: ApprovalRequest, *, reason: str, actor: Actor, now: datetime
) -> ApprovalRequest:
    """End a request, decided or not, whose change is no longer the one that was asked for.

    Raises IllegalTransition or ConflictingState where it has ended already.
    """
    move(request, ApprovalState.VOID, APPROVAL_TRANSITIONS, void_reason=reason[:500])
    _note(request, "approval.void", actor=actor, now=now, reason=reason)
    return request


def withdraw_approval(
    request: ApprovalRequest, *, reason: str, actor: Actor, now: datetime
) -> ApprovalRequest:
    """Take back what one asked for oneself. Raises NotAllowed for another person's request."""
    if _person(actor).pk != request.requester_id:
        raise NotAllowed("Only who asked can take a request back; others decide about it")
    return void_approval(request, reason=reason or "taken back", actor=actor, now=now)


def sweep_approvals(*, now: datetime) -> int:
    """End what expired or went stale although nobody looked; gives how many ended."""
    ended = 0
    for pk in ApprovalRequest.objects.filter(state__in=OPEN).values_list("pk", flat=True):
        with transaction.atomic():
            rows = ApprovalRequest.objects.select_for_update(skip_locked=True)
            request = rows.filter(pk=pk, state__in=OPEN).first()
            ended += bool(request and _ending(request, actor=SWEEPER, now=now))
    return ended


def present_state(request: ApprovalRequest, *, now: datetime) -> str:
    """Give the state as it counts at this moment: what ran out is EXPIRED before anybody writes it."""
    if request.state in OPEN and now >= request.expires_at:
        return ApprovalState.EXPIRED.value
    return str(request.state)


def _ending(request: ApprovalRequest, *, actor: Actor, now: datetime) -> str:
    """End an open request that ran out or went stale; words why, empty where it is still good."""
    if request.state not in OPEN:
        return ""
    if now >= request.expires_at:
        move(request, ApprovalState.EXPIRED, APPROVAL_TRANSITIONS)
        _note(request, "approval.expire", actor=actor, now=now)
        return f"The request expired at {request.expires_at:%Y-%m-%d %H:%M} UTC"
    stale = why_stale(request)
    if stale:
        void_approval(request, reason=stale, actor=actor, now=now)
    return stale


def _person(actor: Actor) -> User:
    """Give the person behind an actor; automation can neither ask nor decide."""
    if actor.user is None:
        raise NotAllowed(f"{actor.name} is no person: only people ask for and give approvals")
    return actor.user


def _demand_right(person: User, permission: str) -> None:
    """Refuse who lacks a right, whichever way the act came."""
    if not person.has_perm(permission):
        raise NotAllowed(f"{person.get_username()} lacks the permission {permission}")


def _note(
    request: ApprovalRequest, action: str, *, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Write the audit row of one step."""
    record(
        action=action,
        subject=request,
        actor=actor,
        now=now,
        before=request.before or None,
        after={
            "kind": request.kind,
            "change": request.change,
            "change_hash": request.change_hash,
            "state": request.state,
        },
        reason=reason,
    )
