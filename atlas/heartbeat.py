"""Raising and reading signs of life.

A heartbeat is written by the part that it speaks for: the scheduler raises `beat` in its own loop,
a worker raises `queue:NAME` for each queue it consumes. `/health` reads their age, which is
quick; asking every worker through the broker would take a second and find nothing when it hangs.

Trading needs two of them: without the scheduler no cycle, no stop and no look at limits happens, and
without a worker on the queue `trading` nobody does what is scheduled.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from atlas.models import Heartbeat

BEAT = "beat"
PULSE_SECONDS = 10
# Three missed pulses and a little: a busy machine is late, a dead process is silent.
STALE_AFTER = timedelta(seconds=3 * PULSE_SECONDS + 5)

_SILENT = """
SELECT part FROM unnest(%s::text[]) AS part
LEFT JOIN atlas_heartbeat ON name = part
WHERE seen_at IS NULL OR seen_at < clock_timestamp() - make_interval(secs => %s)
ORDER BY part
"""


def queue_heartbeat(queue: str) -> str:
    """Name the heartbeat of the workers that consume a queue."""
    return f"queue:{queue}"


TRADING_NEEDS = (BEAT, queue_heartbeat("trading"))


def pulse(names: Iterable[str], *, now: datetime) -> None:
    """Mark these parts as alive at `now`, in one statement."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, seen_at=now) for name in sorted(set(names))],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["seen_at"],
    )


def ages(names: Iterable[str], *, now: datetime) -> dict[str, timedelta | None]:
    """Give how long ago each part was alive; None for one that never was."""
    wanted = list(names)
    seen = dict(Heartbeat.objects.filter(name__in=wanted).values_list("name", "seen_at"))
    return {name: now - seen[name] if name in seen else None for name in wanted}


def silent_for_trading() -> tuple[str, ...]:
    """Name the parts that trading needs and that were silent for too long, by the database's clock.

    ATLAS_DEAD_MAN_AFTER says how long that is; a part that was never seen is silent. Without the
    setting, which only the tests' settings leave out, nobody is.
    """
    patience = settings.ATLAS_DEAD_MAN_AFTER
    if patience is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, [list(TRADING_NEEDS), patience.total_seconds()])
        return tuple(part for (part,) in cursor.fetchall())
