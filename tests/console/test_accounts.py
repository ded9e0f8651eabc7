"""Accounts and schedules: edited by those who may, never upwards, always with an audit row."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from atlas.models import AuditEvent
from atlas.schedules import ensure_schedules

pytestmark = pytest.mark.django_db


def change_path(user):
    return reverse("admin:auth_user_change", args=[user.pk])


def form_of(user, **changes):
    """Give what the browser would send for an account, with changes."""
    return {
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        **changes,
    }


@pytest.fixture
def somebody(client_of):
    client_of("viewer", name="sam")
    return User.objects.get(username="sam")


def test_an_admin_gives_a_role_and_that_is_audited(client_of, somebody):
    trader = Group.objects.get(name="trader")
    answer = client_of("admin").post(change_path(somebody), form_of(somebody, groups=[trader.pk]))
    assert answer.status_code == 302
    assert somebody.has_perm("atlas.halt_trading") is True
    event = AuditEvent.objects.get(action="user.change")
    assert event.actor == "admin-person"
    assert event.after is not None
    assert event.after["roles"] == ["trader"]


def test_an_admin_cannot_make_anybody_a_superuser_or_give_single_rights(client_of, somebody):
    client = client_of("admin")
    text = client.get(change_path(somebody)).content.decode()
    assert 'name="is_superuser"' not in text
    assert 'name="user_permissions"' not in text
    client.post(
        change_path(somebody), form_of(somebody, is_superuser="on", user_permissions=["1", "2"])
    )
    somebody.refresh_from_db()
    assert not somebody.is_superuser
    assert not somebody.user_permissions.exists()


def test_nobody_gives_himself_a_role(client_of):
    client = client_of("admin")
    me = User.objects.get(username="admin-person")
    risk = Group.objects.get(name="risk")
    answer = client.post(change_path(me), form_of(me, groups=[risk.pk], first_name="Ada"))
    assert answer.status_code == 302
    me.refresh_from_db()
    assert me.first_name == "Ada"
    assert list(me.groups.values_list("name", flat=True)) == ["admin"]


def test_an_admin_touches_no_superuser(client_of):
    client_of("superuser", name="top")
    top = User.objects.get(username="top")
    client = client_of("admin")
    assert client.post(change_path(top), form_of(top)).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[top.pk])
    assert client.get(password).status_code == 403
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 403


def test_a_new_password_is_audited_and_not_written_down(client_of, somebody):
    word = "correct-horse-battery-7"
    path = reverse("admin:auth_user_password_change", args=[somebody.pk])
    answer = client_of("admin").post(path, {"password1": word, "password2": word})
    assert answer.status_code == 302
    event = AuditEvent.objects.get(action="user.change", subject_id=str(somebody.pk))
    assert word not in repr((event.before, event.after, event.reason))


def test_accounts_are_never_deleted(client_of, somebody):
    path = reverse("admin:auth_user_delete", args=[somebody.pk])
    assert client_of("superuser").post(path, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=somebody.pk).exists()


def bulk(client, action, row):
    return client.post(
        reverse("admin:django_celery_beat_periodictask_changelist"),
        {"action": action, "_selected_action": [str(row.pk)]},
    )


@pytest.fixture
def schedule():
    ensure_schedules(now=timezone.now())
    return PeriodicTask.objects.get(name="execution-dispatch-due-cycles")


def test_a_reader_of_schedules_cannot_switch_them_off(client_of, schedule):
    for role in ("viewer", "trader", "risk"):
        bulk(client_of(role), "disable_tasks", schedule)
    schedule.refresh_from_db()
    assert schedule.enabled


def test_an_admin_switches_a_schedule_off_and_that_is_audited(client_of, schedule):
    bulk(client_of("admin"), "disable_tasks", schedule)
    schedule.refresh_from_db()
    assert not schedule.enabled
    event = AuditEvent.objects.get(action="periodictask.disable_tasks")
    assert (event.actor, event.subject_id) == ("admin-person", str(schedule.pk))


def test_the_form_of_a_schedule_opens_with_the_tasks_that_workers_know(client_of, schedule):
    path = reverse("admin:django_celery_beat_periodictask_change", args=[schedule.pk])
    text = client_of("admin").get(path).content.decode()
    assert 'value="execution.tasks.run_cycle"' in text
    assert 'name="_save"' in text
