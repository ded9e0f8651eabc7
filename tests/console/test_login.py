"""Getting in: password, second factor, the limits of a session, and what is noted of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from atlas import second_factor, sessions
from atlas.audit import Actor
from atlas.models import Alert, AuditEvent, OneTimeDevice
from atlas.roles import ensure_roles
from tests.console.devices import code_at, give_device
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "a-password-of-a-test-7"
INDEX, LOGIN = "/admin/", "/admin/login/"
CODE, ENROL, MINE = "/admin/second-factor/", "/admin/enrol/", "/admin/my-access/"


@pytest.fixture
def ann():
    ensure_roles()
    user = UserFactory.create(username="ann")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def strict(settings):
    settings.ATLAS_REQUIRE_SECOND_FACTOR = True


def log_in(*, name="ann", password=PASSWORD, next_page=INDEX):
    client = Client(REMOTE_ADDR="10.1.2.3")
    answer = client.post(LOGIN, {"username": name, "password": password, "next": next_page})
    return client, answer


def actions():
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_password_alone_lets_nobody_in_where_a_device_is_required(ann, strict):
    client, _ = log_in()
    for path in (INDEX, reverse("admin:atlas_auditevent_changelist"), MINE):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith(ENROL)
    assert client.post(reverse("admin:halt"), {"state": "HALTED"})["Location"].startswith(ENROL)


def test_who_owes_the_second_factor_is_a_stranger_to_the_api(ann, strict):
    client, _ = log_in()
    answer = client.get("/api/v1/deployments/")
    assert answer.wsgi_request.user.is_anonymous
    device = give_device(ann)
    client.post(CODE, {"code": code_at(device, timezone.now())})
    assert client.get("/api/v1/deployments/").wsgi_request.user == ann


def test_after_the_first_login_a_device_is_set_up_and_then_asked_for(ann, strict):
    client, _ = log_in()
    page = client.get(ENROL).content.decode()
    assert "<svg" in page
    assert "http" not in page.partition('class="ak-qr"')[2].replace("http://www.w3.org", "")
    device = OneTimeDevice.objects.get()
    assert second_factor.device_secret(device) in page.replace(" ", "")
    answer = client.post(ENROL, {"code": code_at(device, timezone.now())})
    codes = answer.content.decode()
    assert answer.status_code == 200
    assert codes.count("<li>") == 10
    assert answer["Cache-Control"].find("no-store") >= 0
    assert client.get(INDEX).status_code == 200
    again, answer = log_in()
    assert again.get(INDEX)["Location"].startswith(CODE)
    assert actions().count("second_factor.enrol") == 1


def test_the_code_leads_to_the_page_that_was_wanted_and_nowhere_else(ann, strict):
    device = give_device(ann)
    now = timezone.now()
    client, _ = log_in()
    answer = client.post(CODE, {"code": code_at(device, now), "next": "/admin/my-access/?a=1"})
    assert answer["Location"] == "/admin/my-access/?a=1"
    client, _ = log_in()
    wanted = {"code": code_at(device, now + timedelta(seconds=30)), "next": "https://elsewhere.org"}
    assert client.post(CODE, wanted)["Location"] == INDEX


def test_a_code_that_let_in_lets_nobody_in_again(ann, strict):
    code = code_at(give_device(ann), timezone.now())
    first, second = log_in()[0], log_in()[0]
    assert first.post(CODE, {"code": code}).status_code == 302
    answer = second.post(CODE, {"code": code})
    assert answer.status_code == 409
    assert "used before" in answer.content.decode()
    assert second.get(INDEX).status_code == 302


def test_the_session_gets_another_key_when_the_factor_was_shown(ann, strict):
    device = give_device(ann)
    client, _ = log_in()
    before = client.cookies["sessionid"].value
    client.post(CODE, {"code": code_at(device, timezone.now())})
    assert client.cookies["sessionid"].value != before
    thief = Client()
    thief.cookies["sessionid"] = before
    assert thief.get(INDEX)["Location"].startswith(LOGIN)


def test_a_recovery_code_lets_in_where_it_is_said_to_be_one(ann, strict):
    give_device(ann)
    (code, *_) = second_factor.renew_recovery_codes(
        ann, actor=Actor("ann", ann), now=timezone.now()
    )
    client, _ = log_in()
    assert client.post(CODE, {"code": code}).status_code == 409
    assert client.post(CODE, {"code": code, "kind": "recovery"}).status_code == 302
    assert client.get(INDEX).status_code == 200


def test_guessing_is_noted_and_alerted(ann, strict, monkeypatch):
    give_device(ann)
    monkeypatch.setattr(second_factor, "FREE_FAILURES", 100)
    client, _ = log_in()
    for _ in range(5):
        assert client.post(CODE, {"code": "000000"}).status_code == 409
    assert actions().count("second_factor.wrong") == 5
    alert = Alert.objects.get()
    assert (alert.rule, alert.severity) == ("second_factor_guessed", "CRITICAL")


def test_where_none_is_required_the_console_says_so_and_a_device_is_asked_for_all_the_same(ann):
    client, _ = log_in()
    assert "by a password alone" in client.get(INDEX).content.decode()
    give_device(ann)
    client, _ = log_in()
    assert client.get(INDEX)["Location"].startswith(CODE)


def test_strangers_see_neither_page(db):
    for path in (CODE, ENROL, MINE):
        assert Client().get(path)["Location"].startswith(LOGIN)


def test_login_refusal_and_logout_are_noted_with_address(ann):
    log_in(password="wrong")
    log_in(name="a-password-typed-here")
    client, _ = log_in()
    client.post(reverse("admin:logout"))
    rows = AuditEvent.objects.order_by("pk")
    assert [row.action for row in rows] == [
        "session.refused",
        "session.refused",
        "session.login",
        "session.logout",
    ]
    assert {row.address for row in rows} == {"10.1.2.3"}
    assert rows[0].after == {"name": "ann"}
    assert rows[1].after == {"name": "no such account"}
    assert "a-password-typed-here" not in repr(list(rows.values()))


def test_ones_own_new_password_is_noted_and_ends_the_other_sessions(ann):
    here, there = log_in()[0], log_in()[0]
    new = "another-password-of-a-test-8"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post(reverse("admin:password_change"), fields).status_code == 302
    assert here.get(INDEX).status_code == 200
    assert there.get(INDEX)["Location"].startswith(LOGIN)
    assert actions().count("user.change_own_password") == 1
    assert new not in repr(list(AuditEvent.objects.values()))


def test_one_click_ends_the_other_sessions_and_keeps_this_one(ann):
    here, there = log_in()[0], log_in()[0]
    assert here.get(MINE).status_code == 200
    assert here.post(MINE, {"act": "end_sessions"}).status_code == 302
    assert here.get(INDEX).status_code == 200
    assert there.get(INDEX)["Location"].startswith(LOGIN)
    assert there.get(INDEX)["Location"].startswith(LOGIN)
    assert actions().count("session.end_all") == 1


def test_a_word_that_is_no_act_does_nothing(ann):
    client, _ = log_in()
    assert client.post(MINE, {"act": "become_admin"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "ago", "words"),
    [
        (sessions.SEEN, timedelta(minutes=61), "nothing for a while"),
        (sessions.BEGAN, timedelta(hours=12, seconds=5), "long enough"),
    ],
)
def test_a_session_ends_when_idle_and_after_its_lifetime(ann, name, ago, words):
    client, _ = log_in()
    _age(client, name, ago)
    assert client.get(INDEX)["Location"].startswith(LOGIN)
    assert words in client.get(LOGIN).content.decode()
    event = AuditEvent.objects.get(action="session.end")
    assert words in event.reason


def test_a_session_in_use_lives_on(ann):
    client, _ = log_in()
    _age(client, sessions.SEEN, timedelta(minutes=59))
    assert client.get(INDEX).status_code == 200
    _age(client, sessions.BEGAN, timedelta(minutes=30))
    assert client.get(INDEX).status_code == 200


def _age(client, name, ago):
    session = client.session
    session[name] = int((timezone.now() - ago).timestamp())
    session.save()


def test_new_recovery_codes_take_a_fresh_code_of_the_device(ann, strict):
    device, now = give_device(ann), timezone.now()
    client, _ = log_in()
    client.post(CODE, {"code": code_at(device, now)})
    refused = client.post(MINE, {"act": "new_codes", "code": code_at(device, now)}, follow=True)
    assert "used before" in refused.content.decode()
    fresh = code_at(device, now + timedelta(seconds=30))
    answer = client.post(MINE, {"act": "new_codes", "code": fresh})
    assert answer.content.decode().count("<li>") == 10
