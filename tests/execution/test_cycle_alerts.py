"""Alerts about cycles: absent, failed, hanging, without prices, not repeatable; told, then over."""

from datetime import timedelta

import pgtrigger
import pytest
from django.utils import timezone

from atlas import registries
from atlas.models import Alert
from execution import cycle_alerts, registrations, tasks
from execution.models import CycleInput, CycleRun, Deployment
from execution.vocabulary import DeploymentStatus
from tests.execution.orders import make_cycle
from tests.execution.world import (
    HOUR,
    MARKET,
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def deployment():
    return make_deployment()


def end(deployment, *, state="COMPLETED", reason="traded", at=WALL, number=1):
    cycle = make_cycle(deployment, at=slot(number))
    CycleRun.objects.filter(pk=cycle.pk).update(
        state=state, reason=reason, message="so it was", finished_at=at, started_at=at
    )
    return CycleRun.objects.get(pk=cycle.pk)


def open_rules():
    return set(Alert.objects.unresolved().values_list("rule", "severity"))


def test_a_cycle_that_did_not_come_is_told_until_one_comes(deployment):
    late = WALL + cycle_alerts.patience_with(deployment)
    assert cycle_alerts.watch_cycles(now=late) == 0
    assert cycle_alerts.watch_cycles(now=late + MINUTE) == 1
    assert open_rules() == {("cycle_missed", "CRITICAL")}
    end(deployment, at=late + MINUTE)
    assert cycle_alerts.watch_cycles(now=late + 2 * MINUTE) == 0
    assert open_rules() == set()


def test_a_deployment_that_is_no_longer_scheduled_is_not_missed(deployment):
    cycle_alerts.watch_cycles(now=WALL + HOUR)
    Deployment.objects.update(status=DeploymentStatus.PAUSED)
    assert cycle_alerts.watch_cycles(now=WALL + HOUR) == 0
    assert open_rules() == set()


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("FAILED", "temporary", ("cycle_failed", "WARNING")),
        ("ERRORED", "bug", ("cycle_failed", "CRITICAL")),
        ("ABANDONED", "abandoned", ("cycle_failed", "CRITICAL")),
        ("SKIPPED", "stale", ("prices_unusable", "WARNING")),
        ("FAILED", "source_away", ("prices_unusable", "WARNING")),
    ],
)
def test_the_end_of_the_newest_cycle_says_what_is_wrong(deployment, state, reason, told):
    cycle = end(deployment, state=state, reason=reason)
    cycle_alerts.watch_cycles(now=WALL)
    assert open_rules() == {told}
    assert f"cycle {cycle.pk} ended {state}, {reason}: so it was" in Alert.objects.get().message
    end(deployment, number=2, at=WALL + MINUTE)
    cycle_alerts.watch_cycles(now=WALL + MINUTE)
    assert open_rules() == set()


@pytest.mark.parametrize("reason", ["nothing_to_do", "halted", "denied"])
def test_a_cycle_that_was_skipped_in_order_is_no_alert(deployment, reason):
    end(deployment, state="SKIPPED", reason=reason)
    assert cycle_alerts.watch_cycles(now=WALL) == 0


def test_a_cycle_whose_holder_is_gone_for_minutes_hangs(deployment):
    cycle = make_cycle(deployment, at=slot(1))
    now = timezone.now()
    CycleRun.objects.filter(pk=cycle.pk).update(
        started_at=now, lease_until=now - cycle_alerts.STUCK_AFTER
    )
    assert cycle_alerts.watch_cycles(now=now) == 0
    assert cycle_alerts.watch_cycles(now=now + MINUTE) == 1
    assert open_rules() == {("cycle_stuck", "CRITICAL")}


@pytest.fixture
def decided(deployment):
    """Run a real cycle to a decision."""
    open_switches()
    return run(deployment, recording(waves()), slot(0))


def test_a_decision_that_comes_out_the_same_is_no_alert(decided):
    assert cycle_alerts.watch_decisions(now=WALL) == 0
    assert open_rules() == set()


def test_a_decision_that_the_same_code_makes_otherwise_is_told(decided, monkeypatch):
    from strategies.rules import ema_cross

    monkeypatch.setattr(ema_cross, "FULL_CONFIDENCE_BPS", 1.0)
    assert cycle_alerts.watch_decisions(now=WALL) == 1
    assert open_rules() == {("replay_mismatch", "CRITICAL")}
    assert f"cycle {decided.pk} decides otherwise on {MARKET}" in Alert.objects.get().message


def test_inputs_that_somebody_changed_are_told_too(decided):
    with pgtrigger.ignore("execution.CycleInput:cycle_input_append_only"):
        CycleInput.objects.filter(kind="snapshot").update(content={"account": "other"})
    assert cycle_alerts.watch_decisions(now=WALL) == 1
    assert "digest" in Alert.objects.get(rule="replay_mismatch").message


def test_the_tasks_are_scheduled_off_the_trading_queue():
    for name, task in (
        (registrations.WATCH, tasks.watch_cycles),
        (registrations.DECISIONS, tasks.watch_decisions),
    ):
        schedule = registries.schedules.get(name)
        assert (schedule.task, schedule.queue) == (task.name, "default")
