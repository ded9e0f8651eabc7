"""Real workers, really killed: whatever they were at, the books end as if nobody had died."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from atlas.domain.candles import Timeframe
from config.celery import app
from execution import leases, tasks
from execution.folding import refold
from execution.models import CycleRun, Fill, Order
from execution.services import create_paper_deployment
from tests.execution.ledger_dump import dump
from tests.execution.world import ACTOR, LIMITS, make_strategy, open_switches

pytestmark = [
    pytest.mark.deep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]

ROOT = Path(__file__).resolve().parents[2]
SLOTS = 60
KILLS = 12
DATABASE_ADDRESSES = ("ATLAS_DATABASE_URL", "ATLAS_MIGRATE_DATABASE_URL")


def worker_environment() -> dict[str, str]:
    """Give a worker the test's database, in the app's role, and the test's broker."""
    environment = {**os.environ, "ATLAS_PROCESS": "worker", "PYTHONPATH": str(ROOT)}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    for name in DATABASE_ADDRESSES:
        if name in environment:
            parts = urlsplit(environment[name])
            database = connection.settings_dict["NAME"]
            environment[name] = urlunsplit(parts._replace(path=f"/{database}"))
    return environment


def start_worker(log) -> subprocess.Popen[bytes]:
    """Start a worker with one process, in a process group of its own."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "config.celery", "worker"),
            *("--queues", "trading", "--concurrency", "1", "--loglevel", "WARNING"),
            *("--without-mingle", "--without-gossip"),
        ],
        cwd=ROOT,
        env=worker_environment(),
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def kill(worker) -> None:
    """Kill a worker and its pool at once, as a machine that loses power would."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(timeout=10)


def let_leases_run_out() -> None:
    """Bring the lease of whatever the dead worker was at into the past."""
    past = timezone.now() - timedelta(seconds=1)
    CycleRun.objects.running().update(lease_until=past)


@pytest.fixture
def grants():
    """Give the app's role its rights on the test database, as a deployment would."""
    call_command("grant_roles", verbosity=0)


def make(slug):
    made = create_paper_deployment(
        strategy=make_strategy(slug, parameters={"fast_bars": 3, "slow_bars": 8}),
        markets=["ETH/USD"],
        timeframe="1h",
        cadence_seconds=3600,
        deposit_usd=Decimal(10_000),
        limits=LIMITS,
        actor=ACTOR,
        now=timezone.now(),
    )
    open_switches(slug=slug)
    return made


def slots_of(deployment):
    start = deployment.feed_clock.anchor_feed_at
    return [start + index * Timeframe.H1.step for index in range(SLOTS)]


def send(deployment, slot) -> None:
    tasks.run_cycle.apply_async(args=(deployment.pk, slot.isoformat()))


def wait_until(is_so, seconds, what) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def ended(deployment, slot) -> bool:
    return CycleRun.objects.ended().filter(deployment=deployment, scheduled_for=slot).exists()


def drive(deployment, worker, log, *, kills):
    """Send slot after slot; kill the worker in the middle of some of them and start another."""
    killed = 0
    for index, slot in enumerate(slots_of(deployment)):
        send(deployment, slot)
        if killed < kills and index % (SLOTS // kills) == 2:
            _wait_for_the_middle(deployment, slot, depth=killed)
            kill(worker)
            killed += 1
            let_leases_run_out()
            worker = start_worker(log)
            tasks.sweep_expired_leases.apply_async()
            send(deployment, slot)
        wait_until(lambda at=slot: ended(deployment, at), 60, f"the slot {slot} ended")
    assert killed == kills
    return worker


def _wait_for_the_middle(deployment, slot, *, depth) -> None:
    """Wait until the worker is somewhere inside the cycle, each time a little further in."""
    running = CycleRun.objects.filter(deployment=deployment, scheduled_for=slot)
    wait_until(running.exists, 60, "the worker took the slot")
    time.sleep(0.004 * depth)


def test_killing_the_worker_loses_and_doubles_nothing(grants, tmp_path):
    undisturbed, disturbed = make("undisturbed"), make("disturbed")
    app.control.purge()
    with (tmp_path / "worker.log").open("w") as log:
        worker = start_worker(log)
        try:
            worker = drive(undisturbed, worker, log, kills=0)
            worker = drive(disturbed, worker, log, kills=KILLS)
        finally:
            kill(worker)
    assert CycleRun.objects.filter(deployment=disturbed, fencing_token__gt=1).exists(), (
        "no worker died inside a cycle: the test proved nothing"
    )
    assert _without_rounds(dump(disturbed)) == _without_rounds(dump(undisturbed))
    assert not Order.objects.filter(final_at__isnull=True).exists()
    assert Fill.objects.filter(deployment=disturbed).count() >= 4
    for one in (undisturbed, disturbed):
        account = one.paper_account
        account.refresh_from_db()
        assert refold(account).cash_usd == account.cash_usd
    assert leases.expired() == []
    assert settings.ATLAS_PROCESS == "test"


def _without_rounds(rows):
    """Leave out the wall's traces: an order whose permit ran out while nobody was there."""
    orders = [row[1:] for row in rows["orders"] if row[7] != "expired"]
    cycles = [(row[0], row[1], row[2]) for row in rows["cycles"]]
    return {**rows, "orders": orders, "cycles": cycles}
