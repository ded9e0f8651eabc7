"""Scenarios of the safety annex that paper reaches and that have no file of their own."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from atlas import switches
from atlas.domain.guardrails import Outcome, Verdict
from atlas.domain.measures import Breach
from atlas.domain.states import CycleState, PermitKind, SwitchState
from atlas.domain.stopped_clock import StoppedClock
from atlas.models import Alert, TradingStateChange
from execution import gate, limit_changes, protection, settlement, stops
from execution.accounts import record_flow
from execution.desk import venue_for
from execution.high_water import raise_mark
from execution.leases import database_now
from execution.limit_alerts import TIGHTENED
from execution.marketdata.replay import ReplayMarketData
from execution.models import CycleRun, Fill, LimitUsage, Order, PaperAccount, Position, Signal
from execution.records import share_value_now
from onchain.models import TransactionPermit
from tests.execution.conftest import _patient_gate  # noqa: F401  # cycles run within one test's transaction
from tests.execution.ledger_dump import dump
from tests.execution.orders import intent_of, make_cycle, order_for
from tests.execution.test_stops import (  # noqa: F401  # a short with a stop, and the feed under it
    PRICES,
    TOUCHED,
    provider,
    short,
    stop_cycle,
    wall,
)
from tests.execution.world import (
    ACTOR,
    MARKET,
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

RECORDING = recording(waves())
TRADING = pytest.mark.django_db
FOR_REAL = pytest.mark.django_db(transaction=True)

HOLDER = """
import sys
import psycopg
with psycopg.connect(sys.argv[1]) as opened:
    opened.execute("SELECT pg_advisory_xact_lock_shared(%s)", [int(sys.argv[2])])
    opened.execute("CREATE TABLE execution_late (id int)")
    print("held", flush=True)
    sys.stdin.readline()
    opened.commit()
    print("committed", flush=True)
"""
# One second is promised; a busy machine may add a half to it.
HARD_BOUND_SECONDS = 1.5


@FOR_REAL
@pytest.mark.deep
def test_2_a_holder_that_is_stopped_delays_a_halt_for_a_second_and_commits_nothing():
    told = connection.get_connection_params()
    wire = " ".join(
        f"{name}='{told[name]}'"
        for name in ("dbname", "user", "password", "host", "port")
        if told.get(name)
    )
    switches.ensure_defaults()
    open_switches()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, wire, str(switches.SWITCH_LOCK_KEY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(19)  # SIGSTOP: nothing of it runs, and nothing of it can be asked
    began = time.monotonic()
    row = switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="a stuck gate",
        actor=ACTOR,
        now=timezone.now(),
    )
    took = time.monotonic() - began
    assert row.state == SwitchState.HALTED
    assert took <= HARD_BOUND_SECONDS
    holder.send_signal(18)  # SIGCONT
    said, failed = holder.communicate("go on\n", timeout=20)
    assert "committed" not in said
    assert "terminat" in failed
    assert "execution_late" not in connection.introspection.table_names()


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def exhaust(deployment) -> None:
    """Use every limit up: counts, turnover, fees, failures; and the account has lost most of it."""
    limit_changes.change_limits(
        deployment=deployment,
        limits={
            "max_order_notional_usd": "1",
            "max_position_notional_usd": "1",
            "max_orders_per_hour": 1,
            "max_orders_per_day": 1,
            "max_cancels_per_hour": 1,
            "max_turnover_per_day_usd": "1",
            "max_gas_per_day_usd": "0.01",
            "max_drawdown_ratio": "0.01",
            "max_daily_loss_ratio": "0.01",
            "max_consecutive_failures": 1,
        },
        reason="a drill",
        actor=ACTOR,
        now=WALL,
    )
    LimitUsage.objects.update(
        orders_in_hour=99, orders_in_day=99, cancels_in_hour=99, turnover_usd=10**9, gas_usd=10**6
    )


@TRADING
@pytest.mark.parametrize("kind", [PermitKind.FLATTEN, PermitKind.STOP, PermitKind.REDUCE])
def test_13_with_every_limit_used_up_an_exit_still_completes(deployment, kind):
    run(deployment, RECORDING, slot(0))
    held = Position.objects.open().get()
    exhaust(deployment)
    clock = StoppedClock(slot(1))
    data = ReplayMarketData.of([RECORDING], clock)
    venue = venue_for(deployment, market_data=data, clock=clock)
    intent = intent_of(
        deployment,
        kind=kind,
        size_usd=str(held.size_usd),
        collateral_usd=str(-held.collateral_usd),
        pre_size_usd=str(held.size_usd),
        signal_at=slot(1),
    ).priced(data.quote(MARKET))
    order = order_for(make_cycle(deployment, at=slot(1)), intent)
    decision = gate.authorise(
        order, snapshot=venue.snapshot(), feed_at=slot(1), fencing_token=1, actor=ACTOR
    )
    recorded = {one["rule"] for one in decision.verdicts if one["outcome"] == "RECORDED"}
    assert decision.allowed, decision.reason
    assert kind == PermitKind.FLATTEN or len(recorded) > 3
    with transaction.atomic():
        venue.submit(order, now=database_now())
        settlement.settle(
            order, venue.outcome(order), simulated_time=True, actor=ACTOR, now=timezone.now()
        )
    assert not Position.objects.open().exists()


@TRADING
@pytest.mark.deep
def test_15_a_stop_that_fires_for_ten_minutes_while_the_keeper_waits_is_one_trade(short):  # noqa: F811
    PaperAccount.objects.filter(deployment=short).update(keeper_delay_seconds=400)
    for seconds in range(0, 600, 5):  # as often as the loop looks
        at = TOUCHED + timedelta(seconds=seconds)
        short.refresh_from_db()
        if stops.touched(now=wall(TOUCHED) + timedelta(seconds=seconds)):
            stop_cycle(short, at)
    exits = Order.objects.filter(kind=PermitKind.STOP, state="FILLED")
    assert exits.count() == Fill.objects.filter(is_increase=False).count() == 1
    assert not Position.objects.open().exists()
    assert Order.objects.filter(kind=PermitKind.STOP, submitted_at__isnull=False).count() == 1


@TRADING
def test_15_the_stop_of_a_position_that_has_flipped_since_hits_nothing(short):  # noqa: F811
    stop_cycle(short)
    run(short, PRICES, slot(39), read=lambda: wall(slot(39)))
    held = Position.objects.open().get()
    assert held.is_long
    level = Signal.objects.filter(stop_usd__isnull=False).earliest("pk").stop_usd
    later = slot(39) + timedelta(seconds=1)
    assert (
        ReplayMarketData.of([PRICES], StoppedClock(later)).quote(MARKET).mark_usd > level
    )  # the old stop would fire now
    again = stop_cycle(short, later)
    assert (again.state, again.reason) == (CycleState.SKIPPED, "nothing_to_do")
    assert Position.objects.open().get().size_usd == held.size_usd


@FOR_REAL
@pytest.mark.deep
def test_21_fifty_breaches_at_once_are_one_change_one_alert_and_no_deadlock():
    made = make_deployment()
    open_switches()
    before = TradingStateChange.objects.count()
    breach = Breach("drawdown", "0.6", "0.5", "Drawdown is 0.6 of 1, allowed is 0.5.")
    verdict = Verdict("drawdown", Outcome.BREACHED, breach, Decimal("1.2"))
    gun, failures = threading.Barrier(50), []

    def act() -> None:
        try:
            gun.wait()
            protection.act_on([verdict], made, now=timezone.now())
        except BaseException as failure:  # noqa: BLE001 - shown by the test
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert TradingStateChange.objects.count() == before + 1
    assert Alert.objects.filter(rule=TIGHTENED).count() == 1


@TRADING
@pytest.mark.parametrize("skew", [timedelta(seconds=90), timedelta(seconds=-90)], ids=str)
def test_22_a_worker_whose_clock_is_wrong_does_the_same_by_the_clock_of_the_database(
    deployment, skew
):
    other = make_deployment(slug="punctual")
    open_switches(slug="punctual")
    for index in (0, 9):
        run(deployment, RECORDING, slot(index), read=lambda: timezone.now() + skew)
        run(other, RECORDING, slot(index), read=timezone.now)
    assert dump(deployment) == dump(other)
    for permit in TransactionPermit.objects.all():
        assert permit.issued_at < permit.expires_at <= database_now() + gate.EXIT_LIFETIME
    for cycle in CycleRun.objects.all():
        assert cycle.lease_until <= database_now() + timedelta(seconds=31)


@TRADING
@pytest.mark.parametrize("skew", [timedelta(seconds=90), timedelta(seconds=-90)], ids=str)
def test_22_an_expired_permit_is_refused_whatever_the_workers_clock_says(
    deployment, skew, monkeypatch
):
    monkeypatch.setattr(gate, "PERMIT_LIFETIME", {"INCREASE": timedelta(microseconds=1)})
    cycle = run(deployment, RECORDING, slot(0), read=lambda: timezone.now() + skew)
    ends = set(cycle.orders.values_list("state", "cancel_name"))
    assert ("CANCELED", "expired") in ends
    assert ends <= {("CANCELED", "expired"), ("DENIED", "")}  # in the end its budget is used up
    assert not Fill.objects.exists()


@TRADING
def test_23_money_that_comes_and_goes_moves_neither_the_mark_nor_the_drawdown(
    deployment, monkeypatch
):
    for index in range(4):
        run(deployment, RECORDING, slot(index))
    monkeypatch.setattr(
        "execution.accounts.feeds.market_data_for",
        lambda _deployment, clock: ReplayMarketData.of([RECORDING], clock),
    )
    monkeypatch.setattr(
        "execution.accounts.feeds.clock_for", lambda _deployment, read: StoppedClock(slot(3))
    )

    def seen() -> tuple[Decimal, Decimal]:
        account = PaperAccount.objects.get(deployment=deployment)
        clock = StoppedClock(slot(3))
        data = ReplayMarketData.of([RECORDING], clock)
        deployment.paper_account.refresh_from_db()
        nav = venue_for(deployment, market_data=data, clock=clock).snapshot().nav_usd
        value = share_value_now(nav, account)
        assert value is not None
        return raise_mark(deployment, now=WALL).share_value_usd, round(value, 12)

    before = seen()
    half = Decimal(5_000)
    for amount in (half, -half):
        record_flow(
            deployment=deployment, amount_usd=amount, reason="a drill", actor=ACTOR, now=WALL
        )
        assert seen() == before
