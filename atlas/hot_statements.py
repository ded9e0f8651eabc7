"""Statements that are asked thousands of times an hour: prepared once a session, answered in binary.

Reading and planning a long statement costs the database as much as running it. A session keeps the
plan of one that it is asked for again; parameters travel beside the text, never in it. The cursors
are those of Django in all else, so that wrappers, logs and counts of queries see every statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection
from psycopg.pq import Format

PREPARED_AFTER = 3
Values = Mapping[str, Any] | Sequence[Any]
Row = tuple[Any, ...]


def hot_row(statement: str, values: Values) -> Row | None:
    """Execute a statement that gives one row or none."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    session: Any = connection.connection
    if session.prepare_threshold is None:  # Django's own cursors bind at the client, so it is ours
        session.prepare_threshold = PREPARED_AFTER
    with connection.wrap_database_errors:
        bare: Any = psycopg.Cursor(session)
    bare.format = Format.BINARY
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(bare) as cursor:
        cursor.execute(statement, values)
        row: Row | None = cursor.fetchone()
        return row


def first_row(statement: str, values: Values) -> Row | None:
    """Execute the first statement of a request, which is also the proof that the session lives.

    Django would ask the database for nothing beforehand, to see whether it is there. Where the
    session turns out to be dead, the statement is asked once more in a new one.
    """
    if connection.in_atomic_block:
        return hot_row(statement, values)
    session: Any = connection  # the types do not know what they call health
    session.health_check_done = True
    try:
        return hot_row(statement, values)
    except (OperationalError, InterfaceError):
        if connection.connection is not None and connection.is_usable():
            raise
        connection.close()
        return hot_row(statement, values)
