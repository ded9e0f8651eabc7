"""Turns: imports of one source run one after another, and bytes are not removed while they are named."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from atlas.domain.errors import Temporary
from imports.models import ImportSource

LOCK_CLASS = 0x1A7A5  # advisory locks of import sources
BYTES_LOCK_CLASS = 0x1A7A6  # advisory locks of stored bytes
PATIENCE_SECONDS = 600.0
LOOK_AGAIN_SECONDS = 0.2


@contextmanager
def turn_of(source: ImportSource, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Wait until no other import of this source is running, and keep others waiting meanwhile.

    The lock belongs to the database session, so it ends with a killed process too. Raises
    Temporary where the turn does not come in time.
    """
    deadline = time.monotonic() + patience_seconds
    while not _asked("SELECT pg_try_advisory_lock(%s, %s)", source):
        if time.monotonic() >= deadline:
            raise Temporary(
                f"Another import of {source.name} has been running for {patience_seconds:.0f} s; "
                "try again when it is through."
            )
        time.sleep(LOOK_AGAIN_SECONDS)
    try:
        yield
    finally:
        _asked("SELECT pg_advisory_unlock(%s, %s)", source)


def hold_bytes(sha256: str) -> None:
    """Let nobody else begin a run of these bytes, or remove them, until the transaction ends.

    Two hashes may share a lock: then one waits needlessly.
    """
    number = int.from_bytes(bytes.fromhex(sha256[:8]), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [BYTES_LOCK_CLASS, number])


def _asked(statement: str, source: ImportSource) -> bool:
    """Ask for the lock, or give it back."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [LOCK_CLASS, source.pk])
        (answer,) = cursor.fetchone() or (False,)
        return bool(answer)
