"""The clock of paper accounts: what happens between cycles, and that it keeps out of their way."""

from datetime import timedelta
from itertools import pairwise

import pytest

from atlas.domain.bridge import Leg
from atlas.domain.states import CycleState
from execution import feeds, paper_clock, tasks
from execution.folding import refold
from execution.marketdata.replay import ReplayMarketData
from execution.models import (
    CycleRun,
    EquityPoint,
    FeedClock,
    Fill,
    Order,
    PaperAccount,
    Position,
    Trade,
)
from execution.report_legs import bridges_of
from execution.vocabulary import DeploymentStatus
from tests.execution.world import (
    WALL,
    make_deployment,
    make_feed,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db

RISING = recording(waves())
SPEED = 360


@pytest.fixture
def play(monkeypatch):
    """Let the feed play a recording of the test."""

    def play_(played):
        def provide(_, clock):
            return ReplayMarketData.of([played], clock)

        monkeypatch.setitem(feeds.PROVIDERS, "replay", provide)
        return played

    return play_


def at_wall(feed_at):
    """Give the wall time at which the feed stands at a moment, and say that the house looked."""
    wall = WALL + (feed_at - slot(0)) / SPEED
    FeedClock.objects.update(seen_at=wall)
    return wall


def traded(played, **account):
    """Make an account that bought at slot 0, paused so that no later slot is due."""
    deployment = make_deployment(feed_clock=make_feed())
    PaperAccount.objects.update(**account)
    open_switches()
    deployment.paper_account.refresh_from_db()
    run(deployment, played, slot(0))
    deployment.status = DeploymentStatus.PAUSED.value
    deployment.save(update_fields=["status"])
    return deployment


def test_a_tick_notes_what_time_has_cost(play):
    traded(play(RISING))
    before = EquityPoint.objects.get()
    done = paper_clock.tick(now=at_wall(slot(0) + timedelta(minutes=30)))
    assert (done.valued, done.settled, done.liquidated) == (1, 0, 0)
    point = EquityPoint.objects.latest("as_of_at")
    assert point.as_of_at == slot(0) + timedelta(minutes=30)
    assert (point.on_clock, before.on_clock, point.simulated_time) == (True, False, True)
    assert point.borrowing_usd > before.borrowing_usd
    assert point.funding_usd > before.funding_usd
    spent = point.borrowing_usd + point.funding_usd - before.borrowing_usd - before.funding_usd
    assert point.equity_usd == before.equity_usd - spent  # the price stands still


def test_points_of_the_clock_are_no_closer_than_five_minutes(play):
    traded(play(RISING))
    for minutes in (3, 6, 9, 12):
        paper_clock.tick(now=at_wall(slot(0) + timedelta(minutes=minutes)))
    taken = EquityPoint.objects.filter(on_clock=True).values_list("as_of_at", flat=True)
    assert sorted(one - slot(0) for one in taken) == [timedelta(minutes=6), timedelta(minutes=12)]


def test_an_order_that_its_cycle_left_pending_is_settled_by_the_clock_at_its_own_price(play):
    deployment = traded(play(RISING), keeper_delay_seconds=60)
    cycle = CycleRun.objects.get()
    assert (cycle.state, cycle.reason) == (CycleState.COMPLETED, "pending")
    assert Order.objects.get().final_at is None
    assert not Fill.objects.exists()
    paper_clock.tick(now=at_wall(slot(0) + timedelta(seconds=59)))
    assert not Fill.objects.exists()
    done = paper_clock.tick(now=at_wall(slot(0) + timedelta(minutes=40)))
    assert done.settled == 1
    fill = Fill.objects.get()
    assert fill.filled_at == slot(0) + timedelta(seconds=60)
    assert Order.objects.get().state == "FILLED"
    assert Trade.objects.get().state == "DONE"
    account = PaperAccount.objects.get(deployment=deployment)
    assert refold(account).cash_usd == account.cash_usd


def test_a_pending_order_whose_worker_died_is_settled_by_the_next_cycle(play):
    deployment = traded(play(RISING), keeper_delay_seconds=60)
    run(deployment, RISING, slot(1))
    first = Fill.objects.earliest("pk")
    assert first.filled_at == slot(0) + timedelta(seconds=60)
    assert first.order is not None
    assert first.order.cycle.scheduled_for == slot(0)


def test_the_clock_liquidates_what_the_price_has_ruined(play):
    prices = [2000 + 10 * index for index in range(20)]
    ruined = recording([*prices[:15], *prices[15:17], 900, 900])
    deployment = traded(play(ruined))
    assert Position.objects.open().get().is_long
    done = paper_clock.tick(now=at_wall(slot(3)))
    assert (done.liquidated, done.valued) == (1, 1)
    fill = Fill.objects.get(cause="LIQUIDATION")
    assert fill.uncovered_usd > 0
    assert not Position.objects.open().exists()
    point = EquityPoint.objects.latest("as_of_at")
    assert point.equity_usd == point.cash_usd > 0
    again = paper_clock.tick(now=at_wall(slot(3) + timedelta(minutes=6)))
    assert (again.liquidated, again.valued) == (0, 0)  # nothing is held any more
    (told,) = bridges_of(deployment.strategy_id, None, None)
    assert told.bridge.residual_usd == 0


def test_a_cycle_books_a_liquidation_before_it_decides(play):
    prices = [2000 + 10 * index for index in range(20)]
    ruined = play(recording([*prices[:17], 900, 900]))
    deployment = traded(ruined)
    run(deployment, ruined, slot(3))
    assert Fill.objects.filter(cause="LIQUIDATION").count() == 1


def test_the_clock_keeps_out_of_the_way_of_cycles(play):
    deployment = traded(play(RISING))
    deployment.status = DeploymentStatus.ENABLED.value
    deployment.save(update_fields=["status"])
    due = paper_clock.tick(now=at_wall(slot(1)))
    assert (due.left_alone, due.valued) == (1, 0)
    early = paper_clock.tick(now=at_wall(slot(1) - timedelta(minutes=1)))
    assert (early.left_alone, early.valued) == (0, 1)
    CycleRun.objects.create(
        deployment=deployment,
        scheduled_for=slot(1),
        simulated_time=True,
        origin="schedule",
        lease_until=WALL,
        started_at=WALL,
    )
    running = paper_clock.tick(now=at_wall(slot(1) + timedelta(minutes=1)))
    assert (running.left_alone, running.valued) == (1, 0)


def test_cycles_and_clock_together_leave_a_bridge_that_closes(play):
    deployment = traded(play(RISING))
    for index in range(1, 30):
        paper_clock.tick(now=at_wall(slot(index) - timedelta(minutes=20)))
        run(deployment, RISING, slot(index))
    points = list(EquityPoint.objects.order_by("as_of_at"))
    assert {one.on_clock for one in points} == {True, False}
    borrowing = [one.borrowing_usd for one in points]
    assert borrowing == sorted(borrowing)
    for opening, closing in pairwise(points):
        (told,) = bridges_of(
            deployment.strategy_id,
            opening.as_of_at + timedelta(microseconds=1),
            closing.as_of_at + timedelta(microseconds=1),
        )
        assert told.bridge.residual_usd == 0
    (whole,) = bridges_of(deployment.strategy_id, None, None)
    legs = {step.leg: step.amount_usd for step in whole.bridge.steps}
    assert legs[Leg.BORROWING] == -points[-1].borrowing_usd != 0
    assert whole.bridge.closing_nav_usd == points[-1].equity_usd


def test_a_tick_looks_at_a_bounded_number_of_accounts(play, monkeypatch):
    traded(play(RISING))
    monkeypatch.setattr(paper_clock, "ACCOUNTS_A_TICK", 0)
    assert paper_clock.tick(now=at_wall(slot(0) + timedelta(minutes=30))).valued == 0


def test_an_account_that_cannot_be_read_does_not_stop_the_others(play):
    first = traded(play(RISING))
    second = make_deployment(slug="other", feed_clock=make_feed())
    open_switches(slug="other")
    run(second, RISING, slot(0))
    type(second).objects.exclude(pk=first.pk).update(status=DeploymentStatus.PAUSED.value)
    Position.objects.filter(deployment=first).update(market="NO/USD")
    done = paper_clock.tick(now=at_wall(slot(0) + timedelta(minutes=30)))
    assert done.valued == 1
    assert EquityPoint.objects.filter(on_clock=True).get().deployment == second


def test_the_task_lets_time_pass_until_the_moment_the_house_last_looked(play):
    traded(play(RISING))
    at_wall(slot(0) + timedelta(minutes=30))
    tasks.tick_paper_accounts()
    assert EquityPoint.objects.get(on_clock=True).as_of_at == slot(0) + timedelta(minutes=30)
