"""Copying: rows on their way to the database while the next ones are being made."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import Copy, Cursor
from psycopg.copy import LibpqWriter, Writer

# How many batches may wait: a slow database stops the reading instead of filling the memory.
WAITING = 4


class WriterBehind(Writer):
    """Sends what it is given from a thread of its own, in order.

    psycopg's own writer of this kind lets 128 MB wait, more than an import may hold.
    """

    def __init__(self, cursor: Cursor[Any]) -> None:
        self._writer = LibpqWriter(cursor)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="copy")
        self._sending: list[Future[None]] = []

    def write(self, data: Any) -> None:
        """Take a piece; raises what became of an earlier one where the database turned it down."""
        while len(self._sending) >= WAITING:
            self._sending.pop(0).result()
        self._sending.append(self._thread.submit(self._writer.write, data))

    def finish(self, exc: BaseException | None = None) -> None:
        """Wait for what is on its way, then end the COPY: with `exc` it is given up."""
        self._thread.shutdown(wait=True)
        if exc is None:
            for one in self._sending:
                one.result()
        self._writer.finish(exc)


@contextmanager
def copying(statement: str) -> Iterator[Copy]:
    """Open a COPY; what the database turns down is raised here at the latest."""
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        # Not through Django's own cursor: the one that it debugs with knows no writers.
        cursor.cursor.copy(statement, writer=WriterBehind(cursor.cursor)) as copy,
    ):
        yield copy
