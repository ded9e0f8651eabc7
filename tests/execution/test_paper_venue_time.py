"""Time at the paper venue: the keeper's delay, what accrues, cancelled orders and liquidations."""

from datetime import timedelta
from decimal import Decimal

import pytest

from atlas.domain.errors import ConflictingState
from atlas.domain.states import OrderState, PermitKind
from execution import gate, paper_books, settlement
from execution.accounts import record_flow
from execution.folding import rebuild, refold
from execution.models import (
    Fill,
    Order,
    PaperAccount,
    PaperCharge,
    PaperMarketTerms,
    Position,
)
from execution.venues.base import Executed, Refused
from tests.execution.orders import planned_order
from tests.execution.test_paper_venue import change_terms, world_of
from tests.execution.world import ACTOR, HOUR, MARKET, WALL, recording, slot

pytestmark = pytest.mark.django_db

FIFTEEN = [Decimal(2000)] * 15  # the bars before slot 0
HOUR_SECONDS = 3600


def submitted(world, **values):
    """Bring an order through the gate to the venue."""
    order = planned_order(world.deployment, **values)
    decision = gate.authorise(
        order,
        snapshot=world.venue.snapshot(),
        feed_at=world.feed_at,
        fencing_token=order.cycle.fencing_token,
        actor=ACTOR,
    )
    assert decision.allowed, decision.reason
    world.venue.submit(order, now=order.permit.issued_at)
    return order


def settled(world, order):
    """Settle an order once its keeper has come."""
    world.pass_time()
    outcome = world.venue.outcome(order)
    return settlement.settle(order, outcome, simulated_time=True, actor=ACTOR, now=WALL)


def opened(played, *, size_usd="1000", collateral_usd="500"):
    """Make an account that holds a long position, bought at 2,000 USD at slot 0."""
    world = world_of(played)
    settled(world, submitted(world, size_usd=size_usd, collateral_usd=collateral_usd))
    return world


def test_an_order_executes_at_the_price_after_the_delay_whenever_it_is_asked_about():
    world = world_of(recording([*FIFTEEN, 2004, 2100, 2100]), keeper_seconds=HOUR_SECONDS)
    order = submitted(world)
    world.clock.at = slot(2)  # an hour after it fell due, when the price is another
    outcome = world.venue.outcome(order)
    assert isinstance(outcome, Executed)
    assert outcome.fill.filled_at == order.due_at == slot(1)
    assert Decimal(2004) < outcome.fill.price_usd < Decimal(2006)


def test_a_price_that_runs_away_while_the_order_waits_cancels_it_and_the_keeper_is_paid():
    world = world_of(recording([*FIFTEEN, 2050, 2050]), keeper_seconds=HOUR_SECONDS)
    before = world.venue.snapshot()
    order = submitted(world)
    settled(world, order)
    assert (order.state, order.cancel_name) == (OrderState.CANCELED, "price_not_acceptable")
    assert "2050" in order.cancel_reason or "2051" in order.cancel_reason
    charge = PaperCharge.objects.get()
    assert (charge.order, charge.at) == (order, slot(1))
    assert charge.amount_usd == Decimal("0.1989")
    after = world.venue.snapshot()
    assert after.cash_usd == after.nav_usd == before.cash_usd - charge.amount_usd
    assert not Fill.objects.exists()
    account = PaperAccount.objects.get()
    assert refold(account).cash_usd == account.cash_usd


def test_an_order_that_was_cancelled_is_charged_once():
    world = world_of(recording([*FIFTEEN, 2050, 2050]), keeper_seconds=HOUR_SECONDS)
    order = submitted(world)
    world.pass_time()
    outcome = world.venue.outcome(order)
    assert isinstance(outcome, Refused)
    twin = Order.objects.get(pk=order.pk)
    settlement.settle(order, outcome, simulated_time=True, actor=ACTOR, now=WALL)
    with pytest.raises(ConflictingState):
        settlement.settle(twin, outcome, simulated_time=True, actor=ACTOR, now=WALL)
    assert PaperCharge.objects.count() == 1


def test_money_that_a_pending_order_holds_cannot_be_taken_out(monkeypatch):
    world = world_of(keeper_seconds=30)
    order = submitted(world, size_usd="9000", collateral_usd="4500")
    monkeypatch.setattr("execution.accounts._venue", lambda *_: world.venue)
    held = paper_books.held_by_pending_usd(world.venue.account)
    assert held == 4500 + Decimal("0.1989")
    free = Decimal(10_000) - held
    for amount, refused in ((free + Decimal("0.01"), True), (free, False)):
        if refused:
            with pytest.raises(ConflictingState, match="backs positions or a pending order"):
                _take_out(world, amount)
        else:
            _take_out(world, amount)
    assert order.state == OrderState.SUBMITTED
    assert settled(world, order) is not None


def _take_out(world, amount):
    record_flow(
        deployment=world.deployment, amount_usd=-amount, reason="a test", actor=ACTOR, now=WALL
    )


def test_time_costs_and_the_next_fill_pays_for_it():
    world = opened(recording([Decimal(2000)] * 60))
    bought = world.venue.snapshot()
    world.clock.at += 24 * HOUR
    later = world.venue.snapshot()
    (held,) = later.positions
    assert held.pending_borrowing_usd > 0
    assert held.pending_funding_usd > 0  # longs lead by default
    assert later.cash_usd == bought.cash_usd
    assert later.nav_usd == bought.nav_usd - held.pending_usd
    world.feed_at = world.clock.at
    close = submitted(
        world,
        at=world.clock.at,
        kind=PermitKind.REDUCE,
        size_usd="1000",
        collateral_usd="-490",
        pre_size_usd="1000",
    )
    fill = settled(world, close)
    assert fill.funding_usd == held.pending_funding_usd
    assert fill.borrowing_usd == held.pending_borrowing_usd
    assert world.venue.snapshot().positions == ()


def test_a_change_of_terms_counts_from_the_next_fill_on():
    world = opened(recording([Decimal(2000)] * 60))
    world.clock.at += 24 * HOUR
    (before,) = world.venue.snapshot().positions
    change_terms(world, borrowing_factor=Decimal("0.000001"))
    (after,) = world.venue.snapshot().positions
    assert before == after
    assert Fill.objects.get().terms == PaperMarketTerms.objects.get(market=MARKET, version=1)


def test_a_price_beyond_the_liquidation_price_ends_the_position_without_an_order():
    world = opened(recording([*FIFTEEN, 2000, 1300, 1300]), size_usd="1000", collateral_usd="250")
    world.clock.at = slot(1)
    assert world.venue.unordered() == ()
    world.clock.at = slot(2)
    (executed,) = world.venue.unordered()
    assert world.venue.unordered() == (executed,)
    cash = PaperAccount.objects.get().cash_usd
    fill = _booked(world, executed)
    assert (fill.cause, fill.order, fill.filled_at) == ("LIQUIDATION", None, slot(2))
    assert fill.uncovered_usd > 100
    assert fill.cash_delta_usd == 0
    after = world.venue.snapshot()
    assert after.positions == ()
    assert after.nav_usd == after.cash_usd == cash
    assert world.venue.unordered() == ()


def _booked(world, executed):
    return settlement.book_unordered(
        world.deployment.paper_account, executed, simulated_time=True, actor=ACTOR, now=WALL
    )


def test_a_liquidation_is_booked_once_and_never_on_another_position():
    world = opened(recording([*FIFTEEN, 1300, 1300]), size_usd="1000", collateral_usd="250")
    world.clock.at = slot(1)
    (executed,) = world.venue.unordered()
    Position.objects.update(size_usd=900)
    assert _booked(world, executed) is None
    Position.objects.update(size_usd=1000)
    assert _booked(world, executed) is not None
    assert _booked(world, executed) is None
    assert Fill.objects.filter(cause="LIQUIDATION").count() == 1


def test_the_books_of_a_liquidated_account_can_be_rebuilt():
    world = opened(recording([*FIFTEEN, 1300, 1300]), size_usd="1000", collateral_usd="250")
    world.clock.at = slot(1)
    (executed,) = world.venue.unordered()
    _booked(world, executed)
    account = PaperAccount.objects.get()
    before = (account.cash_usd, Position.objects.values_list("realised_usd", "size_usd").get())
    PaperAccount.objects.update(cash_usd=0)
    rebuild(account)
    account.refresh_from_db()
    after = (account.cash_usd, Position.objects.values_list("realised_usd", "size_usd").get())
    assert before == after


def test_an_order_for_a_position_that_was_liquidated_meanwhile_is_refused():
    world = opened(recording([*FIFTEEN, 1300, 1300]), size_usd="1000", collateral_usd="250")
    PaperAccount.objects.update(keeper_delay_seconds=HOUR_SECONDS)
    world.venue.paper_account.refresh_from_db()
    close = submitted(
        world,
        at=slot(1),
        signal_at=slot(0),
        kind=PermitKind.REDUCE,
        size_usd="1000",
        collateral_usd="-100",
        pre_size_usd="1000",
    )
    world.clock.at = slot(1)
    (executed,) = world.venue.unordered()
    _booked(world, executed)
    outcome = world.venue.outcome(close)
    assert isinstance(outcome, Refused)
    assert outcome.name == "position_mismatch"


def test_a_fill_that_was_computed_on_an_older_position_is_not_booked():
    world = opened(recording([Decimal(2000)] * 20))
    order = submitted(world, at=slot(1), signal_at=slot(0), pre_size_usd="1000")
    outcome = world.venue.outcome(order)
    Position.objects.update(size_usd=999)
    with pytest.raises(ConflictingState, match="ask the venue again"):
        settlement.settle(order, outcome, simulated_time=True, actor=ACTOR, now=WALL)
    assert Fill.objects.count() == 1


def test_the_market_of_the_tests_is_the_one_that_terms_are_kept_for():
    world = world_of()
    row = change_terms(world, gas_price_gwei=Decimal(1))
    assert (row.market, row.version) == (MARKET, 2)
    assert row.terms.execution_fee_usd == Decimal("19.89")
    assert world.clock.at + timedelta(0) == slot(0)
