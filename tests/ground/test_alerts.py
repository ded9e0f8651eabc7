"""Alerts: one row for one cause, taken on and ended by people, or ended when the cause is gone."""

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connections, transaction

from atlas.alerts import acknowledge, raise_alert, resolve, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.alerts import AlertSeverity, AlertState
from atlas.domain.errors import Bug, ConflictingState, IllegalTransition, InvalidInput
from atlas.models import Alert, AuditEvent
from atlas.registries import AlertRule, alert_rules

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SOMEBODY = Actor.system("somebody")
SUBJECT = ("tests.kettle", "7")
RUNBOOK = Path(__file__).resolve().parents[2] / "docs/runbook.md"


@pytest.fixture(autouse=True)
def rule(monkeypatch):
    """Register a rule for the time of a test."""
    entries = dict(alert_rules)
    made = AlertRule(AlertSeverity.WARNING, "The kettle is empty", "Fill it.", "kettles")
    monkeypatch.setattr(alert_rules, "_entries", {**entries, "kettle_empty": made})


def tell(message="The kettle in the kitchen is empty.", *, now=NOW, subject=SUBJECT, key=""):
    number = raise_alert("kettle_empty", subject=subject, message=message, now=now, key=key)
    return Alert.objects.get(pk=number)


def end_by_itself():
    kettles = Actor.system("kettles")
    return resolve_by_itself(
        "kettle_empty", subject=SUBJECT, reason="it is full", actor=kettles, now=LATER
    )


def test_an_alert_says_what_happened_where_and_what_to_do():
    alert = tell()
    assert (alert.rule, alert.severity, alert.state) == ("kettle_empty", "WARNING", "OPEN")
    assert (alert.title, alert.remedy, alert.runbook) == (
        "The kettle is empty",
        "Fill it.",
        "kettles",
    )
    assert alert.message == "The kettle in the kitchen is empty."
    assert (alert.subject_type, alert.subject_id) == SUBJECT
    assert (alert.count, alert.first_seen_at, alert.last_seen_at) == (1, NOW, NOW)


def test_the_same_cause_is_one_alert_that_counts():
    first, again = tell(), tell("It is still empty.", now=LATER)
    assert (again.pk, again.count, again.message) == (first.pk, 2, "It is still empty.")
    assert (again.first_seen_at, again.last_seen_at) == (NOW, LATER)
    assert tell(now=NOW).last_seen_at == LATER


def test_another_subject_or_key_is_another_alert():
    alerts = [tell(), tell(subject=("tests.kettle", "8")), tell(key="lid"), tell(key="lid")]
    assert len({alert.pk for alert in alerts}) == 3


def test_a_flood_of_one_cause_is_one_row():
    for _ in range(500):
        tell()
    assert Alert.objects.get().count == 500


@pytest.mark.django_db(transaction=True)
def test_many_processes_that_tell_of_one_cause_at_once_lose_no_count():
    def flood():
        try:
            for _ in range(25):
                tell()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Alert.objects.get().count == 100


def test_an_alert_of_a_transaction_that_fails_is_gone_with_it():
    def failing():
        with transaction.atomic():
            tell()
            raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        failing()
    assert not Alert.objects.exists()


def test_a_rule_that_nobody_registered_is_a_bug():
    with pytest.raises(Bug, match="kettle_gone"):
        raise_alert("kettle_gone", subject=SUBJECT, message="?", now=NOW)


def test_secrets_in_a_message_are_hidden():
    alert = tell("postgresql://somebody:hunter22secret@host/db does not answer")
    assert "hunter22secret" not in alert.message


def test_who_acknowledges_an_alert_has_it_while_it_goes_on_counting():
    alert = acknowledge(tell(), reason="on my way", actor=SOMEBODY, now=NOW)
    assert (alert.state, alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "somebody")
    assert (tell(now=LATER).count, tell().state) == (2, "ACKNOWLEDGED")
    event = AuditEvent.objects.get(action="alert.acknowledge")
    assert (event.subject_id, event.reason) == (str(alert.pk), "on my way")


def test_what_speaks_again_after_it_was_resolved_is_another_alert():
    first = resolve(tell(), reason="filled", actor=SOMEBODY, now=LATER)
    assert (first.state, first.resolved_by, first.resolution) == ("RESOLVED", "somebody", "filled")
    assert tell().pk != first.pk
    event = AuditEvent.objects.get(action="alert.resolve")
    assert event.before == {"state": "OPEN"}
    assert event.after == {"state": "RESOLVED", "rule": "kettle_empty", "count": 1}


def test_an_alert_ends_by_itself_once_its_cause_is_gone():
    alert = acknowledge(tell(), reason="on my way", actor=SOMEBODY, now=NOW)
    assert end_by_itself() is True
    alert.refresh_from_db()
    assert (alert.state, alert.resolved_by, alert.resolved_at) == ("RESOLVED", "kettles", LATER)
    assert end_by_itself() is False
    assert AuditEvent.objects.filter(action="alert.resolve").count() == 1


@pytest.mark.parametrize("act", [acknowledge, resolve])
def test_an_act_needs_a_reason_and_is_done_once(act):
    alert = tell()
    stale = Alert.objects.get(pk=alert.pk)
    with pytest.raises(InvalidInput, match="reason"):
        act(alert, reason=" ", actor=SOMEBODY, now=NOW)
    act(alert, reason="done", actor=SOMEBODY, now=NOW)
    with pytest.raises(ConflictingState):
        act(stale, reason="me too", actor=SOMEBODY, now=NOW)
    with pytest.raises(IllegalTransition):
        act(alert, reason="again", actor=SOMEBODY, now=NOW)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "GONE"}, "alert_state_known"),
        ({"severity": "LOUD"}, "alert_severity_known"),
        ({"count": 0}, "alert_happened"),
        ({"last_seen_at": NOW - timedelta(days=1)}, "alert_seen_in_order"),
        ({"acknowledged_at": NOW}, "alert_acknowledged_by_somebody"),
        ({"acknowledged_by": "me"}, "alert_acknowledged_by_somebody"),
        ({"state": "ACKNOWLEDGED"}, "alert_acknowledged_has_a_time"),
        ({"state": "RESOLVED"}, "alert_resolved_has_a_time"),
        ({"resolved_at": NOW}, "alert_resolved_has_a_time"),
    ],
)
def test_the_database_refuses_an_alert_that_makes_no_sense(change, constraint):
    alert = tell()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(**change)


def test_the_database_keeps_one_unresolved_alert_for_one_cause():
    other = tell(key="other")
    alert = tell()
    with pytest.raises(IntegrityError, match="alert_one_unresolved_per_key"), transaction.atomic():
        Alert.objects.filter(pk=other.pk).update(dedupe_key=alert.dedupe_key)


@pytest.mark.parametrize("code", sorted(name for name, _ in alert_rules))
def test_each_rule_leads_to_a_section_of_the_runbook(code):
    headings = re.findall(r"^#+ (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}
    assert alert_rules.get(code).section in anchors
