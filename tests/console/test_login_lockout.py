"""Wrong passwords close the door for a while; the answers of the house tell browsers to be strict."""

from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from atlas import roles
from atlas.models import Alert, AuditEvent
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LOGIN, INDEX = "/admin/login/", "/admin/"
PASSWORD = "a-password-of-a-test-7"
HOME, ELSEWHERE = "10.1.1.1", "10.2.2.2"


@pytest.fixture(autouse=True)
def ann():
    roles.ensure_roles()
    user = UserFactory.create(username="ann")
    user.set_password(PASSWORD)
    user.save()
    return user


def attempt(password=PASSWORD, *, name="ann", address=HOME):
    fields = {"username": name, "password": password, "next": INDEX}
    return Client(REMOTE_ADDR=address).post(LOGIN, fields)


def test_the_fifth_wrong_password_closes_and_the_right_one_waits_too():
    answers = [attempt("wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    answer = attempt()
    assert answer.status_code == 429
    assert "unlock_login" in answer.content.decode()


def test_a_lock_holds_for_one_account_from_one_address():
    for _ in range(6):
        attempt("wrong")
    UserFactory.create(username="ben")
    assert attempt(address=ELSEWHERE).status_code == 302
    assert attempt("wrong", name="ben").status_code == 200


def test_the_lock_opens_by_itself_after_a_quarter_of_an_hour():
    for _ in range(5):
        attempt("wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert attempt().status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert attempt().status_code == 302


def test_a_right_password_in_time_starts_the_count_anew():
    for _ in range(4):
        attempt("wrong")
    assert attempt().status_code == 302
    assert [attempt("wrong").status_code for _ in range(4)] == [200] * 4


def test_a_lock_out_is_one_audit_row_and_one_alert_that_counts():
    for _ in range(8):
        attempt("wrong")
    alert = Alert.objects.get()
    assert (alert.rule, alert.subject_id, alert.count) == ("login_locked_out", f"ann@{HOME}", 4)
    event = AuditEvent.objects.get(action="session.lock_out")
    assert (event.subject_id, event.address) == (f"ann@{HOME}", HOME)


def test_what_is_kept_of_attempts_holds_no_password():
    attempt("a-password-with-a-typing-error")
    assert "typing-error" not in repr(list(AccessAttempt.objects.values()))


def test_the_lock_is_opened_from_the_shell_with_a_reason():
    for _ in range(5):
        attempt("wrong")
    with pytest.raises(CommandError, match="reason"):
        call_command("unlock_login", "ann", "--reason", " ")
    out = StringIO()
    call_command("unlock_login", "ann", "--reason", "called me", stdout=out)
    assert "1 records" in out.getvalue()
    assert attempt().status_code == 302
    assert AuditEvent.objects.get(action="session.unlock").reason == "called me"


def test_new_rights_end_the_sessions_and_are_noted(client_of, ann):
    session = Client(REMOTE_ADDR=HOME)
    session.post(LOGIN, {"username": "ann", "password": PASSWORD, "next": INDEX})
    assert session.get(INDEX).status_code == 200
    fields = {
        "username": "ann",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "groups": [Group.objects.get(name="risk").pk],
    }
    path = reverse("admin:auth_user_change", args=[ann.pk])
    assert client_of("admin").post(path, fields).status_code == 302
    assert session.get(INDEX)["Location"].startswith(LOGIN)
    event = AuditEvent.objects.get(action="user.change_rights")
    assert event.before == {"roles": []}
    assert event.after == {"roles": ["risk"], "changed": ["groups"]}


def test_a_changed_name_ends_no_session(client_of, ann):
    session = Client()
    session.force_login(ann)
    fields = {
        "username": "ann",
        "first_name": "Ann",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    path = reverse("admin:auth_user_change", args=[ann.pk])
    assert client_of("admin").post(path, fields).status_code == 302
    assert session.get(INDEX).status_code == 200


def test_what_a_role_gained_and_lost_is_noted_once():
    viewer = Group.objects.get(name="viewer")
    stray = Group.objects.get(name="risk").permissions.get(codename="decide_approval")
    viewer.permissions.add(stray)
    call_command("ensure_roles", stdout=StringIO())
    call_command("ensure_roles", stdout=StringIO())
    event = AuditEvent.objects.get(action="role.change")
    assert event.before == {"lost": ["decide_approval"]}
    assert event.after == {"role": "viewer", "gained": []}


def directives(answer):
    policy = answer["Content-Security-Policy"]
    return {part.split()[0]: part.split()[1:] for part in policy.split(";")}


@pytest.mark.parametrize("path", ["/docs", "/api/v1/strategies/", "/livez", LOGIN, "/nothing"])
def test_every_answer_forbids_foreign_scripts_and_frames(client, path):
    answer = client.get(path)
    policy = directives(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert ("'unsafe-eval'" in policy["script-src"]) is path.startswith(INDEX)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_no_page_of_the_console_holds_a_script(client_of):
    client = client_of("superuser")
    pages = [INDEX, reverse("admin:halt"), reverse("admin:atlas_auditevent_changelist"), "/docs"]
    for path in pages:
        for script in client.get(path).content.decode().split("<script")[1:]:
            head, _, body = script.partition(">")
            runs = 'type="application/json"' not in head
            assert not (runs and body.partition("</script>")[0].strip()), path


def test_cookies_of_the_console_are_for_the_server_alone(ann):
    client = Client()
    client.post(LOGIN, {"username": "ann", "password": PASSWORD, "next": INDEX})
    session = client.cookies["sessionid"]
    assert (bool(session["httponly"]), session["samesite"]) == (True, "Lax")
