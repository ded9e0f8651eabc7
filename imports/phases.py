"""Phases of a run: one at a time, timed, each told in one line of the log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import connection

from atlas.domain.errors import ConflictingState
from atlas.domain.states import ImportState
from imports import progress
from imports.models import ImportRun

log = structlog.get_logger(__name__)

LONGEST_STATEMENT_MS = 30 * 60 * 1000
SORT_MEMORY = "64MB"


@contextmanager
def phase(run: ImportRun, name: str) -> Iterator[None]:
    """Time a phase; its figures are kept with the run once it is through, and logged in any case."""
    started = time.perf_counter()
    progress.report(run.pk, name, 0)
    try:
        yield
    except BaseException as error:
        log.warning("import_phase_broken_off", **_figures(run, name, started), error=error)
        raise
    finally:
        progress.forget(run.pk)
    figures = _figures(run, name, started)
    run.seconds[name] = figures["seconds"]
    ImportRun.objects.filter(pk=run.pk).update(seconds=run.seconds)
    log.info("import_phase", **figures)


def _figures(run: ImportRun, name: str, started: float) -> dict[str, Any]:
    """Give what is told of a phase: how much, how long, how fast."""
    seconds = round(time.perf_counter() - started, 3)
    return {
        "phase": name,
        "run": run.pk,
        "source": run.source_id,
        "state": run.state,
        "bytes": run.size_bytes,
        "records": run.record_count,
        "rejected": run.rejected_count,
        "errors": run.error_count,
        "warnings": run.warning_count,
        "seconds": seconds,
        "records_per_second": round(run.record_count / seconds) if seconds else None,
        "bytes_per_second": round(run.size_bytes / seconds) if seconds else None,
    }


def long_statements() -> None:
    """Give the statements of this transaction the time that a large file needs.

    Joins are hashed and done in the order in which they are written: what was just staged has no
    statistics yet, and a planner that believes in three rows would loop over three million, or
    match points of all strategies by their dates before it asks whose they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true),"
            " set_config('idle_in_transaction_session_timeout', %s, true),"
            " set_config('work_mem', %s, true),"
            " set_config('enable_nestloop', 'off', true),"
            " set_config('enable_mergejoin', 'off', true),"
            " set_config('join_collapse_limit', '1', true),"
            " set_config('jit', 'off', true)",
            [f"{LONGEST_STATEMENT_MS}ms", f"{LONGEST_STATEMENT_MS}ms", SORT_MEMORY],
        )


def locked_run(run: ImportRun, *expected: ImportState) -> ImportRun:
    """Lock the run's row for this transaction and bring `run` up to date.

    Raises ConflictingState where it is in none of the expected states.
    """
    ImportRun.objects.select_for_update().get(pk=run.pk)
    run.refresh_from_db()
    if run.state not in {state.value for state in expected}:
        wanted = " or ".join(state.value for state in expected)
        raise ConflictingState(
            f"Import {run.pk} is {run.state}, not {wanted}; look at it again before you go on.",
            detail={"run": run.pk, "state": run.state},
        )
    return run
