"""The life of an API key: issued, used, rotated, revoked. Each step but use leaves an audit row."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from atlas.api.access import Scope
from atlas.audit import REASON_LENGTH, Actor, record
from atlas.domain.errors import ConflictingState, InvalidInput
from atlas.models.keys import BRAND, MOST_REQUESTS_PER_MINUTE, ApiKey

LONGEST_LIFE = timedelta(days=731)
LONGEST_OVERLAP = timedelta(days=30)
LONGEST_NAME = 50
DEFAULT_LIFE = timedelta(days=365)
DEFAULT_OVERLAP = timedelta(days=7)
DEFAULT_REQUESTS_PER_MINUTE = 600
USE_IS_NOTED_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh key: its row, and the word itself, which is shown once and kept nowhere."""

    row: ApiKey
    word: str

    def __repr__(self) -> str:
        return f"Issued({self.row.prefix})"


def issue_key(
    *,
    name: str,
    owner: User,
    scopes: Collection[Scope],
    requests_per_minute: int,
    expires_at: datetime,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Issued:
    """Issue a key. Raises InvalidInput for a nameless, endless, over-long or unlimited one."""
    _require(
        0 < len(name.strip()) <= LONGEST_NAME,
        f"A key needs a name of 1 to {LONGEST_NAME} characters",
    )
    _require(
        owner.is_active, f"The account {owner.get_username()} is inactive; choose another owner"
    )
    _require(
        now < expires_at <= now + LONGEST_LIFE,
        f"A key must end after now and within {LONGEST_LIFE.days} days",
    )
    _require(
        1 <= requests_per_minute <= MOST_REQUESTS_PER_MINUTE,
        f"Requests a minute must lie between 1 and {MOST_REQUESTS_PER_MINUTE}",
    )
    row = ApiKey(
        name=name.strip(),
        owner=owner,
        scopes=sorted(scope.value for scope in scopes),
        requests_per_minute=requests_per_minute,
        expiry_date=expires_at,
        issued_by=actor.name,
    )
    word = ApiKey.objects.assign_key(row)
    with transaction.atomic():
        row.save(force_insert=True)
        record(
            action="api_key.issue",
            subject=row,
            actor=actor,
            now=now,
            after=_described(row),
            reason=reason,
        )
    return Issued(row, word)


def rotate_key(
    key: ApiKey, *, overlap: timedelta, reason: str, actor: Actor, now: datetime
) -> Issued:
    """Issue a successor with the same rights and life; the old key works for the overlap only.

    Raises ConflictingState for a key that has ended or has a successor already, InvalidInput for an
    overlap that is negative or above 30 days, or without a reason.
    """
    _require_reason(reason)
    _require(
        timedelta(0) <= overlap <= LONGEST_OVERLAP,
        f"The overlap must lie between 0 and {LONGEST_OVERLAP.days} days",
    )
    with transaction.atomic():
        old = _locked(key)
        if old.replaced_by_id is not None:
            raise ConflictingState(f"{old} has a successor already; rotate that one")
        if ending := why_ended(old, now=now):
            raise ConflictingState(f"{old} {ending}; issue a new key instead")
        fresh = issue_key(
            name=old.name,
            owner=old.owner,
            scopes=scopes_in(old),
            requests_per_minute=old.requests_per_minute,
            expires_at=now + _life_of(old),
            actor=actor,
            now=now,
            reason=reason,
        )
        before = _described(old)
        old.replaced_by = fresh.row
        old.expiry_date = min(_end_of(old), now + overlap)
        old.save(update_fields=["replaced_by", "expiry_date"])
        record(
            action="api_key.rotate",
            subject=old,
            actor=actor,
            now=now,
            before=before,
            after=_described(old),
            reason=reason,
        )
    return fresh


def revoke_key(key: ApiKey, *, reason: str, actor: Actor, now: datetime) -> ApiKey:
    """End a key at once, for good. Raises ConflictingState where it is revoked already."""
    _require_reason(reason)
    with transaction.atomic():
        row = _locked(key)
        if row.revoked:
            raise ConflictingState(f"{row} is revoked already, by {row.revoked_by}")
        row.revoked, row.revoked_at, row.revoked_by = True, now, actor.name
        row.revocation_reason = reason[:REASON_LENGTH]
        row.save(update_fields=["revoked", "revoked_at", "revoked_by", "revocation_reason"])
        record(
            action="api_key.revoke",
            subject=row,
            actor=actor,
            now=now,
            after=_described(row),
            reason=reason,
        )
    return row


def key_of(word: str) -> ApiKey | None:
    """Give the row that a word opens, ended or not; None where there is none.

    One query by the prefix, then one comparison of hashes in constant time; an unknown prefix costs
    the same hash.
    """
    prefix, _, secret = word.removeprefix(BRAND).partition(".")
    generator = ApiKey.objects.key_generator
    row = (
        ApiKey.objects.select_related("owner").filter(prefix=prefix).first()
        if word.startswith(BRAND) and secret and prefix.isascii() and prefix.isalnum()
        else None
    )
    if row is None:
        generator.hash(word)
        return None
    return row if generator.verify(word, row.hashed_key) else None


def why_ended(key: ApiKey, *, now: datetime) -> str:
    """Say why a key opens nothing any more; empty where it does."""
    if key.revoked:
        return "is revoked"
    if _end_of(key) <= now:
        return f"has expired on {_end_of(key):%Y-%m-%d}"
    if not key.owner.is_active:
        return "belongs to an account that is inactive"
    return ""


def note_use(key: ApiKey, *, address: str | None, now: datetime) -> None:
    """Write down that a key was used, at most once a minute."""
    if key.last_used_at is not None and now - key.last_used_at < USE_IS_NOTED_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_IS_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now, last_used_address=address)


def scopes_in(key: ApiKey) -> frozenset[Scope]:
    """Give the rights of a key."""
    return frozenset(Scope(scope) for scope in key.scopes)


def _locked(key: ApiKey) -> ApiKey:
    """Read a key's row again and hold it."""
    row: ApiKey = (
        ApiKey.objects.select_related("owner").select_for_update(of=("self",)).get(pk=key.pk)
    )
    return row


def _life_of(key: ApiKey) -> timedelta:
    """Give how long a key was meant to work when it was issued."""
    return min(max(_end_of(key) - key.created, timedelta(days=1)), LONGEST_LIFE)


def _end_of(key: ApiKey) -> datetime:
    """Give the end of a key; a constraint says that each has one."""
    end: datetime | None = key.expiry_date
    if end is None:
        raise ConflictingState(f"{key} has no end; revoke it")
    return end


def _described(key: ApiKey) -> dict[str, object]:
    """Give what an audit row says of a key; neither word nor hash."""
    return {
        "name": key.name,
        "prefix": key.prefix,
        "owner": key.owner.get_username(),
        "scopes": list(key.scopes),
        "requests_per_minute": key.requests_per_minute,
        "expires_at": key.expiry_date,
        "revoked": key.revoked,
        "replaced_by": key.replaced_by.prefix if key.replaced_by else None,
    }


def _require(holds: bool, message: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Raise InvalidInput where something does not hold."""
    if not holds:
        raise InvalidInput(message)


def _require_reason(reason: str) -> None:
    """Refuse an act without a reason."""
    _require(bool(reason.strip()), "Say why: the reason goes into the audit log")
