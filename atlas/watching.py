"""The parts of the house watching each other: whoever is alive tells of whoever is not.

The scheduler looks after the workers and each worker after the scheduler and the others, in the loop
that raises their own heartbeat. A task could not do it: without the scheduler no task is sent, and
without a worker none is run.
"""

from datetime import datetime, timedelta

from atlas import dead_man
from atlas.alert_codes import PART_SILENT
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.health_checks import WORKER_QUEUES
from atlas.heartbeat import BEAT, TRADING_NEEDS, ages, queue_heartbeat
from atlas.models import Alert

# A restart takes less; the message is for a part that does not come back by itself.
TELL_AFTER = timedelta(minutes=2)
ALERTS_QUEUE = "default"
PARTS = (BEAT, *(queue_heartbeat(queue) for queue in WORKER_QUEUES))
ACTOR = Actor.system("watch")


def watch(*, now: datetime, since: datetime, patience: timedelta | None) -> tuple[str, ...]:
    """Tell of silent parts, end what is over, and latch the dead-man switch; gives who is silent.

    `since` is when the caller began to look: nobody is called silent for a time in which nobody
    looked, so a house that starts again in the morning is no incident. `patience` is that of the
    dead-man switch. Call it outside of any transaction.
    """
    silences = {
        part: min(now - since, age if age is not None else now - since)
        for part, age in ages(PARTS, now=now).items()
    }
    silent = tuple(part for part, silence in silences.items() if silence >= TELL_AFTER)
    for part in silent:
        _tell(part, silences[part], now=now)
    _end_what_is_over(silent, now=now)
    if patience is not None and any(silences[part] >= patience for part in TRADING_NEEDS):
        dead_man.latch_if_silent(now=now)
    return silent


def _tell(part: str, silence: timedelta, *, now: datetime) -> None:
    """Raise the alert about one part."""
    minutes = int(silence.total_seconds() // 60)
    raise_alert(
        PART_SILENT,
        subject=("part", part),
        key=part,
        message=f"{part} left no sign of life for {minutes} minutes or longer.",
        now=now,
    )


def _end_what_is_over(silent: tuple[str, ...], *, now: datetime) -> None:
    """Resolve the alerts about parts that are alive again."""
    told = Alert.objects.unresolved().filter(rule=PART_SILENT).values_list("dedupe_key", flat=True)
    for part in set(told) - set(silent):
        resolve_by_itself(
            PART_SILENT,
            subject=("part", part),
            key=part,
            reason="it is alive again",
            actor=ACTOR,
            now=now,
        )
