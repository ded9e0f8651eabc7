"""The figures of the benchmark of cycles, one after the other."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from benchmarks.frame import Figure, Goal, tell

HUNDRED = 100
DECIDE_GOAL = Goal("value", "<=", 2.0)
STEADY = Goal("ratio", "<=", 1.2)
LOCK_GOAL = Goal("value", "<=", 5.0)
CLAIM_GOAL = Goal("ratio", "<=", 0.2)
HALT_GOAL = Goal("value", "<=", 100.0)
STUCK_GOAL = Goal("value", "<=", 1000.0)
NONE = Goal("value", "<=", 0)
TASKS, CLAIMS = 1_000, 300
GATE_PROCESSES = 4
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.01
MILLI = 1_000.0


class NoFigure(Exception):
    """Something did not do what would be measured."""


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Make the house, measure decisions, claims and halts in it."""
    from benchmarks.cycle_world import house

    house.prepare()
    tell(f"Making {HUNDRED} deployments; load of the machine {os.getloadavg()[0]:.1f}")
    keys = house.build(0, HUNDRED)
    first = decide(0, [keys])[0]
    yield from _costs(first)
    yield from _steadiness(first, keys, options.deployments)
    yield from _claims(keys)
    yield from _halts(house.build(-options.gates, 0), halts=options.halts)


def decide(index: int, shares: list[list[int]]) -> list[dict[str, float]]:
    """Run one cycle of each deployment at a slot, a worker for each share; gives what each cost."""
    argv = [sys.executable, "-m", "benchmarks.cycle_world.decider", str(index)]

    def work(keys: list[int]) -> dict[str, float]:
        done = subprocess.run(
            [*argv, *map(str, keys)],
            env={**os.environ, "ATLAS_PROCESS": "command"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NoFigure("a worker of the benchmark failed")
        told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return told

    with ThreadPoolExecutor(len(shares)) as threads:
        return list(threads.map(work, shares))


def _costs(told: dict[str, float]) -> Iterator[Figure]:
    """Hold a hundred decisions, and whole cycles, against bare statements."""
    bare = _bare_seconds(int(told["statements"]))
    yield Figure("decide_100", told["decide_wall"], "s", yardstick=bare, goal=DECIDE_GOAL)
    yield Figure("decide_statements", told["statements"] / told["cycles"], "a decision")
    whole = _bare_seconds(int(told["all_statements"]))
    yield Figure("cycle_100", told["cycle_wall"], "s", yardstick=whole)
    yield Figure("cycle_statements", told["all_statements"] / told["cycles"], "a cycle")
    yield Figure("decide_cpu", told["decide_cpu"] / told["cycles"] * MILLI, "ms a decision")
    yield Figure("lock_wait", 100 * told["locked"] / told["decide_wall"], "%", goal=LOCK_GOAL)


def _bare_seconds(statements: int) -> float:
    """Send as many statements that ask for nothing over the same connection."""
    from django.db import connection

    connection.ensure_connection()
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for _ in range(statements):
            cursor.execute("SELECT 1")
            cursor.fetchone()
    return time.perf_counter() - began


def _steadiness(first: dict[str, float], keys: list[int], many: int) -> Iterator[Figure]:
    """Hold the processor time of a decision with two workers, and in a larger house, against one's."""
    from benchmarks.cycle_world import house

    alone = first["decide_cpu"] / first["cycles"] * MILLI
    half = len(keys) // 2
    both = decide(20, [keys[:half], keys[half:]])  # the trend has turned: each of them trades again
    two = sum(one["decide_cpu"] for one in both) / sum(one["cycles"] for one in both) * MILLI
    yield Figure("cpu_two_workers", two, "ms a decision", yardstick=alone, goal=STEADY)
    if many <= len(keys):
        return
    tell(f"Making {many - len(keys)} more deployments")
    more = house.build(len(keys), many)
    told = decide(0, [more])[0]
    large = told["decide_cpu"] / told["cycles"] * MILLI
    yield Figure(f"cpu_{many}_deployments", large, "ms a decision", yardstick=alone, goal=STEADY)


def _claims(keys: list[int]) -> Iterator[Figure]:
    """Hold taking a slot against a task that does nothing, both in milliseconds."""
    from atlas.audit import Actor
    from benchmarks.cycle_world import house
    from execution import leases
    from execution.models import CycleRun
    from execution.vocabulary import CycleOrigin

    task = _task_seconds()
    taken = []
    found = house.deployments(keys)
    for number in range(CLAIMS):
        deployment = found[number % len(found)]
        CycleRun.objects.running().filter(deployment=deployment).update(
            state="COMPLETED", reason="traded", finished_at=datetime.now().astimezone()
        )
        began = time.perf_counter()
        claimed = leases.claim(
            deployment=deployment,
            slot=house.OPENING + timedelta(days=400, hours=number),
            simulated=True,
            origin=CycleOrigin.SCHEDULE,
            missed_slots=0,
            actor=Actor.system("benchmark"),
            now=datetime.now().astimezone(),
        )
        taken.append(time.perf_counter() - began)
        if claimed is None:
            raise NoFigure("a slot could not be claimed")
    CycleRun.objects.running().update(
        state="COMPLETED", reason="traded", finished_at=datetime.now().astimezone()
    )
    median = statistics.median(taken) * MILLI
    yield Figure("claim", median, "ms", yardstick=task * MILLI, goal=CLAIM_GOAL)


def _task_seconds() -> float:
    """Give the seconds that a worker of two processes needs for a task that does nothing."""
    from benchmarks.cycle_world.tasks import QUEUE, nothing
    from config.celery import app

    argv = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "benchmarks.cycle_world.tasks:app",
        "-q",
        "worker",
    ]
    argv += ["-Q", QUEUE, "-c", "2", "-n", "bench@%h", "--without-gossip", "--without-mingle"]
    environ = {**os.environ, "ATLAS_PROCESS": "worker"}
    worker = subprocess.Popen(argv, env=environ, stdout=sys.stderr, stderr=sys.stderr)
    try:
        _drain(app, nothing, QUEUE, 1)
        began = time.perf_counter()
        _drain(app, nothing, QUEUE, TASKS)
        return (time.perf_counter() - began) / TASKS
    finally:
        worker.terminate()
        worker.wait(30)


def _drain(app: Any, task: Any, queue: str, count: int) -> None:
    """Ask for so many tasks and wait until a worker has taken the last one out of the queue."""
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
        for _ in range(count):
            task.apply_async(queue=queue, producer=producer)
        end = time.monotonic() + PATIENCE_SECONDS
        channel = connection.default_channel
        while _waiting(channel, queue):
            if time.monotonic() > end:
                raise NoFigure("no worker took the tasks of the benchmark")
            time.sleep(0.002)


def _waiting(channel: Any, queue: str) -> int:
    """Count the tasks that nobody has taken or finished."""
    return int(channel._size(queue)) + int(channel.client.hlen(channel.unacked_key))


def _halts(keys: list[int], *, halts: int) -> Iterator[Figure]:
    """Halt the house again and again while gates loop; then once against a holder that is stuck."""
    from django.contrib.auth.models import User

    from atlas.audit import Actor
    from benchmarks.cycle_world import house

    user, _ = User.objects.get_or_create(username="restorer")
    person = Actor(name="restorer", user=user)
    taken = []
    with gates_at_work(keys) as counts:
        for number in range(halts):
            time.sleep(PAUSE_SECONDS)
            began = time.perf_counter()
            house.halt(number, person, restored=False)
            taken.append((time.perf_counter() - began) * MILLI)
            time.sleep(PAUSE_SECONDS)
            house.halt(number, person, restored=True)
    allowed = sum(one["allowed"] for one in counts)
    if allowed < len(keys):
        raise NoFigure("the gates let nothing out between the halts")
    taken.sort()
    yield Figure("halt_p50", statistics.median(taken), "ms")
    yield Figure("halt_p99", taken[int(len(taken) * 0.99) - 1], "ms", goal=HALT_GOAL)
    yield Figure("halt_worst", taken[-1], "ms")
    yield Figure("permits_meanwhile", allowed, "permits")
    yield Figure("permits_after_a_halt", late_permits(), "permits", goal=NONE)
    yield Figure("halt_of_a_stuck_gate", _stuck(person), "ms", goal=STUCK_GOAL)


@contextmanager
def gates_at_work(keys: list[int]) -> Iterator[list[dict[str, int]]]:
    """Let gates loop in a few processes; their counts are there when they have ended."""
    argv = [sys.executable, "-m", "benchmarks.cycle_world.gates"]
    environ = {**os.environ, "ATLAS_PROCESS": "command"}
    children = [
        subprocess.Popen(
            [*argv, *map(str, keys[index::GATE_PROCESSES])],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in range(GATE_PROCESSES)
    ]
    counts: list[dict[str, int]] = []
    try:
        _wait_for_permits(len(keys))
        yield counts
    finally:
        told = [child.communicate(timeout=60)[0] for child in children]
    if any(child.returncode for child in children):
        raise NoFigure("a gate of the benchmark failed")
    counts += [json.loads(one.splitlines()[-1]) for one in told]


def _wait_for_permits(count: int) -> None:
    """Wait until the gates let orders out."""
    from execution.models import GuardrailDecision

    allowed = GuardrailDecision.objects.filter(allowed=True)
    wanted, end = allowed.count() + count, time.monotonic() + PATIENCE_SECONDS
    while allowed.count() < wanted:
        if time.monotonic() > end:
            raise NoFigure("the gates of the benchmark do not begin")
        time.sleep(0.1)


def late_permits() -> int:
    """Count the permits that were committed after a halt and before the house was restored."""
    from django.db import connection

    from benchmarks.cycle_world.late import LATE

    with connection.cursor() as cursor:
        cursor.execute("SHOW track_commit_timestamp")
        if cursor.fetchone() != ("on",):
            raise NoFigure("the server does not track when transactions were committed")
        cursor.execute(LATE)
        (late,) = cursor.fetchone()
    return int(late)


def _stuck(person: Any) -> float:
    """Halt against a holder of the lock that never lets go; gives milliseconds."""
    from benchmarks.cycle_world import house
    from benchmarks.cycle_world.late import holder

    with holder():
        began = time.perf_counter()
        house.halt(-1, person, restored=False)
        return (time.perf_counter() - began) * MILLI
