"""Watching for what does not happen: exports that do not come, reviews that nobody decides."""

from datetime import datetime, timedelta

from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.console.wording import age
from atlas.domain.states import ImportState
from atlas.models import Alert
from imports.alert_rules import MISSED, UNREACHABLE, WAITING
from imports.models import ImportRun, ImportSource

ACTOR = Actor.system("import watch")
GONE = "The source is no longer waited for."


def watch_sources(*, now: datetime) -> list[str]:
    """Raise an alert for each source that is silent for too long, and end those that are over.

    Gives the names of the silent ones. A source counts from when it last brought something usable,
    or from when somebody began to wait for it.
    """
    silent = []
    for source in ImportSource.objects.awaited():
        if is_silent(source, now=now):
            _tell(source, now=now)
            silent.append(source.name)
            continue
        reason = "Something usable came."
        resolve_by_itself(MISSED, subject=source, reason=reason, actor=ACTOR, now=now)
    _end_for_sources_that_nobody_awaits(now=now)
    _end_for_decided_runs(now=now)
    return silent


def is_silent(source: ImportSource, *, now: datetime) -> bool:
    """Say whether a source that is waited for has brought nothing for longer than expected."""
    if source.expected_every_seconds is None:
        return False
    return now > waited_since(source) + timedelta(seconds=source.expected_every_seconds)


def waited_since(source: ImportSource) -> datetime:
    """Give the moment from which the silence of a source counts."""
    begun = source.watched_since_at or source.created_at
    return max(begun, source.arrived_at) if source.arrived_at else begun


def _tell(source: ImportSource, *, now: datetime) -> None:
    """Say since when, and how the last look went."""
    since = waited_since(source)
    last = source.arrived_at
    arrival = f" Its last usable export came at {last:%Y-%m-%d %H:%M} UTC." if last else ""
    look = f" The last look failed: {source.look_failure}" if source.look_failure else ""
    message = (
        f"The source {source.name} has brought nothing usable for {age(since, now=now)}, where "
        f"something is expected every {source.expected_every_seconds} s.{arrival}{look}"
    )
    raise_alert(MISSED, subject=source, message=message, now=now)


def _end_for_sources_that_nobody_awaits(*, now: datetime) -> None:
    """End the alerts about sources that were disabled, or are not expected to speak any more."""
    awaited = set(ImportSource.objects.awaited().values_list("pk", flat=True))
    enabled = set(ImportSource.objects.filter(enabled=True).values_list("pk", flat=True))
    for rule, current in ((MISSED, awaited), (UNREACHABLE, enabled)):
        for alert in Alert.objects.unresolved().filter(rule=rule):
            if int(alert.subject_id) not in current:
                subject = (alert.subject_type, alert.subject_id)
                resolve_by_itself(rule, subject=subject, reason=GONE, actor=ACTOR, now=now)


def _end_for_decided_runs(*, now: datetime) -> None:
    """End the alerts about runs that wait no longer."""
    waiting = set(ImportRun.objects.filter(state=ImportState.REVIEWED).values_list("pk", flat=True))
    for alert in Alert.objects.unresolved().filter(rule=WAITING):
        if int(alert.subject_id) not in waiting:
            subject = (alert.subject_type, alert.subject_id)
            reason = "The run is decided."
            resolve_by_itself(WAITING, subject=subject, reason=reason, actor=ACTOR, now=now)
