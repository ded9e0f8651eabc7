"""Cycles: what one does, what it refuses to do, and that what is done is not done twice."""

from datetime import timedelta
from decimal import Decimal

import pytest

from atlas import switches
from atlas.domain.clock import WallClock
from atlas.domain.errors import Bug
from atlas.domain.states import CycleState, OrderState, SwitchState, TradeState
from atlas.models import AuditEvent
from execution import gate, limit_changes
from execution.folding import refold
from execution.marketdata.replay import ReplayMarketData
from execution.models import (
    CycleRun,
    Deployment,
    EquityPoint,
    Fill,
    Order,
    PaperAccount,
    Position,
    Signal,
    Trade,
)
from onchain import permits
from strategies.rules.ema_cross import EmaCross
from tests.execution.world import (
    ACTOR,
    HOUR,
    LIMITS,
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db

MARKET = recording(waves())
FLIP = slot(9)


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def halt(scope=switches.GLOBAL_SCOPE, state=SwitchState.HALTED):
    switches.tighten(scope=scope, state=state, reason="a drill", actor=ACTOR, now=WALL)


def ended(cycle):
    return cycle.state, cycle.reason


def test_a_cycle_brings_the_account_to_where_the_rule_wants_it(deployment):
    cycle = run(deployment, MARKET, slot(0))
    assert ended(cycle) == (CycleState.COMPLETED, "traded"), cycle.message
    order = Order.objects.get()
    assert (order.state, order.kind, order.is_long) == (OrderState.FILLED, "INCREASE", True)
    assert order.final_at is not None
    assert Fill.objects.get().order == order
    assert Position.objects.open().get().size_usd == order.size_delta_usd == Decimal(10_000)
    assert Trade.objects.get().state == TradeState.DONE
    assert Signal.objects.get().direction == "LONG"


def test_every_step_leaves_its_audit_row(deployment):
    cycle = run(deployment, MARKET, slot(0))
    told = AuditEvent.objects.filter(subject_type="execution.cyclerun", subject_id=str(cycle.pk))
    assert list(told.order_by("pk").values_list("action", flat=True)) == [
        "cycle.claim",
        "cycle.snapshot",
        "cycle.signal",
        "cycle.plan",
        "cycle.submit",
        "cycle.settle",
        "cycle.snapshot",
        "cycle.equity",
        "cycle.end",
    ]
    orders = AuditEvent.objects.filter(subject_type="execution.order")
    assert list(orders.order_by("pk").values_list("action", flat=True)) == [
        "order.authorise",
        "order.fill",
    ]


def test_a_second_delivery_of_a_slot_does_nothing(deployment):
    run(deployment, MARKET, slot(0))
    events = AuditEvent.objects.count()
    assert run(deployment, MARKET, slot(0)) is None
    assert (CycleRun.objects.count(), Fill.objects.count()) == (1, 1)
    assert AuditEvent.objects.count() == events


def test_while_nothing_changes_nothing_is_ordered(deployment):
    run(deployment, MARKET, slot(0))
    cycle = run(deployment, MARKET, slot(1))
    assert ended(cycle) == (CycleState.SKIPPED, "nothing_to_do")
    assert Order.objects.count() == 1
    assert EquityPoint.objects.count() == 2


def test_a_flip_is_a_close_and_an_opening_in_that_order(deployment):
    run(deployment, MARKET, slot(0))
    cycle = run(deployment, MARKET, FLIP)
    orders = list(cycle.orders.order_by("round_number"))
    assert [(one.kind, one.is_long, one.state) for one in orders] == [
        ("REDUCE", True, "FILLED"),
        ("INCREASE", False, "FILLED"),
    ]
    assert orders[0].fills.get().pk < orders[1].fills.get().pk
    (held,) = Position.objects.open()
    assert held.is_long is False
    assert cycle.trades.get().state == TradeState.DONE


def test_the_ledger_is_the_fold_of_its_fills(deployment):
    for index in range(0, 40, 3):
        run(deployment, MARKET, slot(index))
    account = deployment.paper_account
    account.refresh_from_db()
    folded = refold(account)
    assert folded.cash_usd == account.cash_usd
    rows = {(row.market, row.is_long): row.record for row in Position.objects.all()}
    assert rows == {tuple(key): record for key, record in folded.records.items()}
    last = EquityPoint.objects.latest("as_of_at")
    assert last.equity_usd == last.flows_usd + last.realised_usd + last.unrealised_usd - (
        last.funding_usd + last.borrowing_usd + last.position_fee_usd + last.execution_fee_usd
    )


def test_simulated_time_is_said_everywhere(deployment):
    cycle = run(deployment, MARKET, slot(0))
    assert cycle.simulated_time
    assert EquityPoint.objects.get().simulated_time
    assert Fill.objects.get().simulated_time


def test_a_halt_stops_the_next_cycle_and_the_account_is_still_valued(deployment):
    run(deployment, MARKET, slot(0))
    halt()
    cycle = run(deployment, MARKET, FLIP)
    assert ended(cycle) == (CycleState.SKIPPED, "halted")
    assert "a drill" in cycle.message
    assert Order.objects.count() == 1
    assert EquityPoint.objects.filter(as_of_at=FLIP).exists()


def test_a_restore_lets_the_cycle_after_it_trade_again(deployment):
    halt()
    run(deployment, MARKET, slot(0))
    open_switches()
    assert ended(run(deployment, MARKET, slot(1))) == (CycleState.COMPLETED, "traded")


def test_a_halt_between_look_and_gate_is_the_gates_to_say(deployment, monkeypatch):
    decide = EmaCross.decide

    def decide_and_halt(*arguments):
        signal = decide(*arguments)
        halt()
        return signal

    monkeypatch.setattr(EmaCross, "decide", decide_and_halt)
    cycle = run(deployment, MARKET, slot(0))
    assert ended(cycle) == (CycleState.SKIPPED, "halted")
    assert Order.objects.get().state == OrderState.DENIED
    assert Trade.objects.get().state == TradeState.ABANDONED
    assert not Fill.objects.exists()


def test_reducing_lets_a_flip_close_and_not_open(deployment):
    run(deployment, MARKET, slot(0))
    halt(state=SwitchState.REDUCING)
    cycle = run(deployment, MARKET, FLIP)
    states = list(cycle.orders.order_by("round_number").values_list("kind", "state"))
    assert states == [("REDUCE", "FILLED"), ("INCREASE", "DENIED")]
    assert cycle.state == CycleState.COMPLETED
    assert cycle.trades.get().state == TradeState.PARTIAL
    assert not Position.objects.open().exists()


def test_an_order_above_the_limit_is_denied_and_the_cycle_says_why(deployment):
    limit_changes.change_limits(
        deployment=deployment,
        limits={**LIMITS, "max_order_notional_usd": "500"},
        reason="small steps",
        actor=ACTOR,
        now=WALL,
    )
    cycle = run(deployment, MARKET, slot(0))
    assert ended(cycle) == (CycleState.SKIPPED, "denied")
    assert "10000 USD, allowed 500 USD" in cycle.message
    assert not Fill.objects.exists()


def test_a_hole_in_the_data_skips_the_cycle_with_its_dates(deployment):
    holed = recording(waves(), without={10, 11})
    cycle = run(deployment, holed, slot(0))
    assert ended(cycle) == (CycleState.SKIPPED, "gap")
    assert "2024-01-01 10:00 to 2024-01-01 11:00" in cycle.message
    assert cycle.detail["missing"] == 2
    assert not Signal.objects.exists()
    assert not EquityPoint.objects.exists()


def test_a_recording_that_is_over_or_has_not_begun_skips_the_cycle(deployment):
    assert ended(run(deployment, MARKET, slot(200)))[1] == "recording_ended"
    assert ended(run(deployment, MARKET, slot(-5)))[1] == "warm_up"


def test_a_market_that_is_not_recorded_skips_the_cycle(deployment):
    other = recording(waves(), market="SOL/USD")
    assert ended(run(deployment, other, slot(0))) == (CycleState.SKIPPED, "unknown_market")


def test_parameters_that_no_rule_takes_skip_the_cycle_and_name_the_problem(deployment):
    Deployment.objects.update(parameters={"fast_bars": 9, "slow_bars": 3})
    deployment.refresh_from_db()
    cycle = run(deployment, MARKET, slot(0))
    assert ended(cycle) == (CycleState.SKIPPED, "invalid_parameters")
    assert "fast_bars must be below slow_bars" in cycle.message


def test_an_unknown_rule_skips_the_cycle(deployment):
    Deployment.objects.update(rule="crystal_ball")
    deployment.refresh_from_db()
    assert ended(run(deployment, MARKET, slot(0))) == (CycleState.SKIPPED, "unknown_rule")


def test_a_bug_ends_the_cycle_errored_and_is_raised(deployment, monkeypatch):
    monkeypatch.setattr(EmaCross, "decide", lambda *_: int("no number"))
    with pytest.raises(ValueError, match="no number"):
        run(deployment, MARKET, slot(0))
    cycle = CycleRun.objects.get()
    assert ended(cycle) == (CycleState.ERRORED, "bug")
    assert cycle.message == "This is a bug of Atlas: ValueError."


def test_a_promise_of_our_own_that_breaks_is_a_bug_too(deployment, monkeypatch):
    def broken(*_):
        raise Bug("the rule contradicts itself")

    monkeypatch.setattr(EmaCross, "decide", broken)
    with pytest.raises(Bug):
        run(deployment, MARKET, slot(0))
    assert "the rule contradicts itself" in CycleRun.objects.get().message


def test_the_venues_refusal_fails_the_cycle_with_the_venues_word(deployment):
    told = Deployment.objects.get()
    told.paper_account.slippage_bps = 500  # the venue takes more than the gate was told
    cycle = run(told, MARKET, slot(0))
    assert ended(cycle) == (CycleState.FAILED, "venue_refused")
    order = Order.objects.get()
    assert (order.state, order.cancel_name) == (OrderState.CANCELED, "price_not_acceptable")
    assert Trade.objects.get().state == TradeState.ABANDONED


def test_what_the_venue_is_sure_to_refuse_is_denied_at_the_gate(deployment):
    PaperAccount.objects.update(slippage_bps=500)
    cycle = run(Deployment.objects.get(), MARKET, slot(0))
    assert ended(cycle) == (CycleState.SKIPPED, "denied")
    refusal = Order.objects.get().decision.refusal
    assert refusal == "admits_execution slippage"


def test_a_permit_that_runs_out_costs_a_round_and_not_the_trade(deployment, monkeypatch):
    first = {"INCREASE": timedelta(microseconds=1)}
    monkeypatch.setattr(gate, "PERMIT_LIFETIME", first)
    real = permits.issue

    def issue_and_recover(**values):
        permit = real(**values)
        first.clear()
        return permit

    monkeypatch.setattr(permits, "issue", issue_and_recover)
    cycle = run(deployment, MARKET, slot(0))
    orders = list(cycle.orders.order_by("round_number"))
    assert [(one.state, one.cancel_name) for one in orders] == [
        ("CANCELED", "expired"),
        ("FILLED", ""),
    ]
    assert orders[0].permit.state == "EXPIRED"
    assert ended(cycle) == (CycleState.COMPLETED, "traded")


def test_a_slot_that_is_over_is_not_begun_on_the_worlds_time(deployment):
    at = slot(0)
    late = WallClock(lambda: at + HOUR)
    cycle = run(deployment, MARKET, at, clock=late, market_data=ReplayMarketData.of([MARKET], late))
    assert ended(cycle) == (CycleState.SKIPPED, "late")


def test_a_live_deployment_is_refused_with_every_missing_key(deployment):
    from onchain.models import Vault

    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    Deployment.objects.update(mode="LIVE", vault=vault, feed_clock=None)
    live = Deployment.objects.detailed().get()
    cycle = run(live, MARKET, slot(0))
    assert ended(cycle) == (CycleState.SKIPPED, "live_refused")
    assert len(cycle.detail["missing"]) >= 5
    assert "no venue for real money" in cycle.message
    assert not Order.objects.exists()
