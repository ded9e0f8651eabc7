"""The bare yardsticks: the very SQL of an answer over one connection, and metrics by pandas."""

import os
import statistics
import time
from collections.abc import Callable

import pandas as pd
import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.api_world import data
from benchmarks.api_world.stacks import Stack
from benchmarks.metrics import pandas_headlines

RUNS = 40
MILLISECONDS = 1000.0
_ROWS = """
    SELECT p.as_of_at, p.nav_per_share_usd::float8 FROM strategies_performancepoint AS p
    JOIN strategies_strategy AS s ON s.id = p.strategy_id
    WHERE s.slug = 'strategy-0500' ORDER BY p.as_of_at
"""


class Bare:
    """What answers cost without a server around them."""

    def __init__(self, postgres: Stack) -> None:
        self.postgres = postgres
        self.session = psycopg.connect(os.environ["ATLAS_DATABASE_URL"], autocommit=True)

    def history_cpu(self) -> float:
        """Give the processor time of the history's statement, ours and the database's, in ms."""
        statement = _statement_of("strategy-0500")
        return self._cpu(lambda: self.session.execute(statement).fetchone())

    def long_p50(self) -> float:
        """Give the median time of the long series' statement, in ms."""
        statement = _statement_of(data.INTRADAY)
        taken = []
        for _ in range(RUNS):
            began = time.perf_counter()
            self.session.execute(statement).fetchone()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * MILLISECONDS

    def pandas_cpu(self) -> float:
        """Give the processor time of reading rows and computing headlines by pandas, in ms."""

        def compute() -> None:
            rows = self.session.execute(_ROWS).fetchall()
            frame = pd.Series(
                [row[1] for row in rows], index=pd.DatetimeIndex([r[0] for r in rows])
            )
            pandas_headlines(frame)

        return self._cpu(compute)

    def _cpu(self, call: Callable[[], object]) -> float:
        """Run something often and give the processor time of one run, in ms."""
        call()
        spent = time.process_time() + self.postgres.cpu_seconds()
        for _ in range(RUNS):
            call()
        spent = time.process_time() + self.postgres.cpu_seconds() - spent
        return spent / RUNS * MILLISECONDS


def _statement_of(slug: str) -> str:
    """Take down the statement that reads a series, its values written into it."""
    from strategies.series import read_series

    with CaptureQueriesContext(connection) as queries:
        read_series(slug=slug)
    (one,) = queries.captured_queries
    return str(one["sql"]).replace("%", "%%") if "%" in one["sql"] else str(one["sql"])
