"""Imports that are killed in the middle of each phase: nothing or all is there, and they go on.

A real process does the work. It is stopped where it first writes to a table, because the test holds
that table; then it is killed, and only then let go. So each death falls on the same statement in
each run, and the database decides what is left.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from atlas.models import AuditEvent
from imports.models import ImportRun, RecordChange, StagedGroup, StagedRecord
from strategies.models import Strategy
from tests.imports.builders import as_bytes, document, point, strategy
from tests.imports.test_command_line import ROOT, environment
from tests.imports.test_turns import wait_until_forgotten
from tests.imports.world import catalogue, row_versions

pytestmark = [
    pytest.mark.deep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]

FIRST = as_bytes(document())
# It changes, adds and removes something of every kind that can.
SECOND = as_bytes(
    document(
        benchmarks=[
            {
                "slug": "eth",
                "name": "Ether itself",
                "points": [{"as_of_at": "2025-01-02T00:00:00Z", "price_usd": 3051.5}],
            }
        ],
        strategies=[
            strategy(
                name="Another name",
                performance=[point(2, 1.02), point(4, 1.05)],
                trades=[],
                holdings=[],
            ),
            strategy("beta"),
        ],
    )
)
LONGEST_START_SECONDS = 60
LONG_ENOUGH_TO_BEGIN_SECONDS = 2  # the second would have its run by then
HOLDER_AND_BOTH = 3
# From the first that is written to the last, in the order of each.
APPLYING = (
    "strategies_benchmark",
    "strategies_performancepoint",
    "imports_contentdigest",
    "strategies_metricssnapshot",
    "imports_importrun",
    "atlas_auditevent",
)
REVERTING = (
    "strategies_reportclaim",
    "strategies_performancepoint",
    "strategies_strategy",
    "imports_importrun",
    "atlas_auditevent",
)


@pytest.fixture
def told(tmp_path, settings) -> dict[str, str]:
    """Give the environment of a child; this process uses the same store."""
    call_command("grant_roles", verbosity=0)
    given = environment(tmp_path)
    settings.ATLAS_STORAGE_DIR = Path(given["ATLAS_STORAGE_URL"])
    return given


@contextmanager
def held(table: str) -> Iterator[None]:
    """Let nobody write to a table meanwhile; reading goes on."""
    options = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    given = {name: options[name] for name in names if options.get(name)}
    with psycopg.connect(**given) as holder:
        holder.execute(
            psycopg.sql.SQL("LOCK TABLE {} IN SHARE MODE").format(psycopg.sql.Identifier(table))
        )
        yield
        holder.rollback()


def start(told: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command line's import."""
    return subprocess.Popen(
        [sys.executable, "-m", "imports.cli", *arguments],
        cwd=ROOT,
        env=told,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_at(table: str, told: dict[str, str], *arguments: str) -> None:
    """Kill an import that waits to write to the table."""
    with held(table):
        child = start(told, *arguments)
        try:
            wait_until(lambda: blocked_by_a_lock() or child.poll() is not None)
            assert child.poll() is None, "it ended without writing to the table"
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.communicate()
    wait_until_forgotten()


def blocked_by_a_lock() -> bool:
    """Say whether anybody waits for a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        (waiting,) = cursor.fetchone()
        return int(waiting) > 0


def wait_until(happened) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def in_this_process(*arguments: str) -> None:
    """Do the same here; it must succeed."""
    call_command("import_export", *arguments, "--quiet")


def newest() -> ImportRun:
    return ImportRun.objects.latest("pk")


@pytest.fixture
def before(told, tmp_path):
    """Give a catalogue that has something to change, and the file that changes it."""
    (tmp_path / "first.json").write_bytes(FIRST)
    (tmp_path / "second.json").write_bytes(SECOND)
    in_this_process("--file", str(tmp_path / "first.json"))
    return str(tmp_path / "second.json")


def outcome_of(path: str) -> dict[str, list[str]]:
    """Import in this process, give the catalogue, and take it back."""
    in_this_process("--file", path)
    found = catalogue()
    in_this_process("--revert", str(newest().pk))
    return found


READING = {
    "imports_importrun": None,
    "atlas_auditevent": None,
    "imports_stagedrecord": "RECEIVED",
    "imports_stagedgroup": "RECEIVED",
    "imports_changegroup": "STAGED",
    "imports_recordchange": "STAGED",
}


@pytest.mark.parametrize("table", READING)
def test_a_death_while_a_file_is_received_read_or_compared_leaves_the_step_undone(
    table, told, before
):
    expected = outcome_of(before)
    untouched, runs = row_versions(), ImportRun.objects.count()
    events = AuditEvent.objects.count()
    killed_at(table, told, "--file", before)
    assert row_versions() == untouched
    if READING[table] is None:
        assert ImportRun.objects.count() == runs
        assert AuditEvent.objects.count() == events
    else:
        run = newest()
        assert ImportRun.objects.count() == runs + 1
        assert run.state == READING[table]
        is_read = run.state == "STAGED"
        assert StagedRecord.objects.filter(run=run).exists() is is_read
        assert StagedGroup.objects.filter(run=run).exists() is is_read
        assert not RecordChange.objects.filter(run=run).exists()
    in_this_process("--file", before)
    assert ImportRun.objects.count() == runs + 1
    assert newest().state == "APPLIED"
    assert catalogue() == expected


@pytest.mark.parametrize("table", APPLYING)
def test_a_death_while_a_change_set_is_applied_leaves_nothing_of_it(table, told, before):
    expected = outcome_of(before)
    in_this_process("--file", before, "--dry-run")
    run, untouched = newest(), row_versions()
    killed_at(table, told, "--apply", str(run.pk))
    run.refresh_from_db()
    assert run.state == "REVIEWED"
    assert row_versions() == untouched
    in_this_process("--apply", str(run.pk))
    assert catalogue() == expected


@pytest.mark.parametrize("table", REVERTING)
def test_a_death_while_an_import_is_put_back_leaves_all_of_it(table, told, before):
    expected = catalogue()
    in_this_process("--file", before)
    run, applied = newest(), row_versions()
    killed_at(table, told, "--revert", str(run.pk))
    run.refresh_from_db()
    assert run.state == "APPLIED"
    assert row_versions() == applied
    in_this_process("--revert", str(run.pk))
    assert newest().state == "REVERTED"
    assert catalogue() == expected


def test_a_death_while_the_bytes_come_leaves_no_file_in_the_store(told):
    child = start(told, "--file", "-")
    assert child.stdin is not None
    child.stdin.write(FIRST[:500])
    child.stdin.flush()
    store = Path(told["ATLAS_STORAGE_URL"]) / "imports"
    wait_until(lambda: any((store / "incoming").glob("*")))
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert not (store / "objects").exists()
    assert not ImportRun.objects.exists()
    again = start(told, "--file", "-")
    again.communicate(FIRST, timeout=60)
    assert again.returncode == 0
    assert Strategy.objects.count() == 1


def test_two_imports_of_one_source_queue_up_as_processes(told, tmp_path):
    paths = []
    for name, days in (("one", (1, 2)), ("two", (3, 4))):
        held_back = strategy(performance=[point(day, 1 + day / 100) for day in days], reports=[])
        path = tmp_path / f"{name}.json"
        path.write_bytes(as_bytes(document(mode="delta", strategies=[held_back], vaults=[])))
        paths.append(str(path))
    with held("imports_stagedrecord"):
        first = start(told, "--file", paths[0])
        wait_until(blocked_by_a_lock)
        second = start(told, "--file", paths[1])
        wait_until(lambda: sessions() == HOLDER_AND_BOTH)
        time.sleep(LONG_ENOUGH_TO_BEGIN_SECONDS)
        assert first.poll() is None
        assert second.poll() is None
        assert ImportRun.objects.count() == 1
    for child in (first, second):
        child.communicate(timeout=60)
        assert child.returncode == 0
    runs = ImportRun.objects.order_by("pk")
    assert [run.received_from for run in runs] == ["one.json", "two.json"]
    assert {run.state for run in runs} == {"APPLIED"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM strategies_performancepoint")
        assert cursor.fetchone() == (4,)


def sessions() -> int:
    """Count who else is connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (count,) = cursor.fetchone() or (0,)
        return int(count)
