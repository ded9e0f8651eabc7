"""Imports that run at the same time, and imports that are killed: one after another, all or nothing."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from atlas.domain.errors import Temporary
from atlas.domain.states import ImportState
from imports.models import ImportRun, ImportSource, StagedRecord
from imports.synthetic import lines_of, reference_spec
from imports.turns import turn_of
from strategies.models import PerformancePoint, Strategy
from tests.imports.builders import document, point, strategy
from tests.imports.test_command_line import ROOT, environment
from tests.imports.world import catalogue, row_versions

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs) -> list[Any]:
    """Run jobs in threads of their own, each with its own connection; gives their results."""
    results: list[Any] = [None] * len(jobs)

    def run(index, job):
        try:
            results[index] = job()
        except Exception as error:  # noqa: BLE001  # handed to the test, which looks at it
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_two_imports_of_one_source_take_turns_and_lose_nothing(world):
    first = document(strategies=[strategy(performance=[point(1), point(2)])])
    second = document(mode="delta", strategies=[strategy(performance=[point(3), point(4)])])
    runs = at_once(lambda: world.run(first), lambda: world.run(second), lambda: world.run(first))
    assert {run.state for run in runs} == {ImportState.APPLIED}
    assert Strategy.objects.count() == 1
    assert PerformancePoint.objects.count() in {2, 4}  # the snapshot may have come last


def test_the_same_bytes_at_the_same_time_are_one_run(world):
    outcomes = at_once(*[lambda: world.bring(document())] * 3)
    assert len({outcome.run.pk for outcome in outcomes}) == 1
    assert sorted(outcome.is_repeat for outcome in outcomes) == [False, True, True]
    assert PerformancePoint.objects.count() == 3


def test_who_waits_too_long_is_told_to_come_back():
    source = ImportSource.objects.get(name="file")
    held, done = threading.Event(), threading.Event()

    def hold():
        with turn_of(source):
            held.set()
            done.wait(30)

    def ask():
        held.wait(30)
        try:
            with turn_of(source, patience_seconds=0.3):
                return "got it"
        finally:
            done.set()

    _, answer = at_once(hold, ask)
    assert isinstance(answer, Temporary)
    assert "try again" in answer.message


def test_another_source_need_not_wait():
    with turn_of(ImportSource.objects.get(name="file")):
        other = ImportSource.objects.get(name="stdin")

        def ask():
            with turn_of(other, patience_seconds=5):
                return "got it"

        assert at_once(ask) == ["got it"]


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_an_import_that_is_killed_anywhere_leaves_nothing_or_all(tmp_path):
    """Real processes, really killed, at growing distances from their start and in each phase."""
    call_command("grant_roles", verbosity=0)
    told = environment(tmp_path)
    export = tmp_path / "export.ndjson"
    export.write_bytes(lines_of(reference_spec(strategies=12, days=900, trades=200, holdings=60)))
    command = [sys.executable, "-m", "imports.cli", "--file", str(export)]
    whole = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, check=True)
    assert whole.returncode == 0
    expected = catalogue()
    seen = set()
    for kill in [0, 2, 5, "stage", "review"]:
        call_command("import_export", "--revert", str(ImportRun.objects.applied().latest("pk").pk))
        empty = row_versions()
        state = kill_during(command, told, kill)
        seen.add(state)
        if state == ImportState.APPLIED:
            assert catalogue() == expected
            continue
        assert row_versions() == empty
        if state == ImportState.RECEIVED:
            newest = ImportRun.objects.latest("pk")
            assert not StagedRecord.objects.filter(run=newest).exists()
        subprocess.run(command, cwd=ROOT, env=told, capture_output=True, check=True)
        assert catalogue() == expected
    assert {ImportState.STAGED, ImportState.REVIEWED} <= seen


def kill_during(command, told, kill) -> str:
    """Start an import and kill it: so many quarters of a second after it was received, or after a phase."""
    before = ImportRun.objects.count()
    child = subprocess.Popen(
        command, cwd=ROOT, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if isinstance(kill, str):
        assert child.stderr is not None
        for line in child.stderr:
            if f'"phase": "{kill}"' in line:
                break
    else:
        while ImportRun.objects.count() == before and child.poll() is None:
            time.sleep(0.01)
        time.sleep(kill * 0.25)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    wait_until_forgotten()
    return ImportRun.objects.latest("pk").state


def wait_until_forgotten() -> None:
    """Wait until the database has noticed that the killed process is gone."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.05)
