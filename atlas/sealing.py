"""Sealing the audit log: one sealer chains committed events in batches.

Writers never wait for one another or for the sealer. The sealer looks at the end of the log, waits
until every transaction that ran at that moment has ended, and seals up to what it saw: nobody can
add an event below that any more. An edit, a deletion or a change of order then contradicts a seal,
and `verify` says which.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from atlas.models import AuditEvent, AuditSeal

SEALER_LOCK_KEY = 0x4154534C  # "ATSL"
GENESIS_HASH = "0x" + "00" * 32
BATCH_EVENTS = 5_000
POLL_SECONDS = 0.2
_FIELDS = (
    "pk",
    "occurred_at",
    "actor",
    "actor_user_id",
    "address",
    "request_id",
    "action",
    "subject_type",
    "subject_id",
    "before",
    "after",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, to be kept where the database's owner cannot reach."""

    seal: int
    seal_hash: str
    last_event: int
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction between the log and its seals."""

    seal: int
    message: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A look at the log: its highest event, and the first transaction that had not begun yet."""

    last_event: int
    next_transaction: int


def mark() -> Mark:
    """Look at the end of the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT max(id) FROM atlas_auditevent), 0), "
            "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
        last_event, next_transaction = cursor.fetchone()
    return Mark(int(last_event), int(next_transaction))


def is_settled(seen: Mark) -> bool:
    """Say whether every transaction that ran when the mark was made has ended.

    From then on nobody can add an event at or below the mark's highest.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest_running,) = cursor.fetchone()
    return int(oldest_running) >= seen.next_transaction


def seal_settled(
    *, now: datetime, patience_seconds: float = 10, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Seal whatever is settled, batch by batch; gives the number of events sealed.

    Waits a little for the transactions that run now. A transaction that runs longer than that
    holds sealing up, not writing: the next pass seals.
    """
    seen = mark()
    waited = 0.0
    while not is_settled(seen):
        if waited >= patience_seconds:
            return 0
        sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    total = 0
    while count := seal_up_to(seen.last_event, now=now):
        total += count
    return total


def seal_up_to(last: int, *, now: datetime) -> int:
    """Seal the events after the last seal up to event `last`; gives how many.

    Only one sealer works at a time: a second one finds the lock taken and seals nothing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK_KEY])
            (free,) = cursor.fetchone()
        if not free:
            return 0
        head = AuditSeal.objects.order_by("pk").last()
        after = head.last_event_id if head else 0
        events = list(
            AuditEvent.objects.filter(pk__gt=after, pk__lte=last).order_by("pk")[:BATCH_EVENTS]
        )
        if not events:
            return 0
        previous = head.seal_hash if head else GENESIS_HASH
        AuditSeal.objects.create(
            first_event=events[0],
            last_event=events[-1],
            event_count=len(events),
            previous_hash=previous,
            seal_hash=chain_hash(previous, events),
            sealed_at=now,
        )
    return len(events)


def event_hash(event: AuditEvent) -> bytes:
    """Hash everything an event says: SHA-256 over its sorted JSON."""
    content = {name: getattr(event, name) for name in _FIELDS}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return sha256(text.encode()).digest()


def chain_hash(previous: str, events: Iterable[AuditEvent]) -> str:
    """Hash a batch onto the chain: the previous hash, then each event's, in order."""
    digest = sha256(bytes.fromhex(previous.removeprefix("0x")))
    for event in events:
        digest.update(event_hash(event))
    return "0x" + digest.hexdigest()


def verify() -> Iterator[Finding]:
    """Recompute the whole chain and yield every contradiction."""
    previous_hash, after = GENESIS_HASH, 0
    for seal in AuditSeal.objects.order_by("pk").iterator(chunk_size=100):
        if seal.previous_hash != previous_hash:
            yield Finding(
                seal.pk, "does not follow the seal before it: a seal is missing or changed"
            )
        if seal.first_event_id <= after:
            yield Finding(seal.pk, "overlaps the seal before it")
        yield from _contradictions(seal, after=after)
        previous_hash, after = seal.seal_hash, seal.last_event_id


def _contradictions(seal: AuditSeal, *, after: int) -> Iterator[Finding]:
    """Compare one seal with the events it covers: all between the seal before it and its end."""
    events = list(
        AuditEvent.objects.filter(pk__gt=after, pk__lte=seal.last_event_id).order_by("pk")
    )
    span = f"events {seal.first_event_id} to {seal.last_event_id}"
    if len(events) != seal.event_count:
        word = "missing" if len(events) < seal.event_count else "added"
        number = abs(len(events) - seal.event_count)
        yield Finding(seal.pk, f"{span}: {number} of {seal.event_count} sealed events {word}")
    elif chain_hash(seal.previous_hash, events) != seal.seal_hash:
        yield Finding(seal.pk, f"{span}: an event was edited or moved since it was sealed")


def head() -> Head | None:
    """Give the end of the chain, or None where nothing is sealed yet."""
    last = AuditSeal.objects.order_by("pk").last()
    if last is None:
        return None
    return Head(last.pk, last.seal_hash, last.last_event_id, last.sealed_at)


def contradicts_head(seal: int, seal_hash: str) -> str:
    """Say how the chain contradicts a head that was exported earlier; empty where it does not."""
    row = AuditSeal.objects.filter(pk=seal).first()
    if row is None:
        return f"seal {seal} of the exported head is gone: the end of the log was cut off"
    if row.seal_hash != seal_hash:
        return f"seal {seal} differs from the exported head: the log was rewritten"
    return ""
