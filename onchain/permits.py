"""The life of a permit: issued by the gate, spent once, or revoked."""

from datetime import datetime, timedelta

from atlas.domain.errors import ConflictingState
from atlas.domain.states import PERMIT_TRANSITIONS, PermitKind, PermitState
from atlas.transitions import move
from onchain.models import TransactionPermit
from onchain.vocabulary import PermitVenue


def issue(
    *,
    venue: PermitVenue,
    kind: PermitKind,
    intent_digest: str,
    intent_tag: str,
    switch_epoch: int,
    lifetime: timedelta,
    now: datetime,
) -> TransactionPermit:
    """Write a permit for one intent; call it in the gate's transaction, under the shared lock."""
    return TransactionPermit.objects.create(
        venue=venue.value,
        kind=kind.value,
        intent_digest=intent_digest,
        intent_tag=intent_tag,
        switch_epoch=switch_epoch,
        issued_at=now,
        expires_at=now + lifetime,
    )


def spend_on_paper(permit: TransactionPermit, *, intent_digest: str, now: datetime) -> None:
    """Use up a paper permit for exactly its intent, in the caller's transaction.

    Raises ConflictingState where it is for a chain, for another intent, expired or used.
    """
    if permit.venue != PermitVenue.PAPER:
        raise ConflictingState("This permit is for a chain: only the signer may spend it")
    if permit.intent_digest != intent_digest:
        raise ConflictingState("This permit is for another intent")
    if now >= permit.expires_at:
        raise ConflictingState(f"The permit expired at {permit.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    move(permit, PermitState.RESERVED, PERMIT_TRANSITIONS)
    move(permit, PermitState.CONSUMED, PERMIT_TRANSITIONS, ended_at=now)


def revoke(permit: TransactionPermit, *, now: datetime) -> None:
    """Withdraw a permit that is not spent yet."""
    move(permit, PermitState.REVOKED, PERMIT_TRANSITIONS, ended_at=now)


def expire_due(*, now: datetime) -> int:
    """Mark permits whose time has passed; gives how many."""
    return TransactionPermit.objects.filter(
        state=PermitState.ISSUED.value, expires_at__lte=now
    ).update(state=PermitState.EXPIRED.value, ended_at=now)
