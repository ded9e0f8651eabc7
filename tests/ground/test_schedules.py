"""Schedules as shipped: they arrive, they follow a release, and an operator's word stands."""

from datetime import UTC, datetime

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from atlas import registries
from atlas.models import ShippedSchedule
from atlas.registries import Schedule
from atlas.schedules import ensure_schedules

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, tzinfo=UTC)
NAME = "test-sweep"


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    """Ship one schedule of our own and nothing else."""
    PeriodicTask.objects.all().delete()
    ShippedSchedule.objects.all().delete()
    monkeypatch.setattr(registries.schedules, "_entries", {})
    ship()


def ship(**values):
    registries.schedules._entries[NAME] = Schedule(
        **{
            "task": "execution.tasks.sweep",
            "every_seconds": 30,
            "queue": "trading",
            "description": "Sweeps.",
            "expires_seconds": 30,
            **values,
        }
    )


def row():
    return PeriodicTask.objects.get(name=NAME)


def test_a_shipped_schedule_arrives_with_queue_interval_and_expiry():
    assert ensure_schedules(now=NOW).created == (NAME,)
    task = row()
    assert (task.task, task.queue, task.expire_seconds) == ("execution.tasks.sweep", "trading", 30)
    assert (task.interval.every, task.interval.period) == (30, IntervalSchedule.SECONDS)
    assert task.enabled


def test_shipping_again_changes_nothing():
    ensure_schedules(now=NOW)
    before = row().date_changed
    assert ensure_schedules(now=NOW).kept == (NAME,)
    assert row().date_changed == before
    assert PeriodicTask.objects.filter(name=NAME).count() == 1


def test_a_release_that_changes_the_default_changes_the_untouched_row():
    ensure_schedules(now=NOW)
    ship(every_seconds=10, queue="default")
    assert ensure_schedules(now=NOW).updated == (NAME,)
    assert (row().interval.every, row().queue) == (10, "default")
    ship(every_seconds=20)
    assert ensure_schedules(now=NOW).updated == (NAME,)
    assert row().interval.every == 20


def edit_interval(task):
    task.interval, _ = IntervalSchedule.objects.get_or_create(
        every=77, period=IntervalSchedule.SECONDS
    )


def edit_crontab(task):
    task.interval = None
    task.crontab = CrontabSchedule.objects.create(minute="5")


def disable(task):
    task.enabled = False


def edit_queue(task):
    task.queue = "special"


@pytest.mark.parametrize("edit", [edit_interval, edit_crontab, disable, edit_queue])
def test_an_operators_edit_survives_every_release(edit):
    ensure_schedules(now=NOW)
    task = row()
    edit(task)
    task.save()
    wanted = PeriodicTask.objects.filter(name=NAME).values().get()
    ship(every_seconds=10)
    assert ensure_schedules(now=NOW).kept == (NAME,)
    ensure_schedules(now=NOW)
    assert PeriodicTask.objects.filter(name=NAME).values().get() == wanted


def test_a_schedule_that_an_operator_deleted_stays_deleted():
    ensure_schedules(now=NOW)
    row().delete()
    assert ensure_schedules(now=NOW).kept == (NAME,)
    assert not PeriodicTask.objects.filter(name=NAME).exists()


def test_a_row_of_the_same_name_that_we_did_not_ship_is_left_alone():
    edit = PeriodicTask(name=NAME, task="other")
    edit_interval(edit)
    edit.save()
    assert ensure_schedules(now=NOW).kept == (NAME,)
    assert row().task == "other"


def test_a_schedule_that_is_no_longer_shipped_goes():
    ensure_schedules(now=NOW)
    registries.schedules._entries.clear()
    assert ensure_schedules(now=NOW).removed == (NAME,)
    assert not PeriodicTask.objects.filter(name=NAME).exists()
    assert not ShippedSchedule.objects.exists()


def test_a_schedule_that_is_no_longer_shipped_stays_where_an_operator_made_it_theirs():
    ensure_schedules(now=NOW)
    task = row()
    disable(task)
    task.save()
    registries.schedules._entries.clear()
    assert ensure_schedules(now=NOW).removed == ()
    assert PeriodicTask.objects.filter(name=NAME).exists()
