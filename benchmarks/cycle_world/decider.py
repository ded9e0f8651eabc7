"""A worker of the benchmark: it runs the cycles of deployments and says what they cost.

Run as `python -m benchmarks.cycle_world.decider INDEX KEY...`; prints one JSON object. The time from
the look to the permit is that of the cycle's own functions, each wrapped by a stop-watch.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

LOCK = "pg_advisory_xact_lock_shared"


class Watch:
    """Adds up the wall and processor seconds of the functions that it wraps, and their statements."""

    def __init__(self) -> None:
        self.wall = self.cpu = self.locked = 0.0
        self.statements = self.all_statements = self.depth = 0

    def over(self, module: Any, name: str) -> None:
        """Wrap a function of a module; calls inside a wrapped call are counted once."""
        inner: Callable[..., Any] = getattr(module, name)

        def timed(*arguments: Any, **values: Any) -> Any:
            if self.depth:
                return inner(*arguments, **values)
            self.depth += 1
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return inner(*arguments, **values)
            finally:
                self.depth -= 1
                self.wall += time.perf_counter() - wall
                self.cpu += time.process_time() - cpu

        setattr(module, name, timed)

    def statement(self, execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        """Count a statement, and the wait for the switch's lock."""
        self.all_statements += 1
        self.statements += bool(self.depth)
        began = time.perf_counter()
        try:
            return execute(sql, params, *rest)
        finally:
            if LOCK in sql:
                self.locked += time.perf_counter() - began


def main() -> int:
    """Run one cycle of each deployment and print what they cost."""
    django.setup()
    from django.db import connection

    from benchmarks.cycle_world.house import deployments
    from execution import cycle, gate, trading
    from tests.execution.world import recording, run, slot, waves

    at, keys = slot(int(sys.argv[1])), [int(key) for key in sys.argv[2:]]
    market, watch = recording(waves()), Watch()
    for module, name in (
        (cycle, "look"),
        (cycle, "decide"),
        (trading, "_plan"),
        (gate, "authorise"),
    ):
        watch.over(module, name)
    found = deployments(keys)
    with connection.execute_wrapper(watch.statement):
        wall, cpu = time.perf_counter(), time.process_time()
        ended = [run(one, market, at) for one in found]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    traded = sum(one is not None and one.reason == "traded" for one in ended)
    if traded != len(keys):
        sys.stderr.write(f"Only {traded} of {len(keys)} cycles traded: this measures nothing.\n")
        return 1
    told = {
        "cycles": len(keys),
        "cycle_wall": wall,
        "cycle_cpu": cpu,
        "decide_wall": watch.wall,
        "decide_cpu": watch.cpu,
        "locked": watch.locked,
        "statements": watch.statements,
        "all_statements": watch.all_statements,
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    raise SystemExit(main())
