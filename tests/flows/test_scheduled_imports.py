"""A real beat and a real worker: what a producer leaves is imported, and its absence is told."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from atlas.models import Alert
from imports.models import ImportRun, ImportSource
from imports.registrations import WATCH
from strategies.models import Strategy
from tests.imports.builders import document, strategy
from tests.imports.source_world import make_source, put

pytestmark = [
    pytest.mark.deep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

ROOT = Path(__file__).resolve().parents[2]
DATABASE_ADDRESSES = ("ATLAS_DATABASE_URL", "ATLAS_MIGRATE_DATABASE_URL")
WORKER = ("worker", "--queues", "imports", "--concurrency", "1", "--without-mingle")
BEAT = ("beat",)
PATIENCE_SECONDS = 90


def environment(process: str, folder: Path) -> dict[str, str]:
    """Give a process the test's database in the app's role, the test's broker, and its folders."""
    told = {
        **os.environ,
        "ATLAS_PROCESS": process,
        "ATLAS_IMPORT_INBOX_DIR": str(folder / "inboxes"),
        "ATLAS_STORAGE_URL": str(folder / "storage"),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    for name in DATABASE_ADDRESSES:
        parts = urlsplit(told[name])
        told[name] = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    return told


def start(process: str, words: tuple[str, ...], folder: Path) -> subprocess.Popen[bytes]:
    """Start a part of Celery, its output in a file."""
    log = (folder / f"{process}.log").open("wb")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config.celery", *words],
            cwd=ROOT,
            env=environment(process, folder),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@pytest.fixture
def house(tmp_path):
    """Run beat and a worker of the import queue until the test is over."""
    call_command("grant_roles", verbosity=0)
    children = [start("worker", WORKER, tmp_path), start("beat", BEAT, tmp_path)]
    yield tmp_path
    for child in children:
        os.killpg(child.pid, signal.SIGTERM)
    for child in children:
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(15)


def wait_until(is_so, what: str, folder: Path) -> None:
    """Wait for something, and show what the processes wrote where it does not happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            logs = [path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log")]
            pytest.fail(f"not within {PATIENCE_SECONDS} s: {what}\n" + "\n".join(logs))
        time.sleep(0.2)


def inbox(folder: Path, name: str) -> Path:
    made = folder / "inboxes" / name
    made.mkdir(parents=True)
    return made


def state_of(rule: str) -> str:
    return Alert.objects.filter(rule=rule).values_list("state", flat=True).first() or ""


def test_beat_starts_imports_and_tells_of_the_one_that_did_not_come(tmp_path, house):
    speaking, silent = inbox(house, "speaking"), inbox(house, "silent")
    put(speaking, "export.json", document(strategies=[strategy("first")], vaults=[]))
    make_source("inbox", "speaking", name="speaking", cadence_seconds=10)
    late = make_source(
        "inbox", "silent", name="silent", cadence_seconds=10, expected_every_seconds=3600
    )
    long_ago = timezone.now() - timedelta(hours=2)
    ImportSource.objects.filter(pk=late.pk).update(watched_since_at=long_ago)
    often, _ = IntervalSchedule.objects.get_or_create(every=2, period=IntervalSchedule.SECONDS)
    watch = PeriodicTask.objects.get(name=WATCH)
    watch.interval, watch.expire_seconds = often, 2
    watch.save()

    wait_until(lambda: Strategy.objects.filter(slug="first").exists(), "the import", house)
    run = ImportRun.objects.get()
    assert (run.source.name, run.state) == ("speaking", "APPLIED")
    assert run.requested_by == "schedule of speaking"
    wait_until(lambda: any((speaking / "done").iterdir()), "the file is put away", house)
    wait_until(lambda: state_of("import_missed") == "OPEN", "the alert of absence", house)

    put(silent, "export.json", document(strategies=[strategy("second")], vaults=[]))
    wait_until(lambda: Strategy.objects.filter(slug="second").exists(), "the late one", house)
    wait_until(lambda: state_of("import_missed") == "RESOLVED", "the end of the alert", house)
    assert Alert.objects.count() == 1

    put(speaking, "broken.json", b"{")
    wait_until(lambda: state_of("import_quarantined") == "OPEN", "the quarantine", house)
    assert len(list((speaking / "quarantine").iterdir())) == 2
