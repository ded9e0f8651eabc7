"""Every kind of approval: asked, changed, expired, decided by another person, used once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from atlas import approval_kinds, approvals
from atlas.approval_kinds import KINDS, change_lines, kind_named
from atlas.approvals import (
    change_hash,
    decide_approval,
    request_approval,
    sweep_approvals,
    use_approval,
    withdraw_approval,
)
from atlas.audit import Actor
from atlas.domain.errors import Bug, ConflictingState, IllegalTransition, InvalidInput, NotAllowed
from atlas.models import ApprovalRequest, AuditEvent
from atlas.roles import ROLES
from atlas.step_up import FRESH, Proof
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
CHANGE = {"scope": "here", "limits": {"max_leverage": "3"}, "version": 4}
BEFORE = {"scope": "here", "limits": {"max_leverage": "2"}, "version": 3}
EVERY_KIND = pytest.mark.parametrize("kind", sorted(KINDS))
GRAVE = pytest.mark.parametrize("kind", sorted(one for one in KINDS if KINDS[one].is_grave))


@pytest.fixture
def ann():
    return _person("ann")


@pytest.fixture
def ben():
    return _person("ben")


def _person(name):
    return Actor(
        name, UserFactory.create(username=name, is_superuser=True), "10.0.0.1", f"request-{name}"
    )


def proof_of(actor, *, at=NOW, by_code=True):
    return Proof(actor.user.pk, at, by_code)


def ask(kind, actor, *, now=NOW, **values):
    given = {"subject": ("thing", "1"), "change": CHANGE, "before": BEFORE, "reason": "needed"}
    return request_approval(
        kind=kind,
        requester=actor,
        now=now,
        **{"proof": actor.user and proof_of(actor), **given, **values},
    )


def decide(request, actor, *, approve=True, now=NOW, **values):
    return decide_approval(
        request,
        approve=approve,
        reason="seen",
        approver=actor,
        now=now,
        **{"proof": proof_of(actor, at=now), **values},
    )


def use(request, *, actor, change=CHANGE, now=NOW, kind=""):
    use_approval(request, kind=kind or request.kind, change=change, actor=actor, now=now)


@EVERY_KIND
def test_asked_by_one_approved_by_another_used_once(kind, ann, ben):
    request = ask(kind, ann)
    decide(request, ben)
    use(request, actor=ann)
    stored = ApprovalRequest.objects.get()
    assert (stored.state, stored.used_at, stored.approver) == ("USED", NOW, ben.user)
    assert (stored.requested_by_code, stored.decided_by_code) == (True, True)
    with pytest.raises(NotAllowed, match="used, not approved"):
        use(stored, actor=ann)
    with pytest.raises(NotAllowed, match="used, not approved"):
        use(request, actor=ann)


@EVERY_KIND
def test_each_step_is_noted_with_address_and_request(kind, ann, ben):
    request = ask(kind, ann)
    decide(request, ben)
    use(request, actor=ann)
    rows = AuditEvent.objects.order_by("pk")
    assert [(row.action, row.actor, row.address, row.request_id) for row in rows] == [
        ("approval.request", "ann", "10.0.0.1", "request-ann"),
        ("approval.approved", "ben", "10.0.0.1", "request-ben"),
        ("approval.use", "ann", "10.0.0.1", "request-ann"),
    ]
    for row in rows:
        assert row.before == BEFORE
        assert row.after is not None
        assert row.after["change_hash"] == change_hash(CHANGE)


@EVERY_KIND
def test_a_changed_change_cannot_use_the_approval(kind, ann, ben):
    request = decide(ask(kind, ann), ben)
    other = {**CHANGE, "limits": {"max_leverage": "4"}}
    with pytest.raises(NotAllowed, match="another change"):
        use(request, actor=ann, change=other)
    elsewhere = next(one for one in KINDS if one != kind)
    with pytest.raises(NotAllowed, match="another change"):
        use(request, actor=ann, kind=elsewhere)
    assert ApprovalRequest.objects.get().state == "APPROVED"


@EVERY_KIND
@pytest.mark.parametrize("decided", [False, True])
def test_a_change_that_the_world_overtook_is_void(kind, decided, ann, ben, monkeypatch):
    request = ask(kind, ann)
    if decided:
        decide(request, ben)
    _overtake(kind, monkeypatch)
    assert sweep_approvals(now=NOW) == 1
    stored = ApprovalRequest.objects.get()
    assert (stored.state, stored.void_reason) == ("VOID", "it is another one now")
    with pytest.raises(NotAllowed, match="void, not approved"):
        use(stored, actor=ann)
    assert AuditEvent.objects.filter(
        action="approval.void", reason="it is another one now"
    ).exists()


@EVERY_KIND
def test_nobody_approves_what_the_world_overtook(kind, ann, ben, monkeypatch):
    request = ask(kind, ann)
    _overtake(kind, monkeypatch)
    with pytest.raises(ConflictingState, match="another one now"):
        decide(request, ben)
    assert ApprovalRequest.objects.get().state == "VOID"


def _overtake(kind, monkeypatch):
    looks = {**dict(approval_kinds.staleness), kind: lambda request: "it is another one now"}
    monkeypatch.setattr(approval_kinds.staleness, "_entries", looks)


@pytest.fixture(autouse=True)
def _the_world_stands_still(monkeypatch):
    monkeypatch.setattr(approval_kinds.staleness, "_entries", {})


@EVERY_KIND
def test_an_expired_request_is_neither_decided_nor_used(kind, ann, ben):
    late = NOW + kind_named(kind).lifetime
    waiting, approved = ask(kind, ann), decide(ask(kind, ann), ben)
    with pytest.raises(ConflictingState, match="expired"):
        decide(waiting, ben, now=late)
    with pytest.raises(NotAllowed, match="expired"):
        use(approved, actor=ann, now=late)
    assert approvals.present_state(approved, now=late) == "EXPIRED"
    assert sweep_approvals(now=late) == 1
    assert set(ApprovalRequest.objects.values_list("state", flat=True)) == {"EXPIRED"}


@EVERY_KIND
def test_nobody_approves_his_own_request(kind, ann):
    request = ask(kind, ann)
    with pytest.raises(NotAllowed, match="another person"):
        decide(request, ann)


@EVERY_KIND
def test_the_database_refuses_an_approver_who_asked(kind, ann):
    request = ask(kind, ann)
    with (
        pytest.raises(IntegrityError, match="approval_by_a_second_person"),
        transaction.atomic(),
    ):
        ApprovalRequest.objects.filter(pk=request.pk).update(
            state="APPROVED", approver=ann.user, decided_at=NOW
        )
    with pytest.raises(IntegrityError, match="approval_has_an_approver"), transaction.atomic():
        ApprovalRequest.objects.filter(pk=request.pk).update(state="APPROVED")


@EVERY_KIND
def test_what_was_rejected_or_taken_back_is_never_used(kind, ann, ben):
    rejected = decide(ask(kind, ann), ben, approve=False)
    taken_back = withdraw_approval(decide(ask(kind, ann), ben), reason="", actor=ann, now=NOW)
    for request, word in ((rejected, "rejected"), (taken_back, "void")):
        with pytest.raises(NotAllowed, match=f"{word}, not approved"):
            use(request, actor=ann)
    with pytest.raises(NotAllowed, match="Only who asked"):
        withdraw_approval(ask(kind, ann), reason="", actor=ben, now=NOW)
    with pytest.raises(IllegalTransition):
        decide(rejected, ben)


@GRAVE
def test_grave_changes_take_a_fresh_code_of_both(kind, ann, ben):
    for bad in (None, proof_of(ann, by_code=False)):
        with pytest.raises(NotAllowed, match="My access"):
            ask(kind, ann, proof=bad)
    with pytest.raises(NotAllowed, match="another person"):
        ask(kind, ann, proof=proof_of(ben))
    request = ask(kind, ann)
    with pytest.raises(NotAllowed, match="My access"):
        decide(request, ben, proof=None)
    for at in (NOW - FRESH - timedelta(seconds=1), NOW + timedelta(seconds=1)):
        with pytest.raises(NotAllowed, match="too long ago"):
            decide(request, ben, proof=proof_of(ben, at=at))
    assert decide(request, ben, proof=proof_of(ben, at=NOW - FRESH)).state == "APPROVED"


def test_live_trading_signers_lists_and_adoptions_are_the_grave_kinds():
    grave = {name for name, kind in KINDS.items() if kind.is_grave}
    assert grave == {"live.start", "allow_list.add", "signer.change", "chain_state.adopt"}


@EVERY_KIND
def test_who_lacks_the_right_neither_asks_nor_decides(kind, ann):
    nobody = Actor("nobody", UserFactory.create())
    with pytest.raises(NotAllowed, match=r"lacks the permission"):
        ask(kind, nobody)
    with pytest.raises(NotAllowed, match=r"lacks the permission"):
        decide(ask(kind, ann), nobody)
    with pytest.raises(NotAllowed, match="no person"):
        ask(kind, Actor.system("a task"), proof=None)


@EVERY_KIND
def test_some_role_may_ask_and_some_may_decide(kind):
    wanted = kind_named(kind)
    held = {name for grants in ROLES.values() for name in grants}

    def is_held(permission):
        return permission in held or f"{permission.partition('.')[0]}.*" in held

    assert is_held(wanted.ask)
    assert is_held(wanted.decide)


def test_a_request_needs_a_reason_and_a_known_kind(ann):
    with pytest.raises(InvalidInput, match="reason"):
        ask("live.start", ann, reason=" ")
    with pytest.raises(Bug, match="No kind"):
        ask("coffee.make", ann)


@pytest.mark.parametrize(
    "written",
    [
        {"change": {"scope": "elsewhere"}},
        {"change_hash": "0x" + "0" * 64},
        {"kind": "live.start"},
        {"expires_at": NOW + timedelta(days=9)},
        {"reason": "another"},
    ],
)
def test_nobody_rewrites_what_was_asked_for(ann, written):
    request = ask("switch.restore", ann)
    with pytest.raises(ProgrammingError, match="approval_keeps_its_change"), transaction.atomic():
        ApprovalRequest.objects.filter(pk=request.pk).update(**written)


def test_an_end_is_final_and_nothing_is_deleted(ann, ben):
    request = decide(ask("switch.restore", ann), ben, approve=False)
    with pytest.raises(ProgrammingError, match="approval_end_is_final"), transaction.atomic():
        ApprovalRequest.objects.filter(pk=request.pk).update(state="APPROVED")
    with pytest.raises(ProgrammingError, match="approval_is_never_deleted"), transaction.atomic():
        ApprovalRequest.objects.all().delete()


def test_a_use_waits_for_the_row_and_is_rolled_back_with_its_change(ann, ben):
    request = decide(ask("switch.restore", ann), ben)
    with pytest.raises(RuntimeError):
        _use_and_fail(request, ann)
    assert ApprovalRequest.objects.get().state == "APPROVED"
    with connection.execute_wrapper(_Recorder()) as _:
        use(ApprovalRequest.objects.get(), actor=ann)
    assert any("FOR UPDATE" in sql for sql in _Recorder.seen)


def _use_and_fail(request, actor):
    with transaction.atomic():
        use(request, actor=actor)
        raise RuntimeError("the change failed")


class _Recorder:
    """Keeps the statements that pass."""

    seen: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        self.seen.append(sql)
        return execute(sql, params, many, context)


def test_the_sweeper_leaves_what_is_good(ann, ben):
    ask("switch.restore", ann)
    decide(ask("limits.loosen", ann), ben)
    assert sweep_approvals(now=NOW) == 0
    assert set(ApprovalRequest.objects.values_list("state", flat=True)) == {"PENDING", "APPROVED"}


def test_a_change_is_laid_out_before_and_after():
    lines = change_lines(BEFORE, {**CHANGE, "markets": ["BTC", "ETH"], "note": None})
    assert [(line.name, line.before, line.after, line.differs) for line in lines] == [
        ("scope", "here", "here", False),
        ("limits.max_leverage", "2", "3", True),
        ("version", "3", "4", True),
        ("markets", "-", "BTC, ETH", False),
        ("note", "-", "-", False),
    ]
