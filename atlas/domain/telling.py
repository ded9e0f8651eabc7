"""When people are told of an alert, and when a failed message is tried again.

An unresolved alert is told once; again when it grew graver, when it went on after its cool-down, and
louder when nobody took it on. Its end is told once, to those who heard of its beginning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from atlas.domain.alerts import AlertSeverity, AlertState, Occasion

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
MOST_ATTEMPTS = 12
# Each escalation waits twice as long as the one before: a night's silence is a few calls, not fifty.
LONGEST_ESCALATION = timedelta(hours=24)
MOST_DOUBLINGS = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """How long to be quiet, and how long to wait for somebody; a severity left out never comes."""

    cooldown: Mapping[AlertSeverity, timedelta]
    escalate_after: Mapping[AlertSeverity, timedelta]


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it stands."""

    state: AlertState
    severity: AlertSeverity
    count: int


@dataclass(frozen=True, slots=True)
class Told:
    """The last time an alert was told.

    `level` counts its escalations so far; `waiting_since` is when it was last told as new, graver or
    louder: what is told again meanwhile must not put its escalation off.
    """

    occasion: Occasion
    severity: AlertSeverity
    count: int
    level: int
    at: datetime
    waiting_since: datetime


def next_occasion(
    alert: Standing, last: Told | None, terms: Terms, now: datetime
) -> Occasion | None:
    """Say why an alert is to be told now; None while there is nothing new to say."""
    if alert.state is AlertState.RESOLVED:
        return None if last is None or last.occasion is Occasion.OVER else Occasion.OVER
    if last is None or alert.severity.rank > last.severity.rank:
        return Occasion.GRAVER if last else Occasion.NEW
    if alert.state is AlertState.ACKNOWLEDGED:
        return None
    if _is_unheard(alert, last, terms, now):
        return Occasion.ESCALATED
    return Occasion.AGAIN if _went_on(alert, last, terms, now) else None


def _went_on(alert: Standing, last: Told, terms: Terms, now: datetime) -> bool:
    """Say whether the cause spoke since, and the cool-down is over."""
    cooldown = terms.cooldown.get(alert.severity)
    return cooldown is not None and alert.count > last.count and now - last.at >= cooldown


def _is_unheard(alert: Standing, last: Told, terms: Terms, now: datetime) -> bool:
    """Say whether nobody took the alert on in the time that its severity allows."""
    wait = terms.escalate_after.get(alert.severity)
    if wait is None:
        return False
    doubled = wait * (1 << min(last.level, MOST_DOUBLINGS))
    return now - last.waiting_since >= min(doubled, max(wait, LONGEST_ESCALATION))


def level_after(occasion: Occasion, last: Told | None) -> int:
    """Give the number of escalations once an alert is told for this reason."""
    before = last.level if last else 0
    return before + 1 if occasion is Occasion.ESCALATED else before


def retry_after(attempts: int) -> timedelta | None:
    """Give the pause after so many failed attempts; None where it is time to give up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(FIRST_RETRY * (1 << (attempts - 1)), LONGEST_RETRY)
