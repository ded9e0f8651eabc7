"""A flood of events: ten thousand become a few messages, of one cause or of ten thousand."""

import pytest

from atlas.alerts import raise_alert, resolve
from atlas.audit import Actor
from atlas.models import Alert, AlertDelivery, AlertNotice
from tests.ground.alert_world import MINUTE, NOW, boil, listening, tell, with_rule

pytestmark = pytest.mark.django_db

EVENTS = 10_000
FEW = 10


@pytest.fixture(autouse=True)
def rule(monkeypatch):
    with_rule(monkeypatch)


@pytest.fixture
def sink():
    with listening() as one:
        yield one


def flood(number):
    """Write alerts about so many kettles at once, as raising them one by one would leave them."""
    model = boil()
    Alert.objects.bulk_create(
        Alert(
            rule=model.rule,
            dedupe_key=f"kettle:{kettle}",
            severity=model.severity,
            title=model.title,
            message=f"Kettle {kettle} is empty.",
            remedy=model.remedy,
            runbook=model.runbook,
            first_seen_at=NOW,
            last_seen_at=NOW,
        )
        for kettle in range(1, number)
    )


@pytest.mark.parametrize("causes", [200, pytest.param(EVENTS, marks=pytest.mark.deep)])
def test_many_causes_at_once_are_one_message_and_one_more_when_they_end(sink, causes):
    flood(causes)
    ops = [sink.channel()]
    assert tell(ops) == 1
    ((_, said),) = sink.heard
    assert said["title"].endswith(f"The kettle is empty (and {causes - 1:,} more)")
    assert f"- and {causes - 6:,} more" in said["message"]
    assert AlertNotice.objects.filter(carried_by__isnull=False).count() == causes - 1
    assert tell(ops, now=NOW + MINUTE) == 0
    Alert.objects.update(
        state="RESOLVED", resolved_at=NOW + 2 * MINUTE, resolved_by="rain", resolution="it rained"
    )
    assert tell(ops, now=NOW + 2 * MINUTE) == 1
    assert tell(ops, now=NOW + 3 * MINUTE) == 0


def test_causes_that_keep_coming_are_held_to_a_budget_and_none_is_forgotten(sink):
    ops = [sink.channel()]
    for second in range(60):
        boil(kettle=f"k{second}", now=NOW)
        tell(ops, now=NOW + second * MINUTE / 60)
    assert len(sink.heard) == 5
    assert tell(ops, now=NOW + 11 * MINUTE) == 1
    assert "(and 54 more)" in sink.heard[-1][1]["title"]
    assert AlertNotice.objects.count() == 60


def test_an_end_within_a_full_budget_is_told_when_there_is_room(sink):
    ops = [sink.channel()]
    for second in range(7):
        alert = boil(kettle=f"k{second}")
        tell(ops, now=NOW)
        resolve(alert, reason="filled", actor=Actor.system("rain"), now=NOW)
        tell(ops, now=NOW)
    assert len(sink.heard) == 10
    assert Alert.objects.filter(notices__isnull=True).count() == 2


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_events_through_the_front_door_are_a_few_messages(sink):
    ops = [sink.channel()]
    for event in range(EVENTS):
        moment = NOW + event * MINUTE / 100
        subject = ("tests.kettle", str(event % 50))
        raise_alert("kettle_empty", subject=subject, message="It is empty.", now=moment)
        if event % 500 == 0:
            tell(ops, now=moment)
    assert Alert.objects.count() == 50
    assert sum(Alert.objects.values_list("count", flat=True)) == EVENTS
    assert 1 <= len(sink.heard) <= FEW, f"{len(sink.heard)} messages"
    assert AlertDelivery.objects.filter(state="SENT").count() == len(sink.heard)
