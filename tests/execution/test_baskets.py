"""A rule for several markets: on paper it trades them all, on one vault it is refused."""

from datetime import datetime
from decimal import Decimal

import pytest

from atlas.domain.errors import InvalidInput
from atlas.domain.states import CycleState
from atlas.domain.stopped_clock import StoppedClock
from execution.mandates import mandate_of
from execution.marketdata.replay import ReplayMarketData
from execution.models import CycleRun, Deployment, Position, Signal
from execution.replay import redecide
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves
from tests.factories import VaultFactory

pytestmark = pytest.mark.django_db

ETH, BTC = recording(waves(), market="ETH/USD"), recording(waves()[::-1], market="BTC/USD")


def basket(rule: str = "basket_rebalance") -> Deployment:
    shares = {"volatility_bars": 5, "rebalance_bars": 4, "weights": "inverse_volatility"}
    made: Deployment = make_deployment(
        rule=rule,
        parameters=shares if rule == "basket_rebalance" else {},
        markets=["BTC/USD", "ETH/USD"],
        limits={
            "max_order_notional_usd": Decimal(20_000),
            "max_position_notional_usd": Decimal(20_000),
            "max_leverage_ratio": Decimal(3),
        },
    )
    for market in made.markets:
        open_switches(market=market)
    return made


def cycle_at(deployment: Deployment, at: datetime) -> CycleRun:
    feed = ReplayMarketData.of([ETH, BTC], StoppedClock(at))
    done: CycleRun = run(deployment, ETH, at, market_data=feed)
    return done


def test_a_basket_trades_each_of_its_markets_on_paper_in_one_cycle():
    cycle = cycle_at(basket(), slot(3))
    assert cycle.state == CycleState.COMPLETED, cycle.message
    wanted = dict(Signal.objects.values_list("market", "target_exposure_ratio"))
    assert set(wanted) == {"BTC/USD", "ETH/USD"}
    assert Decimal("0.9999") < sum(wanted.values()) <= 1
    assert {one.market for one in Position.objects.open()} == {"BTC/USD", "ETH/USD"}


def test_a_basket_decides_the_same_again_from_what_it_stored():
    again = redecide(cycle_at(basket(), slot(3)))
    assert len(again) == 2
    assert all(one.agrees for one in again)


def test_two_markets_on_one_vault_are_refused_with_the_way_out():
    deployment = basket()
    deployment.vault = VaultFactory.create()
    with pytest.raises(InvalidInput, match="one GMX vault may hold one"):
        mandate_of(deployment)


def test_a_basket_of_one_market_is_refused():
    deployment = basket()
    deployment.markets = ["ETH/USD"]
    with pytest.raises(InvalidInput, match="at least two markets"):
        mandate_of(deployment)


def test_a_rule_that_lacks_its_funding_rates_is_skipped_and_says_so():
    cycle = cycle_at(basket(rule="funding_carry"), slot(3))
    assert (cycle.state, cycle.reason) == (CycleState.SKIPPED, "missing_context")
    assert "Funding rates until" in cycle.message
