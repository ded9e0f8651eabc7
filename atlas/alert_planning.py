"""Deciding which alerts are told now, and writing the messages that are to be sent.

Raising an alert is one statement and sends nothing. This pass reads the alerts as they stand beside
what was last told of each, and writes notices and their deliveries in one transaction: they are the
outbox. It takes no lock that raising an alert could wait for. Many alerts of one rule become one
message, and a rule has a budget of messages for each stretch of time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from atlas.alert_codes import PATH_TEST, UNDELIVERED
from atlas.alert_wording import SAMPLES, body_of, title_of
from atlas.domain.alert_channels import Channel
from atlas.domain.alerts import AlertSeverity, AlertState, DeliveryState, Occasion
from atlas.domain.telling import Standing, Terms, Told, level_after, next_occasion
from atlas.models import Alert, AlertDelivery, AlertNotice

PLANNER_LOCK_KEY = 0x4154414C  # "ATAL"
BUDGET_MESSAGES = 5
BUDGET_WINDOW = timedelta(minutes=10)
# An end that could not be told for so long (no channel, a full budget) interests nobody any more.
TELL_ENDS_FOR = timedelta(days=1)
_BATCH = 2_000

_STANDING = """
SELECT a.id, a.rule, a.dedupe_key, a.state, a.severity, a.count,
       n.number, n.occasion, n.severity, n.count, n.level, n.made_at, n.waiting_since
FROM atlas_alert a
LEFT JOIN LATERAL (
    SELECT * FROM atlas_alertnotice WHERE alert_id = a.id ORDER BY number DESC LIMIT 1
) n ON true
WHERE a.state IN ('OPEN', 'ACKNOWLEDGED')
   OR (a.state = 'RESOLVED' AND a.resolved_at > %(ended_after)s AND n.occasion <> 'OVER')
ORDER BY a.id
"""


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that is to be told now, and why."""

    alert: int
    rule: str
    key: str
    severity: AlertSeverity
    count: int
    number: int
    occasion: Occasion
    level: int
    waiting_since: datetime


def plan_notices(*, now: datetime, channels: Sequence[Channel], terms: Terms) -> int:
    """Write the messages that are due at `now`; gives how many, each to one or more channels.

    Without a channel nothing is told and nothing is forgotten. A second planner that runs at the same
    time writes nothing.
    """
    if not channels:
        return 0
    with transaction.atomic():
        if not _alone():
            return 0
        groups: dict[tuple[str, Occasion], list[Due]] = defaultdict(list)
        for due in _due(terms, now):
            groups[due.rule, due.occasion].append(due)
        spent = _spent(now) if groups else {}
        return sum(
            _tell(group, BUDGET_MESSAGES - spent.get(kind, 0), channels, now)
            for kind, group in groups.items()
        )


def _alone() -> bool:
    """Say whether no other planner works."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [PLANNER_LOCK_KEY])
        (free,) = cursor.fetchone()
    return bool(free)


def _due(terms: Terms, now: datetime) -> Iterable[Due]:
    """Read all alerts that may have something to say, and yield those that have."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"ended_after": now - TELL_ENDS_FOR})
        rows = cursor.fetchall()
    for row in rows:
        due = _judged(row, terms, now)
        if due is not None:
            yield due


def _judged(row: tuple[Any, ...], terms: Terms, now: datetime) -> Due | None:
    """Say of one alert whether it is told now, and why."""
    alert, rule, key, state, severity, count, number, occasion, *rest = row
    standing = Standing(AlertState(state), AlertSeverity(severity), count)
    last = None
    if number is not None:
        told_severity, told_count, level, made_at, since = rest
        last = Told(
            Occasion(occasion), AlertSeverity(told_severity), told_count, level, made_at, since
        )
    why = next_occasion(standing, last, terms, now)
    if why is None or (rule == PATH_TEST and why is not Occasion.NEW):
        return None
    keeps_waiting = last is not None and why in {Occasion.AGAIN, Occasion.OVER}
    return Due(
        alert=alert,
        rule=rule,
        key=key,
        severity=last.severity if last and why is Occasion.OVER else standing.severity,
        count=count,
        number=(number or 0) + 1,
        occasion=why,
        level=level_after(why, last),
        waiting_since=last.waiting_since if last and keeps_waiting else now,
    )


def _spent(now: datetime) -> dict[tuple[str, Occasion], int]:
    """Count the messages of each rule, by why they were sent, in the running stretch of time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.rule, n.occasion, count(*) FROM atlas_alertnotice n "
            "JOIN atlas_alert a ON a.id = n.alert_id "
            "WHERE n.made_at > %s AND n.carried_by_id IS NULL GROUP BY 1, 2",
            [now - BUDGET_WINDOW],
        )
        return {(rule, Occasion(why)): int(number) for rule, why, number in cursor.fetchall()}


def _tell(group: Sequence[Due], budget: int, channels: Sequence[Channel], now: datetime) -> int:
    """Write one message for each alert, or one for all where they are many; none without budget."""
    if budget <= 0:
        return 0
    if len(group) <= budget:
        for due in group:
            _write([due], channels, now)
        return len(group)
    _write(group, channels, now)
    return 1


def _write(group: Sequence[Due], channels: Sequence[Channel], now: datetime) -> None:
    """Write the notice of the gravest alert, which carries the others, and its deliveries."""
    first, *others = sorted(group, key=lambda due: (-due.severity.rank, -due.level, due.alert))
    texts = Alert.objects.in_bulk([due.alert for due in [first, *others[:SAMPLES]]])
    alert = texts[first.alert]
    samples = [texts[due.alert] for due in others[:SAMPLES]]
    notice = _notice(first, now)
    notice.title = title_of(
        alert, first.occasion, instance=settings.ATLAS_INSTANCE_NAME, also=len(others)
    )
    notice.body = body_of(alert, first.occasion, samples=samples, also=len(others))
    notice.save(force_insert=True)
    carried = [_notice(due, now, carried_by=notice) for due in others]
    AlertNotice.objects.bulk_create(carried, batch_size=_BATCH)
    loudest = max(due.severity.raised(due.level).rank for due in group)
    AlertDelivery.objects.bulk_create(
        AlertDelivery(
            notice=notice, channel=channel.name, state=DeliveryState.WAITING, next_attempt_at=now
        )
        for channel in channels
        if _goes_to(channel, first, list(AlertSeverity)[loudest])
    )


def _goes_to(channel: Channel, due: Due, severity: AlertSeverity) -> bool:
    """Say whether a channel hears of this; a test of the path tests every channel."""
    if due.rule == PATH_TEST:
        return True
    if due.rule == UNDELIVERED and due.key == channel.name:
        return False
    return channel.hears(severity)


def _notice(due: Due, now: datetime, *, carried_by: AlertNotice | None = None) -> AlertNotice:
    """Make the row of one telling, without words yet."""
    return AlertNotice(
        alert_id=due.alert,
        number=due.number,
        occasion=due.occasion,
        severity=due.severity,
        count=due.count,
        level=due.level,
        carried_by=carried_by,
        waiting_since=due.waiting_since,
        made_at=now,
    )
