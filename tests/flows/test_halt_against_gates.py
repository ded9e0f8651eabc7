"""The halt against the gate: no permit is committed after a halt has been.

Six gates loop while the global switch is halted and restored again and again. What counts is the
database's own word on when a transaction was committed. The same test with lock and read merged
into one statement must find late permits, else it would prove nothing.
"""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from atlas import switches
from atlas.audit import Actor
from atlas.domain.states import SwitchState
from atlas.models import TradingState, TradingStateChange
from execution import gate, settlement
from execution.models import GuardrailDecision
from tests.execution.orders import intent_of, make_cycle, order_for, snapshot_of
from tests.execution.world import ACTOR, LIMITS, make_deployment, open_switches, slot

pytestmark = [pytest.mark.deep, pytest.mark.django_db(transaction=True)]

GATES = 6
HALTS = 12
PAUSE = 0.04
PATIENCE = 20.0
# Nothing but the switch may stop a gate here.
ENDLESS = {
    **LIMITS,
    "max_orders_per_hour": 1_000_000,
    "max_orders_per_day": 1_000_000,
    "max_attempts_per_trade": 1_000_000,
}

LATE = """
    WITH halts AS (
        SELECT pg_xact_commit_timestamp(c.xmin) AS halted_at,
               lead(pg_xact_commit_timestamp(c.xmin)) OVER (ORDER BY c.epoch) AS restored_at,
               c.after
        FROM atlas_tradingstatechange c JOIN atlas_tradingstate s ON s.id = c.trading_state_id
        WHERE s.scope = 'GLOBAL'
    )
    SELECT count(*) FROM execution_guardraildecision d JOIN halts h
        ON pg_xact_commit_timestamp(d.xmin) > h.halted_at
        AND pg_xact_commit_timestamp(d.xmin) < h.restored_at
    WHERE d.allowed AND h.after = 'HALTED'
"""


class Gates:
    """Threads that let one order after the other out, each on an account of its own."""

    def __init__(self, deployments) -> None:
        self.stopped = threading.Event()
        self.failures: list[BaseException] = []
        self.threads = [
            threading.Thread(target=self._loop, args=(one, make_cycle(one, at=slot(0))))
            for one in deployments
        ]

    def __enter__(self) -> "Gates":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _loop(self, deployment, cycle) -> None:
        """Plan, ask, put away; a gate that a halt had to end tries again."""
        round_number = 0
        try:
            while not self.stopped.is_set():
                round_number += 1
                try:
                    self._one(deployment, cycle, round_number)
                except OperationalError:
                    connection.close()
        except BaseException as failure:  # noqa: BLE001 - shown by the test
            self.failures.append(failure)
        finally:
            connection.close()

    def _one(self, deployment, cycle, round_number) -> None:
        order = order_for(cycle, intent_of(deployment), round_number=round_number)
        snapshot = replace(snapshot_of(deployment), working_orders=0)
        gate.authorise(order, snapshot=snapshot, feed_at=slot(0), fencing_token=1, actor=ACTOR)
        if order.state == "AUTHORISED":
            with transaction.atomic():
                settlement.cancel(
                    order, name="superseded", message="put away", actor=ACTOR, now=timezone.now()
                )


def halt_and_restore(person) -> None:
    """Halt the house again and again, a moment apart."""
    for _ in range(HALTS):
        wait_for_permits()
        switches.tighten(
            scope=switches.GLOBAL_SCOPE,
            state=SwitchState.HALTED,
            reason="again",
            actor=ACTOR,
            now=timezone.now(),
        )
        time.sleep(PAUSE)
        switches.loosen(
            scope=switches.GLOBAL_SCOPE,
            state=SwitchState.ACTIVE,
            reason="again",
            actor=person,
            now=timezone.now(),
        )


def wait_for_permits() -> None:
    """Wait until the gates let orders out again, so that each halt meets gates at work."""
    allowed = GuardrailDecision.objects.filter(allowed=True)
    before, end = allowed.count(), time.monotonic() + PATIENCE
    while allowed.count() < before + GATES and time.monotonic() < end:
        time.sleep(PAUSE / 4)


def late_permits() -> int:
    """Count the permits that were committed while the house was halted."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW track_commit_timestamp")
        assert cursor.fetchone() == ("on",), "the test server must track commit times"
        cursor.execute(LATE)
        (late,) = cursor.fetchone()
    return int(late)


def race() -> int:
    """Let gates and halts race; gives the late permits."""
    person = Actor(name="ann", user=User.objects.create_user("ann"))
    deployments = [make_deployment(slug=f"gate-{index}", limits=ENDLESS) for index in range(GATES)]
    for one in deployments:
        open_switches(slug=one.strategy.slug)
    with Gates(deployments) as gates:
        halt_and_restore(person)
    assert gates.failures == []
    assert TradingStateChange.objects.filter(after="HALTED").count() == HALTS
    assert GuardrailDecision.objects.filter(allowed=True).count() > HALTS
    return late_permits()


@contextmanager
def _no_lock():
    """Open the gate's transaction without taking the lock: the merged read takes it."""
    with transaction.atomic(durable=True):
        yield


def _lock_and_read_in_one_statement(scopes, **_):
    """Take the lock and read the switches in one statement: what must never be done."""
    wanted = sorted({switches.GLOBAL_SCOPE, *scopes})
    rows = TradingState.objects.raw(
        "SELECT s.* FROM atlas_tradingstate s, "
        "(SELECT pg_advisory_xact_lock_shared(%s)) AS held "
        "WHERE (s.scope || ' ' || s.key) = ANY(%s)",
        [switches.SWITCH_LOCK_KEY, [f"{scope} {key}" for scope, key in wanted]],
    )
    found = {(row.scope, row.key): row for row in rows}
    states = [switches._state_of(scope, found.get(scope)) for scope in wanted]
    return max(states, key=lambda one: one.state.severity)


def test_no_permit_is_committed_after_a_halt():
    assert race() == 0


def test_with_lock_and_read_in_one_statement_permits_come_late(monkeypatch):
    monkeypatch.setattr(gate, "shared_lock", _no_lock)
    monkeypatch.setattr(gate, "read_effective", _lock_and_read_in_one_statement)
    assert race() > 0
