"""The daily test of alerts: proven on every channel in time, or told of; and what health says."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from atlas.alert_path import PROVEN_WITHIN, TESTED_EVERY, check_alerts, judge_tests, start_test
from atlas.domain.alert_channels import Channel
from atlas.domain.alerts import AlertSeverity
from atlas.models import Alert
from tests.ground.alert_world import MINUTE, NOW, listening, tell

pytestmark = pytest.mark.django_db

CRITICAL = AlertSeverity.CRITICAL
NOWHERE = Channel("nowhere", CRITICAL, "json://127.0.0.1:1/")


@pytest.fixture
def sink():
    with listening() as one:
        yield one


@pytest.fixture
def channels(sink, settings):
    """Two channels, of which one hears of critical things alone."""
    settings.ATLAS_ALERT_SECRETS = (sink.channel(), sink.channel("phone", CRITICAL))
    return settings.ATLAS_ALERT_SECRETS


def test_the_test_reaches_every_channel_whatever_its_threshold_and_ends_without_a_word(
    sink, channels
):
    start_test(channels=channels, now=NOW)
    assert tell(channels) == 2
    judge_tests(channels=channels, now=NOW)
    assert Alert.objects.get().state == "RESOLVED"
    assert tell(channels, now=NOW + MINUTE) == 0
    assert sorted(path for path, _ in sink.heard) == ["/ops", "/phone"]
    assert check_alerts(NOW) == _health(fit=True, state="the way is tested daily")


def _health(*, fit, state):
    from atlas.registries import HealthResult

    return HealthResult(fit=fit, state=state, detail={"channels": 2, "waiting": 0})


def test_a_test_that_does_not_arrive_in_time_is_told_until_one_does(sink, channels, settings):
    broken = (*channels[:1], NOWHERE)
    settings.ATLAS_ALERT_SECRETS = broken
    start_test(channels=broken, now=NOW)
    tell(broken)
    judge_tests(channels=broken, now=NOW + PROVEN_WITHIN - MINUTE)
    assert not Alert.objects.filter(rule="alert_path_broken").exists()
    judge_tests(channels=broken, now=NOW + PROVEN_WITHIN)
    alert = Alert.objects.get(rule="alert_path_broken")
    assert "did not arrive on: nowhere" in alert.message
    assert (check_alerts(NOW).fit, check_alerts(NOW).state) == (
        False,
        "the last test did not arrive",
    )
    tell(broken, now=NOW + PROVEN_WITHIN)
    assert "The daily test alert did not arrive" in sink.titles("ops")[-1]
    later = NOW + 24 * 60 * MINUTE
    start_test(channels=channels, now=later)
    tell(channels, now=later)
    judge_tests(channels=channels, now=later)
    alert.refresh_from_db()
    assert alert.state == "RESOLVED"


def test_a_test_that_never_left_is_told_too(channels):
    start_test(channels=channels, now=NOW)
    judge_tests(channels=channels, now=NOW + PROVEN_WITHIN)
    assert "ops, phone" in Alert.objects.get(rule="alert_path_broken").message


def test_health_misses_a_test_that_did_not_come(channels, settings):
    assert check_alerts(NOW).state == "not tested yet"
    start_test(channels=channels, now=NOW)
    assert check_alerts(NOW + TESTED_EVERY).fit
    assert not check_alerts(NOW + TESTED_EVERY + timedelta(seconds=1)).fit
    settings.ATLAS_ALERT_SECRETS = ()
    assert check_alerts(NOW + 2 * TESTED_EVERY).fit


def test_without_a_channel_there_is_nothing_to_test():
    assert start_test(channels=(), now=NOW) is None
    with pytest.raises(CommandError, match="No channel is set"):
        call_command("test_alerts")


def test_the_command_says_what_each_channel_answered(sink, channels, settings):
    said = StringIO()
    call_command("test_alerts", stdout=said)
    assert said.getvalue().splitlines() == ["ops: sent", "phone: sent"]
    settings.ATLAS_ALERT_SECRETS = (*channels, NOWHERE)
    with pytest.raises(CommandError, match="did not arrive on: nowhere"):
        call_command("test_alerts", stdout=StringIO())
