"""Claims, bridges and fees in the report: what is known, what is not, and whose word it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from atlas.domain.bridge import Leg
from atlas.domain.metrics import Basis, FeesTaken, FeeTerms, MetricId, NavSeries
from atlas.registries import FeesOfSeries, FeeSource, report_fees
from strategies.models import ImportedTrade, ReportClaim
from strategies.report.claims import metric_of
from strategies.report.fees import compare_fees
from tests.factories import PerformancePointFactory, StrategyFactory
from tests.strategies.world import LIST, get

pytestmark = pytest.mark.django_db

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CARRY = f"{LIST}funding-carry/report/"


def points(strategy, navs, aums, *, source="backtest"):
    for place, (nav, aum) in enumerate(zip(navs, aums, strict=True)):
        PerformancePointFactory.create(
            strategy=strategy,
            source=source,
            as_of_at=FIRST + place * DAY,
            nav_per_share_usd=Decimal(nav),
            aum_usd=None if aum is None else Decimal(aum),
        )


def trade(strategy, number, *, pnl, closed_on, funding="0", fee="0"):
    return ImportedTrade.objects.create(
        strategy=strategy,
        external_id=str(number),
        market="ETH/USD",
        side="long",
        opened_at=FIRST + timedelta(hours=1),
        closed_at=None if closed_on is None else FIRST + closed_on * DAY + timedelta(hours=2),
        entry_price_usd=Decimal(2000),
        size_usd=Decimal(1000),
        pnl_usd=None if pnl is None else Decimal(pnl),
        funding_usd=Decimal(funding),
        position_fee_usd=Decimal(fee),
        result="win",
    )


def claim(strategy, metric, value=None, *, text="", source="backtest", at=FIRST + 400 * DAY):
    return ReportClaim.objects.create(
        strategy=strategy, source=source, metric=metric, value=value, text=text, claimed_at=at
    )


@pytest.fixture
def rising():
    """A hundred days that rise, with one fall by a tenth."""
    strategy = StrategyFactory.create(slug="rising")
    navs = [str(round(1.001**n * (0.9 if n == 50 else 1.0), 9)) for n in range(100)]
    points(strategy, navs, [None] * 100)
    return strategy


def verdicts(client, **query):
    report = get(client, f"{LIST}rising/report/", **query)
    return {one["claimed_as"]: one for one in report["claims"]}, report["metrics"]


def test_the_claims_of_the_sample_agree_with_our_figures(client, standing):
    report = get(client, CARRY)
    assert {one["claimed_as"]: one["metric"] for one in report["claims"]} == {
        "max_drawdown_ratio": "max_drawdown",
        "total_return_ratio": "total_return",
        "trade_count": "trade_count",
        "win_rate_ratio": "win_rate_trades",
    }
    assert {one["verdict"] for one in report["claims"]} == {"agrees"}
    for one in report["claims"]:
        assert one["ours"] == report["metrics"][one["metric"]]["value"]
        assert one["difference"] == one["claimed_value"] - one["ours"]
        assert abs(one["difference"]) <= one["tolerance"]


def test_a_claim_differs_beyond_half_a_point_or_one_per_cent(client, rising):
    ours = get(client, f"{LIST}rising/report/")["metrics"]["total_return"]["value"]
    claim(rising, "total_return_ratio", ours + 0.006)
    claim(rising, "total_return", ours + 0.004)
    found, _ = verdicts(client)
    assert found["total_return_ratio"]["verdict"] == "differs"
    assert found["total_return_ratio"]["difference"] == pytest.approx(0.006)
    assert found["total_return"]["verdict"] == "agrees"


def test_a_depth_is_negative_however_it_is_written(client, rising):
    depth = get(client, f"{LIST}rising/report/")["metrics"]["max_drawdown"]["value"]
    claim(rising, "max_drawdown", -depth)
    claim(rising, "max_drawdown_ratio", depth)
    found, _ = verdicts(client)
    assert {one["verdict"] for one in found.values()} == {"agrees"}
    assert found["max_drawdown"]["difference"] == 0.0


def test_a_count_has_to_be_the_same(client, rising):
    trade(rising, 1, pnl="5", closed_on=3)
    claim(rising, "trade_count", 2.0)
    found, _ = verdicts(client)
    assert (found["trade_count"]["verdict"], found["trade_count"]["ours"]) == ("differs", 1.0)


def test_a_claim_is_held_against_the_record_as_it_was_on_its_day(client, rising):
    claim(rising, "total_return_ratio", 1.001**40 - 1, at=FIRST + 40 * DAY + timedelta(hours=5))
    found, metrics = verdicts(client)
    one = found["total_return_ratio"]
    assert one["verdict"] == "agrees"
    assert one["ours"] == pytest.approx(1.001**40 - 1, rel=1e-6)
    assert one["ours"] != metrics["total_return"]["value"]


def test_what_a_reader_asks_for_does_not_change_a_verdict(client, rising):
    sharpe = get(client, f"{LIST}rising/report/")["metrics"]["sharpe"]["value"]
    claim(rising, "sharpe", sharpe)
    found, metrics = verdicts(client, rf="0.5")
    assert metrics["sharpe"]["value"] != sharpe
    assert (found["sharpe"]["verdict"], found["sharpe"]["ours"]) == ("agrees", sharpe)


@pytest.mark.parametrize(
    ("metric", "values", "reason"),
    [
        ("alpha_of_the_moon", {"value": 1.0}, "unknown_metric"),
        ("rolling_sharpe", {"value": 1.0}, "unknown_metric"),
        ("cagr", {"text": "very good"}, "no_number"),
        ("beta", {"value": 1.0}, "no_benchmark"),
        ("profit_factor", {"value": 2.0}, "not_reported"),
        ("cagr", {"value": 0.4, "at": FIRST - DAY}, "insufficient_history"),
        ("cagr", {"value": 0.4, "at": FIRST + 20 * DAY}, "insufficient_history"),
    ],
)
def test_what_cannot_be_compared_says_why(client, rising, metric, values, reason):
    claim(rising, metric, **values)
    (one,) = verdicts(client)[0].values()
    assert (one["verdict"], one["reason"], one["ours"]) == ("not_comparable", reason, None)
    assert one["claimed_text"] == values.get("text")


def test_a_part_of_the_record_is_held_against_no_claim(client, rising):
    claim(rising, "cagr", 0.4)
    for query in ({"from": "2024-01-05"}, {"to": "2024-03-01"}):
        (one,) = verdicts(client, **query)[0].values()
        assert (one["verdict"], one["reason"]) == ("not_comparable", "other_window")


def test_claims_about_another_kind_of_evidence_are_left_to_its_own_report(client, rising):
    claim(rising, "cagr", 0.4, source="live")
    assert verdicts(client)[0] == {}
    assert set(verdicts(client, source="live")[0]) == {"cagr"}


def test_names_of_metrics_are_taken_with_and_without_their_suffix():
    names = (
        "cagr",
        "cagr_ratio",
        "win_rate_ratio",
        "win_rate",
        "value_at_risk_95",
        "nonsense_ratio",
    )
    found = [metric_of(name) for name in names]
    assert found == ["cagr", "cagr", "win_rate_trades", "win_rate_trades", "value_at_risk_95", None]


def test_the_bridge_of_a_record_tells_flows_trades_and_what_is_left(client):
    strategy = StrategyFactory.create(slug="told")
    # 1000 grow to 1100, 500 come in; 1600 fall by a tenth to 1440.
    points(strategy, ["1", "1.1", "0.99"], ["1000", "1600", "1440"])
    trade(strategy, 1, pnl="-40", closed_on=2, funding="3", fee="2")
    trade(strategy, 2, pnl="-20", closed_on=1, funding="-1", fee="1")
    trade(strategy, 3, pnl="99", closed_on=0)  # before the opening NAV
    trade(strategy, 4, pnl=None, closed_on=None)  # still open
    (told,) = get(client, f"{LIST}told/report/")["bridges"]
    assert (told["of"], told["account"], told["label"]) == ("record", None, "backtest")
    amounts = {step["leg"]: step["amount_usd"] for step in told["steps"]}
    assert amounts == {
        "flows": "500",
        "trading_pnl": "-55",
        "position_fees": "-3",
        "funding": "-2",
        "borrowing": "0",
        "price_impact": None,
        "gas_and_keeper_fees": "0",
        "manager_fees": None,
    }
    assert told["unknown_legs"] == ["price_impact", "manager_fees"]
    assert (told["opening_nav_usd"], told["closing_nav_usd"]) == ("1000", "1440")
    assert told["residual_usd"] == "0"


def test_a_bridge_adds_up_to_the_last_digit_whatever_it_is_made_of(client, standing):
    (told,) = get(client, CARRY)["bridges"]
    known = [Decimal(step["amount_usd"]) for step in told["steps"] if step["amount_usd"]]
    opening, residual = Decimal(told["opening_nav_usd"]), Decimal(told["residual_usd"])
    assert opening + sum(known) + residual == Decimal(told["closing_nav_usd"])
    assert told["steps"][-1]["after_usd"] == str(Decimal(told["closing_nav_usd"]) - residual)


def test_trades_that_nobody_attributes_are_in_no_bridge(client, standing):
    (told,) = get(client, f"{LIST}eth-ema-trend/report/", source="live")["bridges"]
    amounts = {step["leg"]: step["amount_usd"] for step in told["steps"]}
    assert [leg for leg, amount in amounts.items() if amount is not None] == [Leg.FLOWS]


def test_assets_that_are_not_reported_make_no_bridge_or_no_flows(client):
    for slug, aums, flows in (
        ("open", [None, "5", "6"], None),
        ("shut", ["5", "6", None], None),
        ("hole", ["5", None, "6"], "unknown"),
    ):
        points(StrategyFactory.create(slug=slug), ["1", "2", "3"], aums)
        bridges = get(client, f"{LIST}{slug}/report/")["bridges"]
        assert [one["steps"][0]["amount_usd"] for one in bridges] == ([None] if flows else [])


def test_a_trade_without_its_pnl_leaves_the_pnl_of_the_bridge_unknown(client):
    strategy = StrategyFactory.create(slug="mute")
    points(strategy, ["1", "1", "1"], ["10", "10", "10"])
    trade(strategy, 1, pnl=None, closed_on=1, fee="1")
    (told,) = get(client, f"{LIST}mute/report/")["bridges"]
    amounts = {step["leg"]: step["amount_usd"] for step in told["steps"]}
    assert (amounts["trading_pnl"], amounts["position_fees"]) == (None, "-1")


def test_nothing_known_of_fees_is_told_as_not_reported(client, standing):
    fees = get(client, CARRY)["fees"]
    assert (fees["basis"], fees["gross"], fees["net"]) == (None, None, None)
    assert (fees["reason"], fees["is_computed"]) == ("not_reported", False)


NET = NavSeries(np.arange(3), np.array([1.0, 1.1, 1.21]))


def test_fees_that_were_charged_are_added_back():
    taken = FeesTaken(np.array([2]), np.array([0.01]))
    found = compare_fees(FeesOfSeries(Basis.NET, None, taken, "vault"), NET, rf=0.0)
    assert found.net is not None
    assert found.gross is not None
    assert found.net[MetricId.TOTAL_RETURN].value == pytest.approx(0.21)
    assert found.gross[MetricId.TOTAL_RETURN].value == pytest.approx(1.21 / 0.99 - 1)
    assert (found.is_computed, found.reason) == (False, None)


def test_fees_that_are_only_agreed_are_a_computation_and_only_for_what_is_gross():
    terms = FeeTerms(management_ratio=0.0, performance_ratio=0.1)
    found = compare_fees(FeesOfSeries(Basis.GROSS, terms, None, "vault"), NET, rf=0.0)
    assert found.net is not None
    assert found.net[MetricId.TOTAL_RETURN].value == pytest.approx(1.09 * 1.09 - 1)
    assert (found.is_computed, found.reason) == (True, None)
    found = compare_fees(FeesOfSeries(Basis.NET, terms, None, "vault"), NET, rf=0.0)
    assert (found.gross, found.reason) == (None, "not_reported")
    assert found.net is not None


@pytest.fixture
def charged():
    """Let a floor above know the terms of every series, for one test."""
    terms = FeeTerms(management_ratio=0.02, performance_ratio=0.2)
    told = FeesOfSeries(Basis.GROSS, terms, None, "a test")
    report_fees.add("test", FeeSource(knows="true", ask=lambda _id, _source: told))
    yield
    del report_fees._entries["test"]


def test_gross_and_net_stand_in_the_report_and_on_its_page(client, standing, charged):
    report = get(client, CARRY)
    fees = report["fees"]
    assert (fees["basis"], fees["charged_by"], fees["is_computed"]) == ("gross", "a test", True)
    assert fees["gross"]["total_return"] == report["metrics"]["total_return"]["value"]
    assert 0 < fees["net"]["total_return"] < fees["gross"]["total_return"]
    page = client.get(CARRY, {"format": "html"}).content.decode()
    assert "no record of what was paid" in page
    assert f'<data value="{fees["net"]["total_return"]}">' in page
