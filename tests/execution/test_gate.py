"""The gate: who gets out, who does not, and that the answer names every reason."""

from dataclasses import replace
from datetime import timedelta

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError

from atlas import switches
from atlas.domain.digest import intent_digest
from atlas.domain.errors import Bug, IllegalTransition
from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.states import OrderState, PermitKind, SwitchState
from atlas.models import AuditEvent, TradingState
from execution import gate, limit_changes
from execution.leases import was_fenced
from execution.models import CycleRun, GuardrailDecision, GuardrailLimits, Order
from onchain.models import TransactionPermit
from tests.execution.orders import planned_order, snapshot_of
from tests.execution.world import ACTOR, LIMITS, MARKET, WALL, make_deployment, open_switches, slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


@pytest.fixture
def order(deployment):
    return planned_order(deployment)


def ask(order, **values):
    return gate.authorise(
        order,
        **{
            "snapshot": snapshot_of(order.deployment),
            "feed_at": slot(0),
            "fencing_token": order.cycle.fencing_token,
            "actor": ACTOR,
            **values,
        },
    )


def tighten(scope, state):
    switches.tighten(scope=scope, state=state, reason="a drill", actor=ACTOR, now=WALL)


def test_a_sound_order_leaves_with_a_permit_for_exactly_its_intent(order):
    decision = ask(order)
    permit = TransactionPermit.objects.get()
    assert decision.allowed
    assert (order.state, order.permit) == (OrderState.AUTHORISED, permit)
    assert (permit.kind, permit.intent_digest) == ("INCREASE", intent_digest(order.intent))
    assert permit.expires_at - permit.issued_at == timedelta(seconds=20)
    assert list(order.events.values_list("before", "after")) == [("PLANNED", "AUTHORISED")]
    assert AuditEvent.objects.filter(action="order.authorise", subject_id=str(order.pk)).exists()


@pytest.mark.parametrize(
    "scope", [("GLOBAL", ""), ("STRATEGY", "trend"), ("MARKET", MARKET)], ids=lambda one: one[0]
)
def test_a_halt_of_any_scope_over_the_order_denies_it(order, scope):
    tighten(scope, SwitchState.HALTED)
    decision = ask(order)
    assert not decision.allowed
    assert order.state == OrderState.DENIED
    assert order.final_at is not None
    assert "HALTED" in decision.reason
    assert decision.switch_scope == " ".join(scope).strip()
    assert not TransactionPermit.objects.exists()


def test_reducing_denies_an_increase_and_lets_a_reduction_out(deployment):
    tighten(switches.GLOBAL_SCOPE, SwitchState.REDUCING)
    increase = planned_order(deployment, at=slot(0))
    assert not ask(increase).allowed
    reduce = planned_order(
        deployment, at=slot(1), kind=PermitKind.REDUCE, pre_size_usd="100", collateral_usd="-50"
    )
    held = snapshot_of(deployment, held_usd="100")
    assert ask(reduce, snapshot=held, feed_at=slot(1)).allowed


def test_a_switch_row_that_is_missing_denies(order):
    TradingState.objects.filter(scope="MARKET").update(key="BTC/USD")
    decision = ask(order)
    assert not decision.allowed
    assert decision.switch_reason == "this scope has no switch"


@pytest.mark.parametrize(
    ("limit", "value", "rule"),
    [
        ("max_order_notional_usd", "99", "max_order_notional"),
        ("max_position_notional_usd", "99", "max_position_notional"),
        ("max_leverage_ratio", "1.9", "max_leverage"),
        ("allowed_markets", [], "allowed_market"),
    ],
)
def test_each_limit_denies_with_both_numbers(deployment, order, limit, value, rule):
    limit_changes.change_limits(
        deployment=deployment,
        limits={**LIMITS, limit: value},
        reason="tighter",
        actor=ACTOR,
        now=WALL,
    )
    decision = ask(order)
    breached = [one for one in decision.verdicts if one["outcome"] == "BREACHED"]
    assert [one["rule"] for one in breached] == [rule]
    assert breached[0]["measured"] is not None
    assert breached[0]["limit"] is not None
    assert decision.limits.version == 2


def test_a_deployment_without_limits_gets_nothing_that_adds_risk(deployment):
    order = planned_order(deployment)
    with pgtrigger.ignore("execution.GuardrailLimits:guardrail_limits_append_only"):
        GuardrailLimits.objects.all().delete()
    decision = ask(order)
    breached = {one["rule"] for one in decision.verdicts if one["outcome"] == "BREACHED"}
    assert {"max_order_notional", "max_position_notional", "max_leverage"} <= breached
    assert decision.limits is None


def test_every_rule_leaves_its_verdict(order):
    decision = ask(order)
    told = {one["rule"] for one in decision.verdicts}
    concerned = {
        rule.name
        for rule in HOUSE_RULES
        if PermitKind.INCREASE in rule.applies_to | rule.recorded_for
    }
    assert told == concerned


def test_an_old_price_and_an_old_signal_deny(order):
    decision = ask(order, feed_at=slot(0) + timedelta(hours=3))
    breached = {one["rule"] for one in decision.verdicts if one["outcome"] == "BREACHED"}
    assert breached == {"price_freshness", "signal_freshness"}


def test_a_second_working_order_of_the_account_is_denied(deployment, order):
    ask(order)
    second = planned_order(deployment, at=slot(1))
    decision = ask(second, feed_at=slot(1))
    assert not decision.allowed
    breached = [one["rule"] for one in decision.verdicts if one["outcome"] == "BREACHED"]
    assert breached == ["one_working_order"]


def test_the_gate_is_asked_once_an_order(order):
    ask(order)
    with pytest.raises((IllegalTransition, IntegrityError)):
        ask(order)
    assert TransactionPermit.objects.count() == 1


def test_an_order_whose_row_is_not_its_intent_any_more_is_a_bug(order):
    with pgtrigger.ignore("execution.Order:order_intent_frozen"):
        Order.objects.update(size_delta_usd=1)
    with pytest.raises(Bug, match="no longer is the intent"):
        ask(order)
    assert not TransactionPermit.objects.exists()


def test_an_overtaken_worker_gets_no_decision_written(order):
    CycleRun.objects.filter(pk=order.cycle_id).update(fencing_token=2)
    with pytest.raises(DatabaseError) as caught:
        ask(order, fencing_token=1)
    assert was_fenced(caught.value)
    assert not GuardrailDecision.objects.exists()
    assert not TransactionPermit.objects.exists()
    order.refresh_from_db()
    assert order.state == OrderState.PLANNED


def test_the_snapshots_own_word_on_the_switch_does_not_count(order):
    tighten(switches.GLOBAL_SCOPE, SwitchState.HALTED)
    lying = replace(snapshot_of(order.deployment), switch_state=SwitchState.ACTIVE)
    assert not ask(order, snapshot=lying).allowed
