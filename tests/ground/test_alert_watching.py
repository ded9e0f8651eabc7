"""Silent parts and the dead-man switch: told by whoever is alive, allowed to reduce at most, latched once."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from atlas import dead_man, switches
from atlas.audit import Actor
from atlas.beat import PulsingScheduler
from atlas.domain.states import SwitchState
from atlas.heartbeat import BEAT, TRADING_NEEDS, pulse, silent_for_trading
from atlas.models import Alert, TradingState, TradingStateChange
from atlas.watching import PARTS, TELL_AFTER, watch
from atlas.worker import pulse_queues
from config.celery import app

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)
PATIENCE = 5 * MINUTE


@pytest.fixture(autouse=True)
def patience(settings):
    settings.ATLAS_DEAD_MAN_AFTER = PATIENCE


@pytest.fixture
def free(transactional_db):
    """Let the GLOBAL switch be ACTIVE."""
    switches.ensure_defaults()
    person = Actor(name="ann", user=User.objects.create_user("ann", is_superuser=True))
    restore(person)
    return person


def restore(person):
    switches.loosen(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.ACTIVE,
        reason="the scheduler is back",
        actor=person,
        now=timezone.now(),
    )


def alive(*parts, ago=timedelta(0)):
    pulse(parts or TRADING_NEEDS, now=timezone.now() - ago)


def look(*, up=60 * MINUTE, now=None):
    now = now or timezone.now()
    return watch(now=now, since=now - up, patience=PATIENCE)


def stored():
    return TradingState.objects.get(scope="GLOBAL").state


def test_while_both_parts_are_alive_the_switch_alone_counts(free):
    alive()
    assert switches.effective_now().state is SwitchState.ACTIVE
    assert silent_for_trading() == ()


@pytest.mark.parametrize("part", TRADING_NEEDS)
def test_a_silent_part_allows_reducing_at_most_and_reading_changes_nothing(free, part):
    alive()
    alive(part, ago=PATIENCE + MINUTE)
    found = switches.effective_now()
    assert (found.state, found.silent) == (SwitchState.REDUCING, (part,))
    assert f"no sign of life from {part}" in found.reason
    assert stored() == "ACTIVE"
    alive()
    assert switches.effective_now().state is SwitchState.ACTIVE


def test_a_part_that_was_never_seen_is_silent(free):
    assert switches.effective_now().silent == TRADING_NEEDS


def test_the_wait_is_measured_by_the_clock_of_the_database(free):
    alive(ago=PATIENCE - MINUTE / 2)
    assert switches.effective_now().state is SwitchState.ACTIVE
    alive(ago=PATIENCE + timedelta(seconds=1))
    assert switches.effective_now().state is SwitchState.REDUCING


def test_a_halt_stays_a_halt_whoever_is_silent(free):
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="stop",
        actor=free,
        now=timezone.now(),
    )
    found = switches.effective_now()
    assert (found.state, found.silent) == (SwitchState.HALTED, ())
    assert dead_man.latch_if_silent(now=timezone.now()) == ()


def test_what_was_seen_is_latched_told_and_cleared_by_a_person_alone(free):
    alive(ago=PATIENCE + MINUTE)
    assert dead_man.latch_if_silent(now=timezone.now()) == TRADING_NEEDS
    alive()
    assert stored() == "REDUCING"
    assert switches.effective_now().state is SwitchState.REDUCING
    change = TradingStateChange.objects.latest("pk")
    assert (change.actor, change.after) == ("dead-man switch", "REDUCING")
    alert = Alert.objects.get(rule="dead_man_latched")
    assert (alert.severity, "beat and queue:trading" in alert.message) == ("CRITICAL", True)
    restore(free)
    assert switches.effective_now().state is SwitchState.ACTIVE


def test_a_restore_while_the_part_is_still_silent_does_not_free_trading(free):
    alive(ago=PATIENCE + MINUTE)
    dead_man.latch_if_silent(now=timezone.now())
    restore(free)
    assert stored() == "ACTIVE"
    assert switches.effective_now().state is SwitchState.REDUCING


def test_many_who_see_it_at_once_latch_it_once(free):
    alive(ago=PATIENCE + MINUTE)
    before = TradingStateChange.objects.count()
    failures, gate = [], threading.Barrier(6)

    def see():
        try:
            gate.wait(10)
            dead_man.latch_if_silent(now=timezone.now())
        except BaseException as failure:  # noqa: BLE001 - shown by the test
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=see) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert TradingStateChange.objects.count() == before + 1
    assert Alert.objects.filter(rule="dead_man_latched").count() == 1


def test_a_recording_that_is_played_by_hand_needs_nobody_who_watches(free):
    with switches.shared_lock():
        found = switches.read_effective([], needs_watching=False)
    assert found.state is SwitchState.ACTIVE


def test_whoever_is_alive_tells_of_silent_parts_and_ends_it_when_they_are_back(free):
    alive(*PARTS)
    alive("queue:imports", ago=TELL_AFTER + MINUTE)
    assert look() == ("queue:imports",)
    alert = Alert.objects.get(rule="part_silent")
    assert (alert.dedupe_key, "for 3 minutes" in alert.message) == ("queue:imports", True)
    assert stored() == "ACTIVE"
    alive("queue:imports")
    assert look() == ()
    alert.refresh_from_db()
    assert (alert.state, alert.resolution) == ("RESOLVED", "it is alive again")


def test_nobody_is_called_silent_for_a_time_in_which_nobody_looked(free):
    alive(*PARTS, ago=600 * MINUTE)
    assert look(up=MINUTE) == ()
    assert (stored(), Alert.objects.count()) == ("ACTIVE", 0)
    assert set(look(up=3 * MINUTE)) == set(PARTS)
    assert stored() == "ACTIVE"
    look(up=6 * MINUTE)
    assert stored() == "REDUCING"


def test_the_scheduler_looks_after_the_workers(free, monkeypatch):
    alive(*PARTS, ago=PATIENCE + MINUTE)
    scheduler = PulsingScheduler(app=app, lazy=True)
    scheduler._watches_since = timezone.now() - 60 * MINUTE
    told = threading.Event()
    monkeypatch.setattr("atlas.beat.tell_alerts", told.set)
    scheduler._pulse_when_due()
    assert told.wait(10), "no worker sends the alerts, so the scheduler does"
    assert stored() == "REDUCING"
    silent = Alert.objects.filter(rule="part_silent").values_list("dedupe_key", flat=True)
    assert set(silent) == set(PARTS) - {BEAT}


def test_a_worker_looks_after_the_scheduler(free, monkeypatch):
    alive(*PARTS, ago=PATIENCE + MINUTE)
    monkeypatch.setattr("atlas.worker._watching_since", {"worker": timezone.now() - 60 * MINUTE})
    asked = []
    monkeypatch.setattr("atlas.worker._ask_for_alerts", lambda: asked.append(True))
    queues = SimpleNamespace(consume_from=dict.fromkeys(["default", "trading", "imports"]))
    pulse_queues(SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues))))
    assert asked == [True]
    assert stored() == "REDUCING"
    assert Alert.objects.get(rule="part_silent").dedupe_key == BEAT
