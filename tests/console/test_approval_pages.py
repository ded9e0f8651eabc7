"""Approvals in the console: the list, the exact change, the code with each answer, taking back."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from atlas import second_factor
from atlas.audit import Actor
from atlas.domain.states import SwitchState
from atlas.models import ApprovalRequest, AuditEvent, OneTimeDevice, TradingState
from atlas.restoring import restore_or_ask
from tests.console.devices import code_at, give_device

pytestmark = pytest.mark.django_db

LIST = reverse("admin:atlas_approvalrequest_changelist")
ASK_LIVE = reverse("admin:ask", args=["live.start"])
LIVE = {
    "deployment": "7",
    "vault": "eip155:42161:0x01",
    "limits_version": "3",
    "signer": "0x02",
    "reason": "rehearsed on paper for a month",
}


@pytest.fixture
def people(client_of):
    """Two people who decide, one who trades: (browser, device) by name."""
    found = {}
    for name, role in (("ann", "risk"), ("ben", "risk"), ("tim", "trader")):
        client = client_of(role, name=name)
        found[name] = client, give_device(User.objects.get(username=name))
        session = client.session
        session["atlas_second_factor_at"] = 1
        session.save()
    return found


@pytest.fixture
def asked(people):
    client, device = people["tim"]
    answer = client.post(ASK_LIVE, {**LIVE, "code": code_at(device, timezone.now())})
    assert answer.status_code == 302
    return ApprovalRequest.objects.get()


def decide(people, name, asked, *, decision="approve", code=""):
    client, device = people[name]
    fields = {"decision": decision, "reason": "seen"}
    typed = code or code_at(device, timezone.now())
    path = reverse("admin:decide", args=[asked.pk])
    answer = client.post(path, {**fields, "code": typed}, REMOTE_ADDR="10.9.8.7")
    asked.refresh_from_db()
    return answer


def test_live_trading_is_asked_for_by_one_and_approved_by_another(people, asked):
    assert (asked.requester.username, asked.requested_by_code) == ("tim", True)
    assert decide(people, "ann", asked).status_code == 302
    assert (asked.state, asked.approver.username, asked.decided_by_code) == (
        "APPROVED",
        "ann",
        True,
    )
    event = AuditEvent.objects.get(action="approval.approved")
    assert (event.actor, event.address, event.reason) == ("ann", "10.9.8.7", "seen")
    assert event.request_id


def test_a_code_is_for_one_act_only(people, asked):
    code = code_at(people["ann"][1], timezone.now())
    second = ApprovalRequest.objects.create(
        kind="live.start",
        subject_type="deployment",
        subject_id="8",
        change={"deployment": "8"},
        change_hash="0x1",
        reason="r",
        requester=asked.requester,
        requested_at=timezone.now(),
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    assert decide(people, "ann", asked, code=code).status_code == 302
    answer = decide(people, "ann", second, code=code)
    assert answer.status_code == 409
    assert "used before" in answer.content.decode()
    assert second.state == "PENDING"
    assert AuditEvent.objects.filter(action="second_factor.wrong", actor="ann").exists()


def test_an_old_code_decides_nothing(people, asked):
    _, device = people["ann"]
    old = code_at(device, timezone.now() - timedelta(minutes=5))
    assert decide(people, "ann", asked, code=old).status_code == 409
    assert asked.state == "PENDING"


@pytest.mark.parametrize("required", [True, False])
def test_without_a_device_nothing_grave_is_done_and_the_remedy_is_named(
    people, asked, settings, required
):
    settings.ATLAS_REQUIRE_SECOND_FACTOR = required
    ann = User.objects.get(username="ann")
    second_factor.forget_device(ann, reason="x", actor=Actor.system("t"), now=timezone.now())
    answer = decide(people, "ann", asked, code="123456")
    assert answer.status_code == 409
    assert "My access" in answer.content.decode()
    assert asked.state == "PENDING"


def test_a_request_without_a_code_is_not_written(people):
    client, _ = people["tim"]
    assert client.post(ASK_LIVE, LIVE).status_code == 409
    assert not ApprovalRequest.objects.exists()


def test_who_asked_cannot_answer(people):
    client, device = people["ann"]
    client.post(ASK_LIVE, {**LIVE, "code": code_at(device, timezone.now())})
    asked = ApprovalRequest.objects.get()
    later = code_at(device, timezone.now() + timedelta(seconds=30))
    answer = decide(people, "ann", asked, code=later)
    assert answer.status_code == 409
    assert "another person" in answer.content.decode()
    assert asked.state == "PENDING"


def test_who_may_not_decide_is_refused_before_a_code_is_spent(people, asked):
    _, device = people["tim"]
    before = OneTimeDevice.objects.get(pk=device.pk).last_step
    assert decide(people, "tim", asked).status_code == 403
    assert OneTimeDevice.objects.get(pk=device.pk).last_step == before


def test_an_answer_without_a_reason_spends_no_code(people, asked):
    client, device = people["ann"]
    code = code_at(device, timezone.now())
    path = reverse("admin:decide", args=[asked.pk])
    assert client.post(path, {"decision": "approve", "code": code}).status_code == 400
    assert decide(people, "ann", asked, code=code).status_code == 302


def test_the_page_shows_the_change_before_and_after(people, everything_is_live):
    row = TradingState.objects.get(scope="GLOBAL")
    client, device = people["ann"]
    restore = {"state": "ACTIVE", "reason": "fine again", "word": "RESTORE"}
    path = reverse("admin:restore_scope", args=[row.pk])
    assert client.post(path, restore).status_code == 409
    client.post(path, {**restore, "code": code_at(device, timezone.now())})
    asked = ApprovalRequest.objects.get()
    table = client.get(reverse("admin:decide", args=[asked.pk])).content.decode()
    table = table.partition('id="ak-change"')[2].partition("</table>")[0]
    assert "<td>HALTED</td>" in table
    assert "<strong>ACTIVE</strong>" in table


def test_a_switch_that_changed_since_voids_the_request(people, everything_is_live):
    row = TradingState.objects.get(scope="GLOBAL")
    ann = User.objects.get(username="ann")
    ann.is_superuser = True
    asked = restore_or_ask(
        row=row,
        state=SwitchState.ACTIVE,
        reason="fine",
        actor=Actor("ann", ann),
        now=timezone.now(),
    )
    assert isinstance(asked, ApprovalRequest)
    TradingState.objects.filter(pk=row.pk).update(epoch=row.epoch + 1)
    page = people["ben"][0].get(reverse("admin:decide", args=[asked.pk])).content.decode()
    assert "This is void: The switch changed since" in page
    assert 'value="approve"' not in page
    answer = decide(people, "ben", asked)
    assert answer.status_code == 409
    assert (asked.state, asked.approver) == ("VOID", None)


def test_a_request_that_ran_out_is_shown_as_expired_before_it_is_swept(people, asked, monkeypatch):
    late = asked.expires_at + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: late)
    client = people["ann"][0]
    session = client.session
    session["atlas_seen_at"] = session["atlas_began_at"] = int(late.timestamp())
    session.save()
    page = client.get(reverse("admin:decide", args=[asked.pk])).content.decode()
    assert "EXPIRED" in page
    assert 'value="approve"' not in page


def test_ones_own_request_is_taken_back_by_oneself_alone(people, asked):
    path = reverse("admin:withdraw", args=[asked.pk])
    people["ann"][0].post(path)
    asked.refresh_from_db()
    assert asked.state == "PENDING"
    assert people["tim"][0].get(path).status_code == 405
    people["tim"][0].post(path)
    asked.refresh_from_db()
    assert (asked.state, asked.void_reason) == ("VOID", "taken back")


def test_the_list_tells_mine_from_what_waits_for_me(people, asked):
    def listed(name, whose):
        text = people[name][0].get(LIST, {"whose": whose}).content.decode()
        return reverse("admin:decide", args=[asked.pk]) in text

    assert [listed("tim", one) for one in ("by-me", "for-me", "decided-by-me")] == [1, 0, 0]
    assert [listed("ann", one) for one in ("by-me", "for-me", "decided-by-me")] == [0, 1, 0]
    decide(people, "ann", asked)
    assert [listed("ann", one) for one in ("by-me", "for-me", "decided-by-me")] == [0, 0, 1]


def test_each_is_offered_what_he_may_ask_for(people, client_of):
    assert ASK_LIVE in people["tim"][0].get(LIST).content.decode()
    assert "Ask a second person" not in client_of("viewer").get(LIST).content.decode()
    assert client_of("viewer").get(ASK_LIVE).status_code == 403
    for unknown in ("coffee.make", "switch.restore"):
        assert people["ann"][0].get(reverse("admin:ask", args=[unknown])).status_code == 404


def test_the_command_lists_and_shows(people, asked):
    out = StringIO()
    call_command("approvals", "list", stdout=out)
    assert f"{asked.pk}  live.start  PENDING  tim" in out.getvalue()
    out = StringIO()
    call_command("approvals", "show", str(asked.pk), stdout=out)
    for words in ("signer", "0x02", asked.change_hash, LIVE["reason"]):
        assert words in out.getvalue()
    out = StringIO()
    call_command("approvals", "list", "--state", "USED", stdout=out)
    assert "No approval" in out.getvalue()
    with pytest.raises(CommandError, match="no request 999999"):
        call_command("approvals", "show", "999999")
