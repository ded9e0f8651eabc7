"""Alerts in the console: read by all, taken on and ended by POST with a right and a reason."""

from types import SimpleNamespace

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from atlas.alerts import raise_alert, resolve
from atlas.audit import Actor
from atlas.models import Alert, AlertDelivery, AlertNotice, AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client_of):
    number = raise_alert(
        "import_missed",
        subject=("imports.importsource", "1"),
        message="The source nightly was to bring an export by 03:00.",
        now=timezone.now(),
    )
    path = {
        act: reverse(f"admin:atlas_alert_{act}", args=[number])
        for act in ("acknowledge", "resolve")
    }
    return SimpleNamespace(alert=Alert.objects.get(pk=number), path=path, client_of=client_of)


def post(client, path, **values):
    return client.post(path, {"_form_submitted": "True", **values})


def state(world):
    return Alert.objects.get(pk=world.alert.pk).state


def test_the_list_shows_what_happened_and_the_page_says_what_to_do(world):
    client = world.client_of("viewer")
    shown = client.get(reverse("admin:atlas_alert_changelist")).content.decode()
    assert "by 03:00" in shown
    page = client.get(reverse("admin:atlas_alert_change", args=[world.alert.pk])).content.decode()
    assert world.alert.remedy.split("`")[0] in page
    assert world.path["resolve"] not in page


def test_opening_a_dialog_changes_nothing(world):
    answer = world.client_of("trader").get(world.path["resolve"])
    assert 'role="dialog"' in answer.content.decode()
    assert state(world) == "OPEN"


def test_an_alert_is_taken_on_and_ended_by_posts_with_a_reason(world):
    client = world.client_of("analyst")
    assert post(client, world.path["acknowledge"]).status_code == 200
    assert state(world) == "OPEN"
    assert post(client, world.path["acknowledge"], reason="I ask them").status_code == 302
    assert state(world) == "ACKNOWLEDGED"
    assert post(client, world.path["resolve"], reason="it came").status_code == 302
    assert state(world) == "RESOLVED"
    acts = AuditEvent.objects.filter(subject_type="atlas.alert").values_list("actor", "action")
    assert set(acts) == {
        ("analyst-person", "alert.acknowledge"),
        ("analyst-person", "alert.resolve"),
    }


@pytest.mark.parametrize("act", ["acknowledge", "resolve"])
def test_a_viewer_may_not_act(world, act):
    answer = post(world.client_of("viewer"), world.path[act], reason="please")
    assert answer.status_code in {302, 403}
    assert state(world) == "OPEN"


def test_who_comes_second_is_told_so(world):
    resolve(world.alert, reason="done", actor=Actor.system("first"), now=timezone.now())
    answer = post(world.client_of("risk"), world.path["resolve"], reason="me too")
    (said,) = map(str, get_messages(answer.wsgi_request))
    assert "cannot go from RESOLVED to RESOLVED" in said


def test_the_page_shows_what_was_told_to_whom_and_what_comes_next(world):
    notice = AlertNotice.objects.create(
        alert=world.alert,
        number=1,
        occasion="NEW",
        severity="WARNING",
        count=1,
        title="[atlas] WARNING: it did not come",
        body="late",
        waiting_since=timezone.now(),
        made_at=timezone.now(),
    )
    AlertDelivery.objects.create(notice=notice, channel="ops", state="SENT", sent_at=timezone.now())
    AlertDelivery.objects.create(
        notice=notice,
        channel="phone",
        attempts=2,
        next_attempt_at=timezone.now(),
        error="it answered 503",
    )
    client = world.client_of("viewer")
    page = client.get(reverse("admin:atlas_alert_change", args=[world.alert.pk])).content.decode()
    assert "ops" in page
    assert "2 attempt(s), next " in page
    assert "it answered 503" in page
    listed = client.get(reverse("admin:atlas_alertdelivery_changelist") + "?channel=phone")
    assert "it answered 503" in listed.content.decode()
