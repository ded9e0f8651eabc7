"""Raising and reading signs of life.

A heartbeat is written by the part that it speaks for: the scheduler raises `beat` in its own loop,
a worker raises `queue:NAME` for each queue it consumes. `/health` reads their age, which is
quick; asking every worker through the broker would take a second and find nothing when it hangs.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from atlas.models import Heartbeat

BEAT = "beat"
PULSE_SECONDS = 10
# Three missed pulses and a little: a busy machine is late, a dead process is silent.
STALE_AFTER = timedelta(seconds=3 * PULSE_SECONDS + 5)


def queue_heartbeat(queue: str) -> str:
    """Name the heartbeat of the workers that consume a queue."""
    return f"queue:{queue}"


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
