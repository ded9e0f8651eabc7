"""Periodic tasks as shipped: rows of django-celery-beat that an operator may edit.

Every release brings its defaults through `ensure_schedules`. Beside each row stands the hash of
the default that it was shipped as; a row that no longer equals it was edited by an operator and
is left alone for ever, and so is one that an operator has deleted.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import structlog
from django.db import connection, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from atlas.domain.digest import canonical_json
from atlas.models import ShippedSchedule
from atlas.registries import Schedule, schedule_sources, schedules

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shipped:
    """What `ensure_schedules` did, by name of the periodic task."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def ensure_schedules(*, now: datetime) -> Shipped:
    """Bring the rows of all registered schedules up to date, operators' edits excepted.

    Schedules that follow from rows are shipped like those of a release, whenever a row changes. A
    schedule that is no longer shipped is removed if nobody edited it. Safe to run at any time
    and by several processes at once.
    """
    done: dict[str, list[str]] = {"created": [], "updated": [], "removed": [], "kept": []}
    with transaction.atomic():
        _one_at_a_time()
        wanted = dict(schedules)
        for _, source in schedule_sources:
            wanted.update(source())
        for name, schedule in wanted.items():
            done[_ensure(name, schedule, now)].append(name)
        for record in ShippedSchedule.objects.exclude(name__in=wanted):
            if _remove(record):
                done["removed"].append(record.name)
    return Shipped(**{what: tuple(names) for what, names in done.items()})


def schedules_can_be_stored() -> bool:
    """Tell whether the scheduler's tables are there: not while one app alone is migrated."""
    tables = connection.introspection.table_names()
    return {PeriodicTask._meta.db_table, ShippedSchedule._meta.db_table} <= set(tables)


def default_hash(values: dict[str, Any]) -> str:
    """Name what a periodic task does by content."""
    return sha256(canonical_json(values)).hexdigest()


def _one_at_a_time() -> None:
    """Let one process at a time ship schedules: two migrations must not create a row twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('atlas.schedules'))")


def _ensure(name: str, schedule: Schedule, now: datetime) -> str:
    """Create, update or leave one periodic task; gives which."""
    wanted = _shipped_values(schedule)
    task = PeriodicTask.objects.filter(name=name).select_related("interval").first()
    record = ShippedSchedule.objects.filter(name=name).first()
    if task is None and record is None:
        _write(PeriodicTask(name=name), wanted)
        _remember(name, wanted, now)
        return "created"
    if task is None or record is None or default_hash(_row_values(task)) != record.default_hash:
        log.info("schedule_is_the_operators", schedule=name)
        return "kept"
    if record.default_hash == default_hash(wanted):
        return "kept"
    _write(task, wanted)
    _remember(name, wanted, now)
    return "updated"


def _remove(record: ShippedSchedule) -> bool:
    """Remove a schedule that is no longer shipped, unless an operator made it theirs."""
    task = PeriodicTask.objects.filter(name=record.name).select_related("interval").first()
    if task is not None and default_hash(_row_values(task)) != record.default_hash:
        return False
    if task is not None:
        task.delete()
    record.delete()
    return True


def _shipped_values(schedule: Schedule) -> dict[str, Any]:
    return {
        "task": schedule.task,
        "every_seconds": schedule.every_seconds,
        "queue": schedule.queue,
        "expire_seconds": schedule.expires_seconds,
        "description": schedule.description,
        "enabled": True,
        "args": json.dumps(schedule.args),
        "kwargs": "{}",
        "one_off": False,
    }


def _row_values(task: PeriodicTask) -> dict[str, Any]:
    """Read from a row what was shipped, or what an operator made of it."""
    return {
        "task": task.task,
        "every_seconds": _seconds(task.interval),
        "queue": task.queue,
        "expire_seconds": task.expire_seconds,
        "description": task.description,
        "enabled": task.enabled,
        "args": task.args,
        "kwargs": task.kwargs,
        "one_off": task.one_off,
    }


def _seconds(interval: IntervalSchedule | None) -> int | None:
    """Give the seconds of an interval; None where an operator chose a crontab or the like."""
    if interval is None:
        return None
    return int(interval.schedule.run_every.total_seconds())


def _write(task: PeriodicTask, values: dict[str, Any]) -> None:
    interval, _ = IntervalSchedule.objects.get_or_create(
        every=values["every_seconds"], period=IntervalSchedule.SECONDS
    )
    task.task = values["task"]
    task.interval = interval
    task.queue = values["queue"]
    task.expire_seconds = values["expire_seconds"]
    task.description = values["description"]
    task.args = values["args"]
    task.save()  # type: ignore[no-untyped-call]  # the library is not typed


def _remember(name: str, values: dict[str, Any], now: datetime) -> None:
    ShippedSchedule.objects.update_or_create(
        name=name, defaults={"default_hash": default_hash(values), "shipped_at": now}
    )
