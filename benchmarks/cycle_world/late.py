"""What a halt must withstand: permits that come late, and a holder of the lock that is stuck."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# The database's own word on when a transaction was committed.
LATE = """
    WITH halts AS (
        SELECT pg_xact_commit_timestamp(c.xmin) AS halted_at,
               lead(pg_xact_commit_timestamp(c.xmin)) OVER (ORDER BY c.epoch) AS restored_at,
               c.after
        FROM atlas_tradingstatechange c JOIN atlas_tradingstate s ON s.id = c.trading_state_id
        WHERE s.scope = 'GLOBAL'
    )
    SELECT count(*) FROM execution_guardraildecision d JOIN halts h
        ON pg_xact_commit_timestamp(d.xmin) > h.halted_at
        AND pg_xact_commit_timestamp(d.xmin) < h.restored_at
    WHERE d.allowed AND h.after = 'HALTED'
"""


@contextmanager
def holder() -> Iterator[None]:
    """Hold the switch's shared lock in a connection of its own that falls asleep over it."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        from django.db import OperationalError, connection

        from atlas.switches import shared_lock

        try:
            with shared_lock():
                held.set()
                done.wait(30)
        except OperationalError:
            return  # the halt ended this connection, as it must
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    if not held.wait(30):
        raise RuntimeError("the lock could not be held")
    try:
        yield
    finally:
        done.set()
        thread.join()
