"""Restoring: a typed word, a reason, a right, and a second person where real money trades."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from atlas.models import ApprovalRequest, AuditEvent, TradingState
from atlas.roles import ROLES, ensure_roles

pytestmark = pytest.mark.django_db

RESTORE = {"state": "ACTIVE", "reason": "the feed is back", "word": "RESTORE"}


def globally():
    return TradingState.objects.get(scope="GLOBAL")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_risk_may_restore(client_of, role):
    client = client_of(role)
    answer = client.post(reverse("admin:restore"), RESTORE)
    assert answer.status_code == (302 if role == "risk" else 403)
    assert globally().state == ("ACTIVE" if role == "risk" else "HALTED")
    assert client.get(reverse("admin:restore")).status_code == (200 if role == "risk" else 403)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"word": "restore"}, "in capitals"),
        ({"word": ""}, "required"),
        ({"reason": "   "}, "required"),
        ({"state": "HALTED"}, "not one of the available choices"),
    ],
)
def test_word_reason_and_target_are_checked_on_the_server(client_of, change, words):
    answer = client_of("risk").post(reverse("admin:restore"), {**RESTORE, **change})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert globally().state == "HALTED"


def test_a_switch_can_be_restored_half_way_and_then_whole(client_of):
    client = client_of("risk")
    client.post(reverse("admin:restore"), {**RESTORE, "state": "REDUCING"})
    assert globally().state == "REDUCING"
    client.post(reverse("admin:restore"), RESTORE)
    assert globally().state == "ACTIVE"


def test_what_is_free_cannot_be_restored(client_of):
    client = client_of("risk")
    client.post(reverse("admin:restore"), RESTORE)
    answer = client.post(reverse("admin:restore"), RESTORE)
    assert answer.status_code == 400
    assert AuditEvent.objects.filter(action="switch.active").count() == 1
    assert "nothing to restore" in client.get(reverse("admin:restore")).content.decode()


def ask(client):
    answer = client.post(reverse("admin:restore"), RESTORE)
    assert answer.status_code == 302
    asked = ApprovalRequest.objects.latest("pk")
    assert answer["Location"] == reverse("admin:decide", args=[asked.pk])
    return asked


def answer_with(client, asked, decision):
    return client.post(
        reverse("admin:decide", args=[asked.pk]), {"decision": decision, "reason": "looked at it"}
    )


def test_where_real_money_trades_two_people_restore(client_of, everything_is_live):
    ann, ben = client_of("risk", name="ann"), client_of("risk", name="ben")
    asked = ask(ann)
    assert globally().state == "HALTED"
    assert ann.post(reverse("admin:restore"), RESTORE).status_code == 409
    assert answer_with(ann, asked, "approve").status_code == 409
    assert answer_with(ben, asked, "approve").status_code == 302
    assert globally().state == "HALTED"
    assert "Carry it out" in ann.get(reverse("admin:decide", args=[asked.pk])).content.decode()
    assert ann.post(reverse("admin:restore"), RESTORE).status_code == 302
    assert globally().state == "ACTIVE"
    asked.refresh_from_db()
    assert (asked.state, asked.approver.username) == ("USED", "ben")
    assert globally().changes.latest("pk").approval == asked
    actions = AuditEvent.objects.filter(subject_type="atlas.approvalrequest").order_by("pk")
    assert list(actions.values_list("action", "actor")) == [
        ("approval.request", "ann"),
        ("approval.approved", "ben"),
        ("approval.use", "ann"),
    ]


def test_a_rejected_request_restores_nothing(client_of, everything_is_live):
    ann, ben = client_of("risk", name="ann"), client_of("risk", name="ben")
    asked = ask(ann)
    answer_with(ben, asked, "reject")
    assert ann.post(reverse("admin:restore"), RESTORE).status_code == 302  # asks anew
    assert globally().state == "HALTED"
    assert ApprovalRequest.objects.count() == 2


def test_an_approval_is_void_once_the_switch_moved(client_of, everything_is_live):
    ann, ben = client_of("risk", name="ann"), client_of("risk", name="ben")
    answer_with(ben, ask(ann), "approve")
    TradingState.objects.filter(scope="GLOBAL").update(epoch=globally().epoch + 2)
    ann.post(reverse("admin:restore"), RESTORE)
    assert globally().state == "HALTED"


def test_an_approval_for_half_way_does_not_restore_whole(client_of, everything_is_live):
    ann, ben = client_of("risk", name="ann"), client_of("risk", name="ben")
    ann.post(reverse("admin:restore"), {**RESTORE, "state": "REDUCING"})
    answer_with(ben, ApprovalRequest.objects.latest("pk"), "approve")
    ann.post(reverse("admin:restore"), RESTORE)
    assert globally().state == "HALTED"
    ann.post(reverse("admin:restore"), {**RESTORE, "state": "REDUCING"})
    assert globally().state == "REDUCING"


def test_a_request_that_expired_is_marked_and_cannot_be_approved(client_of, everything_is_live):
    asked = ask(client_of("risk", name="ann"))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        answer = answer_with(client_of("risk", name="ben"), asked, "approve")
    assert answer.status_code == 409
    asked.refresh_from_db()
    assert asked.state == "EXPIRED"


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"risk"}))
def test_others_may_read_a_request_and_not_decide_it(client_of, everything_is_live, role):
    asked = ask(client_of("risk", name="ann"))
    client = client_of(role)
    page = client.get(reverse("admin:decide", args=[asked.pk]))
    assert page.status_code == 200
    assert 'name="decision"' not in page.content.decode()
    assert answer_with(client, asked, "approve").status_code == 403
    asked.refresh_from_db()
    assert asked.state == "PENDING"


def test_a_request_waits_on_the_dashboard_and_in_the_sidebar_of_who_may_decide(
    client_of, everything_is_live
):
    ann, ben = client_of("risk", name="ann"), client_of("risk", name="ben")
    ask(ann)
    own, other = (one.get(reverse("admin:index")).content.decode() for one in (ann, ben))
    assert "<strong>you</strong>" in other
    assert "<strong>you</strong>" not in own
    assert "somebody else" in own


def run(*arguments):
    out = StringIO()
    call_command("restore", *arguments, stdout=out)
    return out.getvalue()


def person(name, role):
    from django.contrib.auth.models import Group

    ensure_roles()
    user = User.objects.create_user(name)
    user.groups.add(Group.objects.get(name=role))
    return user


def test_the_shell_restores_in_the_name_of_somebody_who_may():
    person("ann", "risk")
    assert "GLOBAL *: ACTIVE" in run("--user", "ann", "--reason", "the feed is back")
    event = AuditEvent.objects.get(action="switch.active")
    assert event.actor.startswith("ann (shell of ")
    assert event.actor_user == User.objects.get(username="ann")


def test_the_shell_refuses_who_may_not_and_who_is_not():
    person("tim", "trader")
    for name in ("tim", "nobody"):
        with pytest.raises(CommandError, match="no active account"):
            run("--user", name, "--reason", "x")
    assert globally().state == "HALTED"


def test_the_shell_sends_two_people_to_the_console(everything_is_live):
    person("ann", "risk")
    with pytest.raises(CommandError, match="second person approve"):
        run("--user", "ann", "--reason", "x")
    assert globally().state == "HALTED"


def test_the_shell_frees_no_switch_that_is_not_there():
    person("ann", "risk")
    with pytest.raises(CommandError, match="no switch MARKET"):
        run("--user", "ann", "--reason", "x", "--scope", "MARKET", "--key", "ETHUSD")
    assert not TradingState.objects.filter(scope="MARKET").exists()
