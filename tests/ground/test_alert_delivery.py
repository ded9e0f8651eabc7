"""Messages about alerts: what is sent over a real wire, when again, and what becomes of failures."""

from datetime import timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction

from atlas.alert_planning import plan_notices
from atlas.alert_sending import LEASE, TELL_AFTER_ATTEMPTS, send_due
from atlas.alerts import acknowledge, raise_alert, resolve
from atlas.audit import Actor
from atlas.domain.alert_channels import Channel
from atlas.domain.alerts import AlertSeverity
from atlas.domain.telling import MOST_ATTEMPTS
from atlas.models import Alert, AlertDelivery, AlertNotice
from atlas.registries import alert_rules
from atlas.tasks import tell_alerts
from tests.ground.alert_world import MINUTE, NOW, TERMS, boil, listening, tell, with_rule

pytestmark = pytest.mark.django_db

SOMEBODY = Actor.system("somebody")
CRITICAL, WARNING = AlertSeverity.CRITICAL, AlertSeverity.WARNING


@pytest.fixture(autouse=True)
def rule(monkeypatch):
    with_rule(monkeypatch)


@pytest.fixture
def sink():
    with listening() as one:
        yield one


def test_an_alert_reaches_a_real_sink_with_what_happened_and_what_to_do(sink, settings):
    settings.ATLAS_ALERT_SECRETS = (sink.channel(),)
    settings.ATLAS_INSTANCE_NAME = "kitchen"
    alert = boil()
    tell_alerts()
    ((path, said),) = sink.heard
    assert (path, said["title"]) == ("/ops", "[kitchen] WARNING: The kettle is empty")
    assert "Kettle 7 is empty." in said["message"]
    assert "What to do: Fill it." in said["message"]
    assert f"Alert {alert.pk}, once since 2026-05-04 12:00 UTC" in said["message"]
    delivery = AlertDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.channel) == ("SENT", 1, "ops")
    assert delivery.sent_at is not None


def test_it_is_told_once_again_after_the_cooldown_and_its_end_once(sink):
    ops = [sink.channel()]
    boil()
    assert [tell(ops), tell(ops, now=NOW + 29 * MINUTE)] == [1, 0]
    boil(now=NOW + MINUTE)
    assert [tell(ops, now=NOW + 29 * MINUTE), tell(ops, now=NOW + 30 * MINUTE)] == [0, 1]
    alert = Alert.objects.get()
    resolve(alert, reason="filled", actor=SOMEBODY, now=NOW + 31 * MINUTE)
    assert [tell(ops, now=NOW + later * MINUTE) for later in (31, 32, 500)] == [1, 0, 0]
    marks = [title.partition("WARNING: ")[2] for title in sink.titles()]
    assert marks == [
        "The kettle is empty",
        "still: The kettle is empty",
        "over: The kettle is empty",
    ]
    assert "filled" in sink.heard[-1][1]["message"]


def test_an_acknowledged_alert_is_not_told_again_but_a_graver_one_is(sink):
    ops = [sink.channel()]
    alert = boil()
    tell(ops)
    acknowledge(alert, reason="on my way", actor=SOMEBODY, now=NOW)
    boil(now=NOW + 90 * MINUTE)
    assert tell(ops, now=NOW + 90 * MINUTE) == 0
    boil(now=NOW + 91 * MINUTE, severity=CRITICAL)
    assert tell(ops, now=NOW + 91 * MINUTE) == 1
    assert sink.titles()[-1].endswith("CRITICAL: graver: The kettle is empty")


def test_an_alert_that_nobody_takes_on_reaches_the_channel_for_graver_things(sink):
    channels = [sink.channel(), sink.channel("phone", CRITICAL)]
    boil()
    tell(channels)
    assert (sink.titles("ops"), sink.titles("phone")) == (sink.titles(), [])
    tell(channels, now=NOW + 60 * MINUTE)
    assert len(sink.titles("ops")) == 2
    (loud,) = sink.titles("phone")
    assert "nobody has it: The kettle is empty" in loud
    resolve(Alert.objects.get(), reason="filled", actor=SOMEBODY, now=NOW + 61 * MINUTE)
    tell(channels, now=NOW + 61 * MINUTE)
    assert "over: " in sink.titles("phone")[-1]


def test_a_message_that_fails_is_tried_again_with_growing_pauses(sink):
    ops = [sink.channel()]
    sink.status = 500
    boil()
    assert tell(ops) == 0
    delivery = AlertDelivery.objects.get()
    assert (delivery.state, delivery.next_attempt_at) == ("WAITING", NOW + timedelta(seconds=30))
    assert "500" in delivery.error
    assert tell(ops, now=NOW + timedelta(seconds=29)) == 0
    assert len(sink.heard) == 1
    sink.status = 200
    assert tell(ops, now=NOW + timedelta(seconds=30)) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.error) == ("SENT", 2, "")


def test_a_channel_that_goes_on_failing_is_told_of_on_the_others_and_given_up_in_the_end(sink):
    good, bad = sink.channel("good"), Channel("bad", WARNING, "json://127.0.0.1:1/")
    boil()
    moment = NOW
    for _ in range(MOST_ATTEMPTS):
        tell([good, bad], now=moment)
        moment += 31 * MINUTE
    first = AlertDelivery.objects.order_by("pk").get(channel="bad", notice__number=1)
    assert (first.state, first.attempts, first.next_attempt_at) == ("FAILED", MOST_ATTEMPTS, None)
    assert "bad" not in {
        one.channel for one in AlertDelivery.objects.filter(notice__alert__rule="alert_undelivered")
    }
    words = [body for _, body in sink.heard if "A channel takes no alerts" in body["title"]]
    assert f"did not take a message in {TELL_AFTER_ATTEMPTS} attempts" in words[0]["message"]
    back = [good, sink.channel("bad")]
    tell(back, now=moment)
    assert Alert.objects.get(rule="alert_undelivered").state == "RESOLVED"


def test_a_channel_that_hangs_or_fails_does_not_keep_the_others_waiting(sink):
    good, bad = sink.channel("good"), Channel("bad", WARNING, "json://127.0.0.1:1/")
    for kettle in range(4):
        boil(kettle=str(kettle))
    assert tell([bad, good]) == 4
    assert AlertDelivery.objects.filter(channel="bad", attempts=0).count() == 3


def test_an_address_that_apprise_does_not_know_fails_in_words_without_the_address():
    boil()
    tell([Channel("odd", WARNING, "oddity://hush-hush")])
    assert "apprise" in AlertDelivery.objects.get().error
    assert "hush" not in AlertDelivery.objects.get().error


def test_an_error_keeps_no_secret_of_the_address(caplog):
    boil()
    tell(
        [
            Channel(
                "bad",
                WARNING,
                "json://me:hunter22secret@127.0.0.1:1/?+Authorization=Bearer%20abcdefgh12345",
            )
        ]
    )
    error = AlertDelivery.objects.get().error
    assert error
    for text in (error, caplog.text):
        assert "hunter22secret" not in text
        assert "abcdefgh12345" not in text


def test_a_sender_that_died_leaves_a_claim_that_runs_out(sink):
    ops = [sink.channel()]
    boil()
    plan_notices(now=NOW, channels=ops, terms=TERMS)
    AlertDelivery.objects.update(state="SENDING", attempts=1, next_attempt_at=NOW + LEASE)
    assert send_due(clock=lambda: NOW + MINUTE, channels=ops) == 0
    assert send_due(clock=lambda: NOW + LEASE, channels=ops) == 1
    assert AlertDelivery.objects.get().attempts == 2


def test_without_a_channel_nothing_is_told_and_nothing_forgotten(sink):
    boil()
    assert tell([]) == 0
    assert not AlertNotice.objects.exists()
    assert tell([sink.channel()]) == 1


def test_messages_to_a_channel_that_is_no_longer_named_end(sink):
    boil()
    plan_notices(now=NOW, channels=[sink.channel("gone")], terms=TERMS)
    assert send_due(clock=lambda: NOW, channels=[sink.channel()]) == 0
    assert AlertDelivery.objects.get().state == "FAILED"
    assert sink.heard == []


def test_an_alert_that_was_over_before_anybody_heard_is_not_told(sink):
    resolve(boil(), reason="filled", actor=SOMEBODY, now=NOW)
    assert tell([sink.channel()]) == 0


def test_a_notice_cannot_be_changed_and_goes_to_a_channel_once(sink):
    boil()
    tell([sink.channel()])
    notice = AlertNotice.objects.get()
    with pytest.raises(Error, match="update"), transaction.atomic():
        AlertNotice.objects.update(body="nothing happened")
    with pytest.raises(IntegrityError, match="alert_delivery_one_a_channel"), transaction.atomic():
        AlertDelivery.objects.create(notice=notice, channel="ops", next_attempt_at=NOW)


def test_planning_reads_all_alerts_in_one_query(sink, django_assert_max_num_queries):
    for kettle in range(40):
        boil(kettle=str(kettle))
    tell([sink.channel()])
    with django_assert_max_num_queries(4):
        plan_notices(now=NOW + MINUTE, channels=[sink.channel()], terms=TERMS)
    assert connection.in_atomic_block


def test_every_rule_of_the_house_reaches_the_sink_in_its_own_words(sink):
    rules = dict(alert_rules)
    for code in rules:
        raise_alert(code, subject=("tests.thing", code), message=f"{code} spoke", now=NOW)
    assert tell([sink.channel()]) == len(rules)
    heard = {body["title"].partition(": ")[2]: body["message"] for _, body in sink.heard}
    for code, one in rules.items():
        assert f"{code} spoke" in heard[one.title]
        assert one.remedy in heard[one.title]
