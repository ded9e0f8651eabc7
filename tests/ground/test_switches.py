"""Trading switches: who may tighten and loosen, what a missing row means, what is written down."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from atlas import registries, switches
from atlas.approvals import decide_approval, request_approval
from atlas.audit import Actor
from atlas.domain.errors import Bug, ConflictingState, InvalidInput, NotAllowed
from atlas.domain.states import ApprovalState, SwitchScope, SwitchState
from atlas.models import ApprovalRequest, AuditEvent, TradingState, TradingStateChange

pytestmark = pytest.mark.django_db

NOW = timezone.now()
MARKET = (SwitchScope.MARKET.value, "ETH/USD")


@pytest.fixture
def person():
    return Actor(name="ann", user=User.objects.create_user("ann", is_superuser=True))


@pytest.fixture
def second_person():
    return Actor(name="ben", user=User.objects.create_user("ben", is_superuser=True))


@pytest.fixture
def everything_is_live():
    registry = registries.covers_live
    before = dict(registry._entries)
    registry.add("test", lambda scope, key: True)
    yield
    registry._entries = before


def free(scope=switches.GLOBAL_SCOPE, *, person):
    return switches.loosen(
        scope=scope, state=SwitchState.ACTIVE, reason="start", actor=person, now=NOW
    )


def test_a_new_house_is_halted_until_a_person_restores_it(person):
    assert switches.effective_now().state == SwitchState.HALTED
    free(person=person)
    assert switches.effective_now().state == SwitchState.ACTIVE


def test_a_scope_without_a_switch_counts_as_halted(person):
    free(person=person)
    found = switches.effective_now([MARKET])
    assert (found.state, found.scope) == (SwitchState.HALTED, MARKET)
    assert "no switch" in found.reason


def test_the_tightest_scope_wins(person):
    free(person=person)
    free(MARKET, person=person)
    assert switches.effective_now([MARKET]).state == SwitchState.ACTIVE
    switches.tighten(
        scope=MARKET, state=SwitchState.REDUCING, reason="wide spread", actor=person, now=NOW
    )
    found = switches.effective_now([MARKET])
    assert (found.state, found.scope, found.reason) == (
        SwitchState.REDUCING,
        MARKET,
        "wide spread",
    )
    assert switches.effective_now().state == SwitchState.ACTIVE


def test_a_change_raises_the_epoch_and_leaves_a_change_row_and_an_audit_row(person):
    row = free(person=person)
    first = row.epoch
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="drill",
        actor=person,
        now=NOW,
    )
    row.refresh_from_db()
    assert (row.epoch, row.state, row.changed_by) == (first + 1, "HALTED", "ann")
    change = TradingStateChange.objects.latest("pk")
    assert (change.before, change.after, change.reason) == ("ACTIVE", "HALTED", "drill")
    event = AuditEvent.objects.filter(action="switch.halted").latest("pk")
    assert event.before is not None
    assert event.after is not None
    assert (event.actor, event.before["state"], event.after["state"]) == (
        "ann",
        "ACTIVE",
        "HALTED",
    )


def test_tightening_to_what_is_already_as_tight_changes_nothing(person):
    changes = TradingStateChange.objects.count()
    row = switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.REDUCING,
        reason="again",
        actor=person,
        now=NOW,
    )
    assert row.state == "HALTED"
    assert TradingStateChange.objects.count() == changes


def test_loosening_to_a_tighter_state_is_refused(person):
    free(person=person)
    with pytest.raises(ConflictingState, match="loosens nothing"):
        free(person=person)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_change_without_a_reason_is_refused(person, reason):
    with pytest.raises(InvalidInput, match="reason"):
        switches.loosen(
            scope=switches.GLOBAL_SCOPE,
            state=SwitchState.ACTIVE,
            reason=reason,
            actor=person,
            now=NOW,
        )


def test_an_unknown_scope_is_refused_with_the_known_ones(person):
    with pytest.raises(InvalidInput, match="GLOBAL, CHAIN, VAULT, STRATEGY, MARKET"):
        switches.tighten(
            scope=("PLANET", "x"), state=SwitchState.HALTED, reason="r", actor=person, now=NOW
        )


def test_restoring_what_covers_a_live_deployment_needs_a_second_person(
    person, second_person, everything_is_live
):
    with pytest.raises(NotAllowed, match="second person"):
        free(person=person)
    row = TradingState.objects.get(scope="GLOBAL")
    request = request_approval(
        kind="switch.restore",
        subject=("atlas.tradingstate", str(row.pk)),
        change=switches.loosening_change(row, SwitchState.ACTIVE),
        reason="the drill is over",
        requester=person,
        now=NOW,
    )
    with pytest.raises(NotAllowed, match="not approved"):
        restore_with(request, person)
    with pytest.raises(NotAllowed, match="another person"):
        decide_approval(request, approve=True, reason="ok", approver=person, now=NOW)
    decide_approval(request, approve=True, reason="seen", approver=second_person, now=NOW)
    restore_with(request, person)
    request.refresh_from_db()
    assert request.state == ApprovalState.USED
    assert switches.effective_now().state == SwitchState.ACTIVE


def test_an_approval_does_not_fit_a_switch_that_changed_since(
    person, second_person, everything_is_live
):
    row = TradingState.objects.get(scope="GLOBAL")
    request = request_approval(
        kind="switch.restore",
        subject=("atlas.tradingstate", str(row.pk)),
        change=switches.loosening_change(row, SwitchState.ACTIVE),
        reason="go",
        requester=person,
        now=NOW,
    )
    decide_approval(request, approve=True, reason="seen", approver=second_person, now=NOW)
    TradingState.objects.filter(pk=row.pk).update(epoch=row.epoch + 1)
    with pytest.raises(NotAllowed, match="another change"):
        restore_with(request, person)


def test_an_expired_approval_restores_nothing(person, second_person, everything_is_live):
    row = TradingState.objects.get(scope="GLOBAL")
    request = request_approval(
        kind="switch.restore",
        subject=("atlas.tradingstate", str(row.pk)),
        change=switches.loosening_change(row, SwitchState.ACTIVE),
        reason="go",
        requester=person,
        now=NOW - timedelta(hours=1),
    )
    with pytest.raises(ConflictingState, match="expired"):
        decide_approval(request, approve=True, reason="late", approver=second_person, now=NOW)


def test_the_database_itself_refuses_that_one_person_plays_two(person):
    with pytest.raises(IntegrityError, match="approval_by_a_second_person"):
        ApprovalRequest.objects.create(
            kind="switch.restore",
            subject_type="t",
            subject_id="1",
            change={},
            change_hash="0x",
            reason="r",
            requester=person.user,
            approver=person.user,
            requested_at=NOW,
            expires_at=NOW + timedelta(minutes=1),
        )


def restore_with(request, person):
    return switches.loosen(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.ACTIVE,
        reason="the drill is over",
        actor=person,
        now=NOW,
        approval=request,
    )


def test_an_automation_can_neither_ask_nor_decide():
    with pytest.raises(NotAllowed, match="no person"):
        request_approval(
            kind="switch.restore",
            subject=("t", "1"),
            change={},
            reason="r",
            requester=Actor.system("beat"),
            now=NOW,
        )


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_audit_log_cannot_be_edited_or_thinned_out(person, act):
    free(person=person)
    events = AuditEvent.objects.all()
    with (
        pytest.raises(ProgrammingError, match="Cannot update or delete rows from atlas_auditevent"),
        transaction.atomic(),
    ):
        events.update(reason="nothing happened") if act == "update" else events.delete()


@pytest.mark.django_db(transaction=True)
def test_a_decision_under_repeatable_read_is_a_bug_and_not_a_guess():
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation TO 'repeatable read'")
    try:
        with pytest.raises(Bug, match="READ COMMITTED"), switches.shared_lock():
            switches.read_effective([])
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_lock_must_open_the_outermost_transaction():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), switches.shared_lock():
        switches.read_effective([])
