"""Raising alerts, and ending them: one row for one cause, however often it speaks.

`raise_alert` writes in the caller's transaction. An alert about a failure is therefore raised after
the transaction that failed has ended, at the edge that caught the error: inside of it the alert
would be rolled back with everything else. It takes one statement and no lock but that of its own
row, so a trading path may call it, and it never sends anything.
"""

from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from atlas.audit import Actor, record
from atlas.domain.alerts import ALERT_TRANSITIONS, AlertSeverity, AlertState
from atlas.domain.errors import InvalidInput
from atlas.models import Alert
from atlas.redaction import redact_text
from atlas.registries import alert_rules
from atlas.transitions import move

Subject = models.Model | tuple[str, str]

KEY_LENGTH = 200
MESSAGE_LENGTH = 2_000
REASON_LENGTH = 500

# The predicate repeats the partial unique constraint alert_one_unresolved_per_key word by word.
_UPSERT = """
INSERT INTO atlas_alert AS alert
    (rule, dedupe_key, severity, title, message, remedy, runbook, subject_type, subject_id,
     count, first_seen_at, last_seen_at, state, acknowledged_by, resolved_by, resolution)
VALUES (%(rule)s, %(key)s, %(severity)s, %(title)s, %(message)s, %(remedy)s, %(runbook)s,
     %(subject_type)s, %(subject_id)s, 1, %(now)s, %(now)s, 'OPEN', '', '', '')
ON CONFLICT (rule, dedupe_key) WHERE state IN ('OPEN', 'ACKNOWLEDGED')
DO UPDATE SET
    count = alert.count + 1,
    last_seen_at = greatest(alert.last_seen_at, excluded.last_seen_at),
    severity = excluded.severity,
    title = excluded.title,
    message = excluded.message,
    remedy = excluded.remedy,
    runbook = excluded.runbook
RETURNING id
"""


def raise_alert(
    rule: str,
    *,
    subject: Subject,
    message: str,
    now: datetime,
    key: str = "",
    severity: AlertSeverity | None = None,
) -> int:
    """Tell of something that a person should look at; gives the number of its alert.

    `rule` is the code of a registered rule, `message` says in sentences what happened and where; what
    to do about it comes from the rule. Calls of one rule with one `key` are one alert until it is
    resolved; without a key the subject is the key. `severity` is the rule's unless the case at hand
    is graver or milder. Raises Bug for a rule that nobody registered.
    """
    wording = alert_rules.get(rule)
    kind, identifier = named(subject)
    values = {
        "rule": rule,
        "key": _key(key, kind, identifier),
        "severity": (severity or wording.severity).value,
        "title": wording.title,
        "message": redact_text(message)[:MESSAGE_LENGTH],
        "remedy": wording.remedy,
        "runbook": wording.section,
        "subject_type": kind,
        "subject_id": identifier,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, values)
        rows = cursor.fetchall()
    return int(rows[0][0])


def acknowledge(alert: Alert, *, reason: str, actor: Actor, now: datetime) -> Alert:
    """Take an alert on: it stays until its cause is gone, and is not told to others again.

    Raises InvalidInput without a reason, IllegalTransition or ConflictingState where it is no longer
    open.
    """
    changes = {"acknowledged_at": now, "acknowledged_by": actor.name}
    return _end(alert, AlertState.ACKNOWLEDGED, changes, reason=reason, actor=actor, now=now)


def resolve(alert: Alert, *, reason: str, actor: Actor, now: datetime) -> Alert:
    """Say that an alert is over and why; if its cause speaks again, that is a new alert.

    Raises InvalidInput without a reason, IllegalTransition or ConflictingState where it was resolved
    already.
    """
    changes = {
        "resolved_at": now,
        "resolved_by": actor.name,
        "resolution": reason[:REASON_LENGTH],
    }
    return _end(alert, AlertState.RESOLVED, changes, reason=reason, actor=actor, now=now)


def resolve_by_itself(
    rule: str, *, subject: Subject, reason: str, actor: Actor, now: datetime, key: str = ""
) -> bool:
    """End the unresolved alert of a rule about a subject, if there is one, once its cause is gone."""
    wanted = _key(key, *named(subject))
    with transaction.atomic():
        alert = Alert.objects.of(rule, wanted).unresolved().select_for_update().first()
        if alert is None:
            return False
        resolve(alert, reason=reason, actor=actor, now=now)
    return True


def named(subject: Subject) -> tuple[str, str]:
    """Give the kind and the identifier of what an alert speaks of."""
    if isinstance(subject, tuple):
        return subject
    return subject._meta.label_lower, str(subject.pk)


def _key(key: str, kind: str, identifier: str) -> str:
    """Give what one alert is told from another by."""
    return (key or f"{kind}:{identifier}")[:KEY_LENGTH]


def _end(
    alert: Alert,
    state: AlertState,
    changes: dict[str, Any],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Alert:
    """Move an alert and write the audit row, together."""
    if not reason.strip():
        raise InvalidInput(
            "A reason is needed: the next person reads it before they look themselves."
        )
    before = {"state": alert.state}
    with transaction.atomic():
        move(alert, state, ALERT_TRANSITIONS, **changes)
        record(
            action=f"alert.{'acknowledge' if state is AlertState.ACKNOWLEDGED else 'resolve'}",
            subject=alert,
            actor=actor,
            now=now,
            before=before,
            after={"state": alert.state, "rule": alert.rule, "count": alert.count},
            reason=reason,
        )
    return alert
