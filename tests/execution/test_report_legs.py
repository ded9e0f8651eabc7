"""The bridge of a paper account: flows, PnL and four costs lead from one NAV to another, exactly."""

from decimal import Decimal

import pytest
from django.db import connection

from atlas.domain.bridge import Leg
from execution import accounts, feeds
from execution.models import EquityPoint, Fill
from execution.report_legs import VERSION, bridges_of
from tests.execution.world import (
    ACTOR,
    HOUR,
    WALL,
    make_deployment,
    make_strategy,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db

PRICES = recording(waves())
REPORT = "/api/v1/strategies/trend/report/"


@pytest.fixture
def deployment():
    """Trade at three slots; the trend turns in between, so that positions are opened and closed."""
    made = make_deployment()
    open_switches()
    for index in (0, 9, 25):
        run(made, PRICES, slot(index))
    return made


def legs_of(told):
    return {step.leg: step.amount_usd for step in told.bridge.steps}


def test_the_whole_life_of_an_account_begins_with_its_deposit_and_closes_exactly(deployment):
    (told,) = bridges_of(deployment.strategy_id, None, None)
    last = EquityPoint.objects.latest("as_of_at")
    legs = legs_of(told)
    assert told.account == deployment.paper_account.key
    assert (told.evidence, told.is_simulated) == ("paper", True)
    assert told.bridge.opening_nav_usd == 0
    assert legs[Leg.FLOWS] == Decimal(10_000)
    assert told.bridge.closing_nav_usd == last.equity_usd
    assert told.closing_at == last.as_of_at
    assert told.bridge.residual_usd == 0
    assert told.bridge.is_complete
    assert legs[Leg.MANAGER_FEES] == 0


def test_the_costs_are_those_of_the_fills(deployment):
    (told,) = bridges_of(deployment.strategy_id, None, None)
    fills = list(Fill.objects.all())
    legs = legs_of(told)
    assert len(fills) >= 3
    assert legs[Leg.POSITION_FEES] == -sum(fill.position_fee_usd for fill in fills) < 0
    assert legs[Leg.GAS_AND_KEEPER_FEES] == -sum(fill.execution_fee_usd for fill in fills) < 0
    last = EquityPoint.objects.latest("as_of_at")
    assert legs[Leg.FUNDING] == -last.funding_usd != 0
    assert legs[Leg.BORROWING] == -last.borrowing_usd < 0
    assert legs[Leg.PRICE_IMPACT] == sum(fill.price_impact_usd for fill in fills) != 0
    assert sum(legs.values()) == told.bridge.closing_nav_usd


def test_a_part_of_its_life_leads_from_point_to_point(deployment):
    first, second, third = EquityPoint.objects.order_by("as_of_at")
    (told,) = bridges_of(deployment.strategy_id, first.as_of_at + HOUR, third.as_of_at)
    assert (told.opening_at, told.closing_at) == (first.as_of_at, second.as_of_at)
    assert told.bridge.opening_nav_usd == first.equity_usd
    assert told.bridge.closing_nav_usd == second.equity_usd
    assert legs_of(told)[Leg.FLOWS] == 0
    assert told.bridge.residual_usd == 0
    assert bridges_of(deployment.strategy_id, third.as_of_at + HOUR, None) == []


def test_money_that_comes_in_is_a_flow_and_never_pnl(deployment, monkeypatch):
    from execution.marketdata.replay import ReplayMarketData

    monkeypatch.setitem(
        feeds.PROVIDERS, "replay", lambda _, clock: ReplayMarketData.of([PRICES], clock)
    )
    second = EquityPoint.objects.latest("as_of_at")
    accounts.record_flow(
        deployment=deployment, amount_usd=Decimal(500), reason="more", actor=ACTOR, now=WALL
    )
    run(deployment, PRICES, slot(26))
    (told,) = bridges_of(deployment.strategy_id, second.as_of_at + HOUR, None)
    assert legs_of(told)[Leg.FLOWS] == Decimal(500)
    assert told.bridge.residual_usd == 0


def test_price_impact_is_told_apart_from_the_pnl_that_holds_it(deployment):
    fill = Fill.objects.order_by("pk").last()
    (before,) = bridges_of(deployment.strategy_id, None, None)
    values = {
        field.attname: getattr(fill, field.attname)
        for field in Fill._meta.concrete_fields
        if field.attname not in {"id", "execution_id", "price_impact_usd"}
    }
    Fill.objects.create(**values, execution_id="another", price_impact_usd=Decimal("1.25"))
    (told,) = bridges_of(deployment.strategy_id, None, None)
    legs, earlier = legs_of(told), legs_of(before)
    assert legs[Leg.PRICE_IMPACT] == earlier[Leg.PRICE_IMPACT] + Decimal("1.25")
    assert legs[Leg.TRADING_PNL] == earlier[Leg.TRADING_PNL] - Decimal("1.25")
    assert told.bridge.residual_usd == 0


def test_an_account_that_owes_more_than_it_holds_has_no_bridge(deployment):
    last = EquityPoint.objects.latest("as_of_at")
    values = {
        field.attname: getattr(last, field.attname) for field in EquityPoint._meta.concrete_fields
    }
    values |= {"as_of_at": last.as_of_at + HOUR, "equity_usd": Decimal(-5)}
    EquityPoint.objects.create(**{**values, "positions_usd": Decimal(-5) - last.cash_usd})
    assert bridges_of(deployment.strategy_id, None, None) == []


def version_of(strategy):
    """Read the version as every cached read of a report does."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ({VERSION}) FROM strategies_strategy AS s WHERE s.id = %s", [strategy.pk]
        )
        return cursor.fetchone()[0]


def test_the_version_changes_with_every_new_point_and_with_nothing_else(deployment):
    before = version_of(deployment.strategy)
    assert version_of(deployment.strategy) == before
    assert version_of(make_strategy("other")) is None
    run(deployment, PRICES, slot(26))
    assert version_of(deployment.strategy) != before


def test_more_accounts_cost_no_more_queries(deployment, django_assert_num_queries):
    with django_assert_num_queries(1):
        bridges_of(deployment.strategy_id, None, None)
    other = make_deployment(feed="second-feed")
    run(other, PRICES, slot(3))
    with django_assert_num_queries(1):
        assert len(bridges_of(deployment.strategy_id, None, None)) == 2


def test_the_report_shows_the_account_as_what_it_is(client, deployment):
    report = client.get(REPORT).json()
    (told,) = report["bridges"]
    assert (told["of"], told["account"]) == ("account", deployment.paper_account.key)
    assert told["label"] == "simulated"
    assert told["label_text"].startswith("Simulated")
    assert told["residual_usd"] == "0"
    assert [step["leg"] for step in told["steps"]] == [leg.value for leg in Leg]
    assert report["source"] is None
    assert client.get(REPORT, {"source": "live"}).json()["bridges"] == []
    assert len(client.get(REPORT, {"source": "paper"}).json()["bridges"]) == 1


def test_a_cycle_changes_the_report_although_no_import_ran(client, deployment):
    before = client.get(REPORT)
    run(deployment, PRICES, slot(26))
    after = client.get(REPORT)
    assert before["ETag"] != after["ETag"]
    assert after.json()["bridges"][0]["closing_at"] > before.json()["bridges"][0]["closing_at"]
