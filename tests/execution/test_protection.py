"""Protection: who is told of a limit, when a switch tightens, and when an alarm is over."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from atlas import switches
from atlas.domain.guardrails import Outcome, Verdict
from atlas.domain.measures import Breach
from atlas.domain.states import PermitKind, SwitchState
from atlas.models import Alert, TradingStateChange
from execution import gate, limit_changes, protection
from execution.high_water import best_of_day_usd, raise_mark
from execution.limit_alerts import NEAR, REACHED, TIGHTENED
from execution.models import EquityPoint, HighWater
from tests.execution.orders import planned_order, snapshot_of
from tests.execution.world import (
    ACTOR,
    HOUR,
    WALL,
    make_deployment,
    open_switches,
    slot,
)

pytestmark = pytest.mark.django_db
STRATEGY = ("STRATEGY", "trend")


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def verdict(rule, used, outcome=Outcome.PASSED):
    breach = None
    if outcome in {Outcome.BREACHED, Outcome.RECORDED}:
        breach = Breach(rule, "2", "1", f"{rule}: 2, allowed 1.")
    return Verdict(rule, outcome, breach, Decimal(used))


def act(deployment, *verdicts):
    protection.act_on(verdicts, deployment, now=WALL)


def open_alerts():
    return sorted(Alert.objects.unresolved().values_list("rule", flat=True))


def ask(order, nav_usd, **values):
    snapshot = replace(snapshot_of(order.deployment, **values), nav_usd=Decimal(nav_usd))
    return gate.authorise(
        order,
        snapshot=snapshot,
        feed_at=slot(0),
        fencing_token=order.cycle.fencing_token,
        actor=ACTOR,
    )


@pytest.mark.parametrize(
    ("used", "expected"), [("0.79", []), ("0.8", [NEAR]), ("0.99", [NEAR]), ("1", [NEAR])]
)
def test_people_are_told_from_four_fifths_on(deployment, used, expected):
    act(deployment, verdict("turnover_per_day", used))
    assert open_alerts() == expected


def test_a_warning_ends_only_once_the_use_has_come_back_by_a_tenth(deployment):
    act(deployment, verdict("turnover_per_day", "0.85"))
    act(deployment, verdict("turnover_per_day", "0.75"))
    assert open_alerts() == [NEAR]
    act(deployment, verdict("turnover_per_day", "0.719"))
    assert open_alerts() == []
    assert "71.9 % of its limit" in Alert.objects.get().resolution


def test_an_alarm_ends_only_once_the_use_has_come_back_by_a_tenth(deployment):
    act(deployment, verdict("gas_per_day", "1.5", Outcome.BREACHED))
    act(deployment, verdict("gas_per_day", "0.95"))
    assert open_alerts() == [NEAR, REACHED]
    act(deployment, verdict("gas_per_day", "0.89"))
    assert open_alerts() == [NEAR]


def test_the_size_of_one_order_is_nobodys_alarm(deployment):
    act(deployment, verdict("max_order_notional", "5", Outcome.BREACHED))
    assert open_alerts() == []


def test_a_counted_limit_denies_and_leaves_the_switch_alone(deployment):
    act(deployment, verdict("orders_per_hour", "2", Outcome.BREACHED))
    assert switches.effective_now([STRATEGY]).state is SwitchState.ACTIVE


@pytest.mark.parametrize("rule", ["drawdown", "daily_loss", "consecutive_failures"])
@pytest.mark.parametrize("outcome", [Outcome.BREACHED, Outcome.RECORDED])
def test_a_broken_limit_on_losses_or_failures_brings_the_switch_to_reducing(
    deployment, rule, outcome
):
    act(deployment, verdict(rule, "1.01", outcome))
    state = switches.effective_now([STRATEGY])
    assert (state.state, state.scope) == (SwitchState.REDUCING, STRATEGY)
    assert TIGHTENED in open_alerts()


def test_fifty_breaches_are_one_change_and_one_alert(deployment):
    before = TradingStateChange.objects.count()
    for _ in range(50):
        act(deployment, verdict("drawdown", "1.5", Outcome.BREACHED))
    assert TradingStateChange.objects.count() == before + 1
    assert Alert.objects.filter(rule=TIGHTENED).count() == 1


def test_what_is_unknown_tightens_nothing(deployment):
    unknown = Verdict("drawdown", Outcome.BREACHED, Breach("drawdown", "?", "?", "unknown"), None)
    act(deployment, unknown)
    assert switches.effective_now([STRATEGY]).state is SwitchState.ACTIVE
    assert open_alerts() == []


def test_nothing_is_ever_loosened(deployment):
    act(deployment, verdict("drawdown", "1.5", Outcome.BREACHED))
    act(deployment, verdict("drawdown", "0"))
    assert switches.effective_now([STRATEGY]).state is SwitchState.REDUCING
    assert TIGHTENED in open_alerts()


def test_a_gate_that_sees_a_broken_drawdown_denies_and_then_tightens(deployment):
    order = planned_order(deployment)
    decision = ask(order, 4_000)  # 60 % below what the shares cost; half of it is the limit
    assert not decision.allowed
    assert {"drawdown", "daily_loss"} <= set(decision.refusal.split())
    assert switches.effective_now([STRATEGY]).state is SwitchState.REDUCING
    close = planned_order(
        deployment, at=slot(1), kind=PermitKind.REDUCE, pre_size_usd="100", collateral_usd="-50"
    )
    assert ask(close, 4_000, held_usd="100").allowed


def test_the_watch_tightens_without_any_order(deployment):
    poor = replace(snapshot_of(deployment), nav_usd=Decimal(4_999))
    protection.watch(deployment, poor, feed_at=slot(0), now=WALL)
    assert switches.effective_now([STRATEGY]).state is SwitchState.REDUCING


def value(deployment, hours, share_value):
    """Write what the account was worth some hours after the first slot."""
    equity = Decimal(share_value) * 10_000
    EquityPoint.objects.create(
        deployment=deployment,
        as_of_at=slot(0) + hours * HOUR,
        simulated_time=True,
        cash_usd=equity,
        positions_usd=0,
        equity_usd=equity,
        flows_usd=10_000,
        shares=10_000,
        share_value_usd=Decimal(share_value),
        realised_usd=0,
        unrealised_usd=0,
        funding_usd=0,
        borrowing_usd=0,
        position_fee_usd=0,
        execution_fee_usd=0,
        recorded_at=WALL,
    )


def mark(deployment):
    return raise_mark(deployment, now=WALL).share_value_usd


def test_a_spike_sets_no_high_water_mark_and_three_values_do(deployment):
    for hours, worth in enumerate(["1", "1.3", "1"]):
        value(deployment, hours, worth)
    assert mark(deployment) == 1
    value(deployment, 3, "1.2")
    value(deployment, 4, "1.25")
    assert mark(deployment) == 1
    value(deployment, 5, "1.22")
    assert mark(deployment) == Decimal("1.2")
    value(deployment, 6, "0.7")
    assert mark(deployment) == Decimal("1.2")


def test_the_mark_comes_out_the_same_however_often_it_is_looked_at(deployment):
    values = ["1", "1.1", "1.2", "1.15", "1.4", "1.3", "1.35", "1.31", "1"]
    for hours, worth in enumerate(values):
        value(deployment, hours, worth)
        often = mark(deployment)
    HighWater.objects.all().delete()
    assert mark(deployment) == often == Decimal("1.3")


def test_a_loss_of_the_day_is_measured_from_its_best_and_not_from_midnight(deployment):
    value(deployment, 0, "1")
    value(deployment, 30, "1.2")
    row = raise_mark(deployment, now=WALL)
    assert best_of_day_usd(row, feed_at=slot(0) + 53 * HOUR) == Decimal("1.2")
    assert best_of_day_usd(row, feed_at=slot(0) + 24 * HOUR) == 1
    later = slot(0) + 55 * HOUR + timedelta(days=3)
    assert best_of_day_usd(row, feed_at=later) == Decimal("1.2")  # the newest that there is


def test_tightening_a_limit_needs_one_person_and_acts_at_the_next_gate(deployment):
    limit_changes.change_limits(
        deployment=deployment,
        limits={"max_drawdown_ratio": "0.01"},
        reason="careful",
        actor=ACTOR,
        now=WALL,
    )
    decision = ask(planned_order(deployment), 9_800)
    assert decision.refusal == "drawdown"
    assert decision.limits.version == 2
