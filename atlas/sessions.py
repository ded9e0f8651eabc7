"""How long a console session opens doors: idle and absolute limits, and the epoch of its person.

Raising a person's epoch ends every session that began before, wherever it lies; nothing has to be
looked for in the session store.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase as Session
from django.db import transaction

from atlas.audit import Actor, record
from atlas.models import SessionEpoch

BEGAN, SEEN, EPOCH, FACTOR = (
    "atlas_began_at",
    "atlas_seen_at",
    "atlas_epoch",
    "atlas_second_factor_at",
)
NOTE_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database knows of a person at the door."""

    epoch: int
    has_device: bool


def standing_of(user: User) -> Standing:
    """Read epoch and device of a person in one query."""
    row = (
        User.objects.filter(pk=user.pk)
        .values_list("session_epoch__epoch", "one_time_device__confirmed_at")
        .first()
    )
    return Standing((row and row[0]) or 0, bool(row and row[1]))


def begin(session: Session, user: User, *, now: datetime) -> None:
    """Start the clocks of a session that was just logged in to."""
    for name in (BEGAN, SEEN):
        session[name] = int(now.timestamp())
    session[EPOCH] = standing_of(user).epoch
    session.pop(FACTOR, None)


def mark_second_factor(session: Session, *, now: datetime) -> None:
    """Note that the person of this session has shown the second factor."""
    session[FACTOR] = int(now.timestamp())


def has_second_factor(session: Session) -> bool:
    """Say whether the second factor was shown in this session."""
    return FACTOR in session


def began_at(session: Session) -> datetime:
    """Give the moment of the login."""
    return datetime.fromtimestamp(session[BEGAN], tz=UTC)


def ends_at(session: Session, *, now: datetime) -> datetime:
    """Give the moment at which the session ends if nothing is done in it from now on."""
    return min(
        began_at(session) + settings.ATLAS_SESSION_LIFETIME, now + settings.ATLAS_SESSION_IDLE
    )


def why_ended(session: Session, standing: Standing, *, now: datetime) -> str:
    """Word why a session opens nothing any more; empty where it does."""
    if session.get(EPOCH, standing.epoch) != standing.epoch:
        return "Your sessions were ended: log in again."
    if _since(session, BEGAN, now=now) > settings.ATLAS_SESSION_LIFETIME:
        return "You were logged in for long enough: log in again."
    if _since(session, SEEN, now=now) > settings.ATLAS_SESSION_IDLE:
        return "You did nothing for a while: log in again."
    return ""


def note_use(session: Session, standing: Standing, *, now: datetime) -> None:
    """Note that the session is in use, every five minutes."""
    if BEGAN not in session or EPOCH not in session:
        session.setdefault(BEGAN, int(now.timestamp()))
        session.setdefault(EPOCH, standing.epoch)
    if SEEN not in session or _since(session, SEEN, now=now) >= NOTE_EVERY:
        session[SEEN] = int(now.timestamp())


def end_sessions(
    user: User, *, reason: str, actor: Actor, now: datetime, keep: Session | None = None
) -> int:
    """End every session of a person, but for the one that is kept; gives the new epoch."""
    with transaction.atomic():
        row, _ = SessionEpoch.objects.select_for_update().get_or_create(
            user=user, defaults={"changed_at": now, "reason": reason[:200]}
        )
        row.epoch, row.changed_at, row.reason = row.epoch + 1, now, reason[:200]
        row.save(update_fields=["epoch", "changed_at", "reason"])
        record(
            action="session.end_all",
            subject=user,
            actor=actor,
            now=now,
            after={"name": user.get_username(), "epoch": row.epoch},
            reason=reason,
        )
    if keep is not None:
        keep[EPOCH] = row.epoch
    return row.epoch


def _since(session: Session, name: str, *, now: datetime) -> timedelta:
    """Tell how long ago something was noted in the session; what was not noted is now."""
    at = session.get(name)
    if not isinstance(at, int):
        return timedelta(0)
    return now - datetime.fromtimestamp(at, tz=UTC)
