"""The paper venue keeps the contract, and costs what it says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from execution import paper_markets
from execution.marketdata.replay import ReplayMarketData
from execution.models import Deployment, PaperAccount
from execution.venues.base import Executed, Pending
from execution.venues.paper import PaperVenue
from tests.execution.orders import PRICE
from tests.execution.venue_contract import VenueContract
from tests.execution.world import (
    ACTOR,
    MARKET,
    WALL,
    make_deployment,
    open_switches,
    recording,
    slot,
)

pytestmark = pytest.mark.django_db

FLAT_MARKET = recording([PRICE] * 20)


def change_terms(world, **changes):
    """Write a new version of what the market of the tests charges."""
    return paper_markets.change_terms(
        market=MARKET, changes=changes, source="a test", reason="a test", actor=ACTOR, now=WALL
    )


@dataclass
class HandClock:
    """A recording's clock that a test turns by hand."""

    at: datetime
    simulated = True

    def now(self) -> datetime:
        return self.at


@dataclass
class World:
    deployment: Deployment
    venue: PaperVenue
    feed_at: datetime
    clock: HandClock
    keeper: timedelta = timedelta(0)

    def pass_time(self) -> None:
        self.clock.at += self.keeper


def world_of(played=FLAT_MARKET, *, keeper_seconds=0) -> World:
    """Make an account on a recording, whose keeper takes so many seconds."""
    deployment = make_deployment()
    open_switches()
    PaperAccount.objects.update(keeper_delay_seconds=keeper_seconds)
    deployment.paper_account.refresh_from_db()
    clock = HandClock(slot(0))
    venue = PaperVenue(
        paper_account=deployment.paper_account,
        markets=(MARKET,),
        market_data=ReplayMarketData.of([played], clock),
        clock=clock,
    )
    return World(deployment, venue, slot(0), clock, timedelta(seconds=keeper_seconds))


class TestPaperVenueWithASlowKeeper(VenueContract):
    """The contract, where an order waits half a minute for its keeper."""

    @pytest.fixture
    def world(self):
        return world_of(keeper_seconds=30)

    def test_an_order_is_pending_until_its_keeper_comes(self, world):
        order = self.submitted(world)
        assert order.due_at == slot(0) + timedelta(seconds=30)
        world.clock.at += timedelta(seconds=29)
        assert isinstance(world.venue.outcome(order), Pending)
        world.clock.at += timedelta(seconds=1)
        assert isinstance(world.venue.outcome(order), Executed)


class TestPaperVenue(VenueContract):
    """The contract, and what paper adds to it."""

    @pytest.fixture
    def world(self):
        return world_of()

    def test_a_fill_pays_spread_slippage_and_both_fees(self, world):
        PaperAccount.objects.update(half_spread_bps=10, slippage_bps=15)
        change_terms(world, negative_impact_factor=Decimal(0), gas_limit=10_000_000)
        world.venue.paper_account.refresh_from_db()
        order = self.submitted(world)
        outcome = world.venue.outcome(order)
        assert isinstance(outcome, Executed)
        assert outcome.fill.price_usd == Decimal("2005")  # 2,000 and 25 bps
        assert outcome.fill.costs.position_fee_usd == Decimal("0.06")
        assert outcome.fill.costs.execution_fee_usd == Decimal("0.39")
        assert outcome.fill.slippage_usd > 0
        assert outcome.terms == paper_markets.current_terms(MARKET)

    def test_a_market_without_a_price_leaves_the_nav_unknown_where_it_is_held(self, world):
        self.settle(world, self.submitted(world))
        blind = PaperVenue(
            paper_account=world.venue.paper_account,
            markets=("BTC/USD",),
            market_data=ReplayMarketData.of([], world.venue.clock),
            clock=world.venue.clock,
        )
        snapshot = blind.snapshot()
        assert (snapshot.nav_usd, snapshot.quotes) == (None, {})
        assert len(snapshot.positions or ()) == 1
