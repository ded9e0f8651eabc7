"""Reading one state of the database, however many statements it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from psycopg import IsolationLevel

from atlas.domain.errors import Bug


@contextmanager
def one_snapshot() -> Iterator[bool]:
    """Read everything inside from one state; writing is refused by the database.

    Gives False where a transaction is open already: its isolation cannot be changed any more, and
    what is read inside may be of several states.
    """
    if connection.in_atomic_block:
        yield False
        return
    connection.close_if_health_check_failed()  # a later check could swap the session under us
    connection.ensure_connection()
    session: Any = connection.connection
    session.isolation_level, session.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with transaction.atomic():
            if connection.connection is not session:
                raise Bug("The database session was swapped before its snapshot began")
            yield True
    finally:
        if not session.closed:
            session.isolation_level = session.read_only = None
