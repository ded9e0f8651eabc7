"""Who leaves signs of life, and that a database which is away does not end them."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connections
from django.utils import timezone

from atlas.beat import PulsingScheduler
from atlas.heartbeat import BEAT, PULSE_SECONDS, STALE_AFTER, ages
from atlas.models import Heartbeat
from atlas.worker import pulse_queues
from config.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scheduler():
    return PulsingScheduler(app=app, lazy=True)


@pytest.fixture
def database_away(monkeypatch):
    """Let every new connection fail, and close the present one."""
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    return monkeypatch


def age_of(name):
    return ages([name], now=timezone.now())[name]


def test_the_settings_run_the_scheduler_that_pulses():
    assert app.conf.beat_scheduler == "atlas.beat:PulsingScheduler"


def test_a_turn_of_the_scheduler_leaves_a_sign_and_the_next_comes_soon(scheduler):
    wait = scheduler.tick()
    assert age_of(BEAT) < timedelta(seconds=5)
    assert wait <= PULSE_SECONDS


def test_turns_in_quick_succession_write_once(scheduler):
    scheduler.tick()
    first = Heartbeat.objects.get(name=BEAT).seen_at
    scheduler.tick()
    assert Heartbeat.objects.get(name=BEAT).seen_at == first


def test_the_scheduler_goes_on_where_the_database_is_away_and_catches_up(scheduler, database_away):
    scheduler._pulse_when_due()
    database_away.undo()
    scheduler._pulse_when_due()
    assert age_of(BEAT) < timedelta(seconds=5)


def test_a_worker_leaves_a_sign_for_each_queue_it_consumes():
    consuming = ["default", "trading"]
    queues = SimpleNamespace(consume_from=dict.fromkeys(consuming))
    worker = SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)))
    pulse_queues(worker)
    assert connections["default"].connection is None, "a forked child would inherit it"
    assert age_of("queue:trading") < timedelta(seconds=5)
    assert age_of("queue:imports") is None


def test_a_worker_goes_on_where_the_database_is_away(database_away):
    queues = SimpleNamespace(consume_from={"default": None})
    worker = SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)))
    pulse_queues(worker)
    database_away.undo()
    assert age_of("queue:default") is None


def test_three_pulses_may_be_missed_before_a_part_counts_as_silent():
    assert timedelta(seconds=3 * PULSE_SECONDS) < STALE_AFTER
