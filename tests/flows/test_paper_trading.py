"""The whole pipeline on the shipped recording: beat's tasks, cycle, gate, venue, ledger, equity."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from atlas import switches
from atlas.domain.states import SwitchState
from atlas.models import AuditEvent
from config.celery import app
from execution import tasks
from execution.folding import refold
from execution.marketdata.replay import open_recording, recordings_in
from execution.models import (
    CycleRun,
    EquityPoint,
    FeedClock,
    Fill,
    GuardrailDecision,
    Order,
    OrderEvent,
    Position,
)
from execution.replay import redecide
from execution.services import create_paper_deployment
from onchain.models import TransactionPermit
from tests.execution.world import ACTOR, LIMITS, make_strategy, open_switches

pytestmark = pytest.mark.django_db(transaction=True)

MARKET = "ETH/USD"
FEED_AT = datetime(2024, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_this_process():
    """Let tasks run where they are sent from; the broker is not what is tested here."""
    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=before[0], task_eager_propagates=before[1])


@pytest.fixture
def deployment():
    """Make a deployment whose feed has just passed one hour and moves no faster than the wall."""
    now = timezone.now()
    feed = FeedClock.objects.create(
        name="flow",
        anchor_wall_at=now - timedelta(seconds=20),
        anchor_feed_at=FEED_AT - timedelta(seconds=10),
        speed=Decimal(1),
        seen_at=now,
    )
    made = create_paper_deployment(
        strategy=make_strategy("trend", parameters={"fast_bars": 12, "slow_bars": 26}),
        markets=[MARKET],
        timeframe="1h",
        cadence_seconds=3600,
        deposit_usd=Decimal(10_000),
        limits=LIMITS,
        actor=ACTOR,
        now=now - timedelta(seconds=20),
        feed_clock=feed,
    )
    open_switches()
    return made


def move_the_feed(hours) -> None:
    """Play the recording on by some hours, without waiting for them."""
    feed = FeedClock.objects.get()
    feed.anchor_feed_at += timedelta(hours=hours)
    feed.save()


def test_what_beat_sends_turns_candles_into_a_position(deployment):
    tasks.dispatch_due_cycles()
    cycle = CycleRun.objects.get()
    assert (cycle.state, cycle.origin, cycle.simulated_time) == ("COMPLETED", "schedule", True)
    assert cycle.scheduled_for == FEED_AT

    path = recordings_in(settings.ATLAS_MARKET_DATA_DIR)[MARKET, _hourly()]
    newest = open_recording(path, market=MARKET).newest(FEED_AT)
    assert newest is not None
    close = newest.close_usd
    signal = cycle.signals.get()
    assert signal.as_of_at == FEED_AT
    assert signal.indicators["close"] == float(close)

    order = Order.objects.get()
    decision = GuardrailDecision.objects.get()
    assert (decision.order, decision.allowed, decision.switch_state) == (order, True, "ACTIVE")
    assert TransactionPermit.objects.get() == order.permit
    assert list(OrderEvent.objects.values_list("after", flat=True)) == [
        "PLANNED",
        "AUTHORISED",
        "SUBMITTED",
        "FILLED",
    ]

    fill = Fill.objects.get()
    worse = Decimal(5) / 10_000  # two bps of half spread and three of slippage, against us
    paid = close * (1 + worse) if order.is_long else close * (1 - worse)
    size, gained = order.size_delta_usd, fill.price_impact_usd
    with_impact = paid * size / (size + gained if order.is_long else size - gained)
    assert gained != 0
    assert abs(fill.price_usd - with_impact) < Decimal("0.000000001")
    bps = 4 if gained > 0 else 6
    fee = (size * bps / 10_000).quantize(Decimal("0.00000001"), ROUND_CEILING)
    assert (fill.position_fee_usd, fill.execution_fee_usd) == (fee, Decimal("0.1989"))

    held = Position.objects.open().get()
    assert (held.size_usd, held.is_long) == (order.size_delta_usd, order.is_long)
    point = EquityPoint.objects.get()
    assert point.equity_usd == point.cash_usd + point.positions_usd
    assert Decimal(9_900) < point.equity_usd < Decimal(10_000)
    (again,) = redecide(cycle)
    assert again.agrees


def _hourly():
    from atlas.domain.candles import Timeframe

    return Timeframe.H1


def test_beat_that_fires_twice_trades_once(deployment):
    tasks.dispatch_due_cycles()
    tasks.dispatch_due_cycles()
    tasks.run_cycle(deployment.pk, FEED_AT.isoformat())
    assert CycleRun.objects.count() == Fill.objects.count() == 1


def test_the_schedule_trades_on_through_a_week_and_the_books_agree(deployment):
    for _ in range(56):
        tasks.dispatch_due_cycles()
        move_the_feed(3)
    assert CycleRun.objects.count() == 56
    assert set(CycleRun.objects.values_list("state", flat=True)) <= {"COMPLETED", "SKIPPED"}
    assert set(CycleRun.objects.exclude(missed_slots=0).values_list("missed_slots", flat=True)) == {
        2
    }
    assert Fill.objects.count() >= 3
    assert EquityPoint.objects.count() == 56
    account = deployment.paper_account
    account.refresh_from_db()
    assert refold(account).cash_usd == account.cash_usd
    assert not Order.objects.filter(final_at__isnull=True).exists()


def test_the_kill_switch_stops_the_next_scheduled_cycle(deployment):
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="a drill",
        actor=ACTOR,
        now=timezone.now(),
    )
    tasks.dispatch_due_cycles()
    cycle = CycleRun.objects.get()
    assert (cycle.state, cycle.reason) == ("SKIPPED", "halted")
    assert not Order.objects.exists()
    assert AuditEvent.objects.filter(action="switch.halted").exists()


def test_a_cycle_whose_worker_vanished_is_swept_and_ends(deployment):
    CycleRun.objects.create(
        deployment=deployment,
        scheduled_for=FEED_AT,
        simulated_time=True,
        origin="schedule",
        lease_until=timezone.now() - timedelta(seconds=1),
        started_at=timezone.now() - timedelta(minutes=1),
    )
    tasks.dispatch_due_cycles()
    assert CycleRun.objects.get().state == "RUNNING"
    tasks.sweep_expired_leases()
    cycle = CycleRun.objects.get()
    assert (cycle.state, cycle.fencing_token) == ("COMPLETED", 2)
