"""API keys in the console: issued, rotated and revoked by POST, and shown exactly once."""

from types import SimpleNamespace

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.urls import reverse

from atlas.api.access import Scope
from atlas.api_keys import key_of
from atlas.models import ApiKey, AuditEvent
from tests.keys import make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client_of):
    issued = make_key(scopes={Scope.TRADING})
    path = {
        act: reverse(f"admin:atlas_apikey_{act}", args=[issued.row.pk])
        for act in ("rotate", "revoke")
    }
    path["issue"] = reverse("admin:atlas_apikey_issue")
    return SimpleNamespace(issued=issued, path=path, client=client_of("admin"), of=client_of)


def post(client, path, **values):
    return client.post(path, {"_form_submitted": "True", **values})


def word_in(answer):
    text = answer.content.decode()
    start = text.index("<code>atlas_") + len("<code>")
    return text[start : text.index("</code>", start)]


def terms(world, **other):
    return {
        "name": "tear sheets",
        "owner": world.issued.row.owner.pk,
        "scopes": ["catalogue:read"],
        "requests_per_minute": "60",
        "days": "90",
        "reason": "the investor portal needs it",
        **other,
    }


def test_a_key_is_issued_and_shown_in_that_answer_alone(world):
    answer = post(world.client, world.path["issue"], **terms(world))
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    row = key_of(word_in(answer))
    assert row is not None
    assert (row.scopes, row.requests_per_minute) == (["catalogue:read"], 60)
    assert list(get_messages(answer.wsgi_request)) == []
    secret = word_in(answer).partition(".")[2]
    assert not any(secret in str(session.get_decoded()) for session in Session.objects.all())
    for name, arguments in (("changelist", []), ("change", [row.pk])):
        page = world.client.get(reverse(f"admin:atlas_apikey_{name}", args=arguments))
        text = page.content.decode()
        assert row.prefix in text
        assert secret not in text
        assert row.hashed_key not in text
    event = AuditEvent.objects.get(action="api_key.issue", subject_id=str(row.pk))
    assert (event.actor, event.reason) == ("admin-person", "the investor portal needs it")


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"days": "0"}, {"days": "1000"}, {"scopes": ["all"]}, {"reason": ""}]
)
def test_terms_that_are_out_of_range_issue_nothing(world, wrong):
    assert post(world.client, world.path["issue"], **terms(world, **wrong)).status_code == 200
    assert ApiKey.objects.count() == 1


def test_opening_a_dialog_changes_nothing(world):
    for path in world.path.values():
        answer = world.client.get(path)
        assert 'role="dialog"' in answer.content.decode()
    assert ApiKey.objects.filter(revoked=False, replaced_by=None).count() == 1


def test_a_key_is_rotated_and_the_old_one_works_for_the_overlap(world):
    answer = post(world.client, world.path["rotate"], reason="yearly", overlap_days="2")
    fresh = key_of(word_in(answer))
    assert fresh is not None
    assert answer.headers["HX-Retarget"] == "#dialog"
    old = ApiKey.objects.get(pk=world.issued.row.pk)
    assert old.replaced_by == fresh
    assert old.expiry_date <= world.issued.row.expiry_date
    again = post(world.client, world.path["rotate"], reason="twice", overlap_days="2")
    (said,) = map(str, get_messages(again.wsgi_request))
    assert "has a successor already" in said


def test_a_key_is_revoked_with_a_reason_and_only_once(world):
    assert post(world.client, world.path["revoke"]).status_code == 200
    assert not ApiKey.objects.get().revoked
    assert post(world.client, world.path["revoke"], reason="leaked").status_code == 302
    row = ApiKey.objects.get()
    assert (row.revoked, row.revoked_by, row.revocation_reason) == (True, "admin-person", "leaked")
    again = post(world.client, world.path["revoke"], reason="leaked")
    assert "revoked already" in str([str(one) for one in get_messages(again.wsgi_request)])


@pytest.mark.parametrize("role", ["viewer", "analyst", "trader", "risk"])
@pytest.mark.parametrize("act", ["issue", "rotate", "revoke"])
def test_only_the_role_for_accounts_may_act(world, role, act):
    answer = post(world.of(role), world.path[act], **terms(world), overlap_days="1")
    assert answer.status_code in {302, 403}
    assert ApiKey.objects.filter(revoked=False, replaced_by=None).count() == 1
