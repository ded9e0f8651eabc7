"""Rows whose parent is gone are found, in every table that the database does not check itself."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from atlas import orphans, tasks
from atlas.models import AuditEvent, AuditSeal
from atlas.registrations import SCHEDULES
from atlas.sealing import verify
from tests.factories import StrategyFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def tear_the_parent_away():
    strategy = StrategyFactory.create()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO strategies_performancepoint"
            " (strategy_id, source, as_of_at, nav_per_share_usd) VALUES (%s, 'live', %s, 1)",
            [strategy.pk + 1_000_000, NOW],
        )
    return strategy.pk + 1_000_000


def test_series_are_among_the_tables_that_are_looked_through():
    names = {child._meta.label for child, _ in orphans.unchecked_keys()}
    assert {
        "strategies.PerformancePoint",
        "strategies.BenchmarkPoint",
        "strategies.ImportedTrade",
        "execution.EquityPoint",
    } <= names


def test_a_database_in_order_has_no_orphans():
    assert orphans.find_orphans() == []
    call_command("check_orphans")


def test_a_point_without_its_strategy_is_found_and_named():
    gone = tear_the_parent_away()
    (found,) = orphans.find_orphans()
    assert (found.child, found.missing) == ("strategies.PerformancePoint", 1)
    assert found.sample == (str(gone),)
    with pytest.raises(CommandError, match=str(gone)):
        call_command("check_orphans")


def test_the_nightly_look_leaves_an_audit_row():
    tear_the_parent_away()
    tasks.check_orphans()
    event = AuditEvent.objects.get(action="series.orphans")
    assert event.subject_id == "strategies.PerformancePoint"
    assert event.after is not None
    assert event.after["missing"] == 1


def test_every_schedule_of_the_ground_floor_names_a_task_that_exists():
    for schedule in SCHEDULES.values():
        app, module, name = schedule.task.split(".")
        assert (app, module) == ("atlas", "tasks")
        assert getattr(tasks, name).name == schedule.task


def test_a_contradiction_of_the_audit_log_is_recorded(monkeypatch):
    monkeypatch.setattr("atlas.sealing.verify", lambda: iter([_finding()]))
    tasks.verify_audit_log()
    assert AuditEvent.objects.get(action="audit.contradiction").reason == "it was touched"


def _finding():
    from atlas.sealing import Finding

    return Finding(seal=7, message="it was touched")


@pytest.mark.django_db(transaction=True)
def test_the_sealers_task_seals_what_stands():
    tasks.check_orphans()
    from atlas.audit import Actor, record

    record(action="test", subject=("a", "b"), actor=Actor.system("test"), now=NOW)
    tasks.seal_audit_log()
    assert AuditSeal.objects.exists()
    assert list(verify()) == []
