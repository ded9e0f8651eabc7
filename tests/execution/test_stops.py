"""Stops and take-profits: watched between the slots, closed through the gate, replayable."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from atlas import switches
from atlas.audit import Actor
from atlas.domain.states import CycleState, PermitKind, SwitchState
from atlas.models import Alert
from config.celery import app
from execution import feeds, scheduling, stops, tasks
from execution.models import CycleRun, Deployment, GuardrailDecision, Order, Position, Signal
from execution.replay import redecide
from execution.stop_alerts import BLOCKED
from execution.vocabulary import CycleOrigin, DeploymentStatus
from tests.execution.world import WALL, make_deployment, open_switches, recording, run, slot, waves

pytestmark = pytest.mark.django_db

# Prices rise for twenty hours, fall for twenty, rise again: the rule is short in the fall.
PRICES = recording(waves())
OPENED, CALM, TOUCHED = slot(20), slot(21), slot(38)
PARAMETERS = {
    "entry_bars": 5,
    "exit_bars": 2,
    "atr_bars": 2,
    "memory_bars": 10,
    "stop_atrs": "2",
    "exposure_ratio": "0.5",
}


def wall(at):
    """Give the time on the wall at which the feed stands at a slot: an hour in ten seconds."""
    return WALL + (at - slot(0)) / 360


@pytest.fixture(autouse=True)
def provider(monkeypatch):
    from execution.marketdata.replay import ReplayMarketData

    monkeypatch.setitem(
        feeds.PROVIDERS, "replay", lambda _, clock: ReplayMarketData.of([PRICES], clock)
    )


@pytest.fixture
def short():
    """Open a short that has a stop above the market."""
    deployment = make_deployment(rule="donchian_breakout", parameters=PARAMETERS)
    open_switches()
    done = run(deployment, PRICES, OPENED)
    assert done.state == CycleState.COMPLETED, done.message
    position = Position.objects.open().get()
    assert not position.is_long
    assert Signal.objects.get().stop_usd > 0
    return Deployment.objects.detailed().get(pk=deployment.pk)


def stop_cycle(deployment, at=TOUCHED):
    return run(deployment, PRICES, at, origin=CycleOrigin.STOP, read=lambda: wall(at))


def halt():
    person = Actor(name="halter", user=User.objects.create(username="halter"))
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="a test",
        actor=person,
        now=WALL,
    )


def test_nothing_is_touched_while_the_price_stays_below_the_stop(short):
    assert stops.touched(now=wall(CALM)) == []


def test_a_touched_stop_is_found_between_the_slots_even_of_a_paused_deployment(short):
    Deployment.objects.update(status=DeploymentStatus.PAUSED)
    (found,) = stops.touched(now=wall(TOUCHED))
    assert found.deployment == short
    assert not found.is_halted
    assert "The stop of the short" in found.signal.reason


def test_a_touched_stop_closes_the_position_through_the_gate(short):
    done = stop_cycle(short)
    assert (done.state, done.reason) == (CycleState.COMPLETED, "traded")
    assert not Position.objects.open().exists()
    order = Order.objects.get(cycle=done)
    assert order.kind == PermitKind.STOP
    assert GuardrailDecision.objects.get(order=order).allowed
    written = Signal.objects.get(cycle=done)
    assert (written.rule, written.direction) == ("protection", "FLAT")


def test_the_same_word_twice_finds_nothing_left_to_close(short):
    stop_cycle(short)
    again = stop_cycle(short, TOUCHED + timedelta(seconds=1))
    assert (again.state, again.reason) == (CycleState.SKIPPED, "nothing_to_do")
    assert stops.touched(now=wall(TOUCHED)) == []


def test_a_word_that_came_too_late_closes_nothing(short):
    done = stop_cycle(short, CALM)
    assert done.state == CycleState.SKIPPED
    assert Position.objects.open().exists()


def test_a_stop_decides_the_same_again_from_what_it_stored(short):
    done = stop_cycle(short)
    (again,) = redecide(done)
    assert again.agrees
    assert again.same_code


def test_a_stop_does_not_take_the_place_of_a_slot(short):
    for index in range(0, 21, 5):  # looked at all the time, the feed does not stand still
        scheduling.due_cycles(now=wall(slot(index)))
    stop_cycle(short, CALM + timedelta(seconds=1))
    (due,) = scheduling.due_cycles(now=wall(CALM) + timedelta(seconds=5))
    assert due.slot == CALM
    assert scheduling.missed_slots(short, slot(23)) == 2


def test_while_reducing_a_stop_still_goes_out(short):
    person = Actor(name="risk", user=User.objects.create(username="risk"))
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.REDUCING,
        reason="a test",
        actor=person,
        now=WALL,
    )
    assert stop_cycle(short).state == CycleState.COMPLETED
    assert not Position.objects.open().exists()


def test_a_stop_that_is_halted_calls_for_a_person_once(short, monkeypatch):
    halt()
    for seconds in (0, 5):
        moment = wall(TOUCHED) + timedelta(seconds=seconds)
        monkeypatch.setattr("execution.tasks.timezone.now", lambda moment=moment: moment)
        tasks.watch_stops()
    alert = Alert.objects.get(rule=BLOCKED)
    assert alert.count == 2
    assert "HALTED" in alert.message
    assert Position.objects.open().exists()
    assert not CycleRun.objects.filter(origin=CycleOrigin.STOP).exists()


def test_a_stop_that_came_to_nothing_waits_before_it_is_tried_again(short):
    halt()
    done = stop_cycle(short)
    assert done.state == CycleState.SKIPPED
    assert stops.touched(now=wall(TOUCHED) + timedelta(seconds=4)) == []
    assert len(stops.touched(now=wall(TOUCHED) + timedelta(seconds=5))) == 1


def test_the_look_at_stops_takes_as_many_queries_for_many_positions(
    short, django_assert_max_num_queries
):
    with django_assert_max_num_queries(5):
        assert len(stops.touched(now=wall(CALM))) == 0


def test_the_task_has_a_worker_close_what_was_touched(short, monkeypatch):
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    monkeypatch.setattr("execution.tasks.timezone.now", lambda: wall(TOUCHED))
    tasks.watch_stops()
    assert not Position.objects.open().exists()
