"""The bare yardstick: the very SQL of an answer over one connection."""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

from benchmarks.api_world import data
from benchmarks.api_world.stacks import Stack

RUNS, RUNS_LONG = 300, 30
MILLISECONDS = 1000.0


class Bare:
    """What answers cost without a server around them."""

    def __init__(self, postgres: Stack) -> None:
        self.postgres = postgres
        self.session = psycopg.connect(os.environ["ATLAS_DATABASE_URL"], autocommit=True)

    def history_cpu(self) -> float:
        """Give the processor time of the history's statement, ours and the database's, in ms."""
        statement, values = _statement_of("strategy-0500")
        return self._cpu(lambda: self._row(statement, values))

    def long_p50(self) -> float:
        """Give the median time of the long series' statement, in ms."""
        statement, values = _statement_of(data.INTRADAY)
        taken = []
        for _ in range(RUNS_LONG):
            began = time.perf_counter()
            self._row(statement, values)
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * MILLISECONDS

    def _row(self, statement: str, values: Any) -> object:
        """Ask as quickly as the driver can: in binary, prepared when it comes again."""
        return self.session.execute(statement, values, binary=True).fetchone()

    def _cpu(self, call: Callable[[], object]) -> float:
        """Run something often and give the processor time of one run, in ms."""
        call()
        spent = time.process_time() + self.postgres.cpu_seconds()
        for _ in range(RUNS):
            call()
        spent = time.process_time() + self.postgres.cpu_seconds() - spent
        return spent / RUNS * MILLISECONDS


def _statement_of(slug: str) -> tuple[str, Any]:
    """Take down the statement that reads a series, with its values."""
    from strategies.series import read_series

    taken: list[tuple[str, Any]] = []

    def take_down(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        taken.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(take_down):
        read_series(slug=slug)
    (one,) = taken
    return one
