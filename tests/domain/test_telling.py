"""When people are told of an alert, where, and how often a message is tried."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.alert_channels import Channel, parse_channels, parse_minutes
from atlas.domain.alerts import AlertSeverity, AlertState, Occasion
from atlas.domain.telling import (
    LONGEST_RETRY,
    MOST_ATTEMPTS,
    Standing,
    Terms,
    Told,
    level_after,
    next_occasion,
    retry_after,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WARNING, CRITICAL, INFO = AlertSeverity.WARNING, AlertSeverity.CRITICAL, AlertSeverity.INFO
MINUTE = timedelta(minutes=1)
TERMS = Terms(
    cooldown={INFO: 1440 * MINUTE, WARNING: 60 * MINUTE, CRITICAL: 10 * MINUTE},
    escalate_after={CRITICAL: 15 * MINUTE},
)


def standing(state=AlertState.OPEN, severity=CRITICAL, count=1):
    return Standing(state, severity, count)


def told(occasion=Occasion.NEW, severity=CRITICAL, *, count=1, level=0, at=NOW, since=NOW):
    return Told(occasion, severity, count, level, at, since)


def due(alert, last, minutes=0):
    return next_occasion(alert, last, TERMS, NOW + minutes * MINUTE)


def test_a_new_alert_is_told_at_once_and_then_not_again_while_nothing_changes():
    assert due(standing(), None) is Occasion.NEW
    assert due(standing(severity=WARNING), told(severity=WARNING), 100_000) is None


def test_what_goes_on_is_told_again_only_after_the_cooldown():
    alert, last = standing(severity=WARNING, count=900), told(severity=WARNING)
    assert due(alert, last, 59) is None
    assert due(alert, last, 60) is Occasion.AGAIN


def test_a_graver_severity_is_told_at_once_even_where_somebody_has_the_alert():
    alert = standing(AlertState.ACKNOWLEDGED)
    assert due(alert, told(severity=WARNING)) is Occasion.GRAVER
    assert due(standing(severity=INFO), told(severity=WARNING)) is None


def test_nobody_taking_it_on_makes_it_louder_with_growing_pauses():
    assert due(standing(), told(), 14) is None
    assert due(standing(), told(), 15) is Occasion.ESCALATED
    assert level_after(Occasion.ESCALATED, told(level=1)) == 2
    assert due(standing(), told(Occasion.ESCALATED, level=1), 29) is None
    assert due(standing(), told(Occasion.ESCALATED, level=1), 30) is Occasion.ESCALATED
    assert due(standing(), told(Occasion.ESCALATED, level=60_000), 24 * 60) is Occasion.ESCALATED


def test_telling_again_does_not_put_the_escalation_off():
    last = told(Occasion.AGAIN, count=5, at=NOW + 14 * MINUTE, since=NOW)
    assert due(standing(count=6), last, 15) is Occasion.ESCALATED


def test_who_has_the_alert_is_not_called_again():
    alert = standing(AlertState.ACKNOWLEDGED, count=5_000)
    assert due(alert, told(), 100_000) is None


def test_the_end_is_told_once_and_only_where_the_beginning_was():
    over = standing(AlertState.RESOLVED)
    assert due(over, None) is None
    assert due(over, told()) is Occasion.OVER
    assert due(over, told(Occasion.OVER)) is None


@given(st.integers(min_value=1, max_value=MOST_ATTEMPTS - 1))
def test_pauses_between_attempts_grow_up_to_a_bound(attempts):
    pause = retry_after(attempts)
    assert pause is not None
    assert timedelta(0) < pause <= LONGEST_RETRY
    following = retry_after(attempts + 1)
    assert following is None or following >= pause


def test_after_the_last_attempt_it_is_given_up():
    assert retry_after(MOST_ATTEMPTS) is None


def test_an_escalation_reaches_channels_that_hear_of_graver_things_only():
    assert [WARNING.raised(steps) for steps in (0, 1, 9)] == [WARNING, CRITICAL, CRITICAL]
    phone = Channel("phone", CRITICAL, "json://h/")
    assert not phone.hears(WARNING)
    assert phone.hears(WARNING.raised(1))


def test_channels_are_read_from_one_text():
    found = parse_channels(" ops@INFO=json://a/x?b=1,2\n phone@CRITICAL=jsons://u:p@b ")
    assert [(one.name, one.threshold, one.url) for one in found] == [
        ("ops", INFO, "json://a/x?b=1,2"),
        ("phone", CRITICAL, "jsons://u:p@b"),
    ]
    assert parse_channels("") == ()


@pytest.mark.parametrize(
    "text", ["ops=json://hush", "ops@LOUD=json://hush", "Ops@INFO=json://hush", "ops@INFO=hush"]
)
def test_a_wrong_channel_is_refused_without_its_address(text):
    with pytest.raises(ValueError, match="entry 2") as refused:
        parse_channels(f"fine@INFO=json://a {text}")
    assert "hush" not in str(refused.value)


def test_a_channel_named_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        parse_channels("ops@INFO=json://a ops@INFO=json://b")


def test_the_address_of_a_channel_is_in_no_wording_of_it_and_each_part_is_a_secret():
    (channel,) = parse_channels(
        "ops@INFO=slack://user1234:TokenAAAA@host/T0000000001?key=zzzzzzzzz"
    )
    assert "Token" not in repr(channel)
    assert {"TokenAAAA", "T0000000001", "zzzzzzzzz"} <= set(channel.secrets)


def test_minutes_are_read_by_severity():
    assert parse_minutes("WARNING=240, CRITICAL=15") == {
        WARNING: 240 * MINUTE,
        CRITICAL: 15 * MINUTE,
    }


@pytest.mark.parametrize("text", ["LOUD=1", "WARNING=0", "WARNING=x", "WARNING", "WARNING=-1"])
def test_wrong_minutes_are_refused(text):
    with pytest.raises(ValueError, match="must look like"):
        parse_minutes(text)
