"""Trades, holdings and benchmarks of the sample export over the API."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from strategies.models import Benchmark, BenchmarkPoint, Holding, ImportedTrade, Strategy
from tests.factories import StrategyFactory
from tests.strategies.world import LIST, get, refused

pytestmark = pytest.mark.django_db

BENCHMARKS = "/api/v1/benchmarks/"


@pytest.fixture
def trader(sample):
    """Give the strategy with the most trades."""
    slugs = ImportedTrade.objects.values_list("strategy__slug", flat=True)
    return max(set(slugs), key=list(slugs).count)


def walked(client, path, **query):
    found, body = [], get(client, path, **query)
    while True:
        found += body["results"]
        if body["next"] is None:
            return found
        body = client.get(body["next"]).json()


def test_trades_are_walked_from_the_newest_to_the_oldest_once_each(client, trader):
    trades = walked(client, f"{LIST}{trader}/trades/", page_size=7)
    stored = ImportedTrade.objects.filter(strategy__slug=trader)
    assert {one["external_id"] for one in trades} == set(
        stored.values_list("external_id", flat=True)
    )
    moments = [one["opened_at"] for one in trades]
    assert moments == sorted(moments, reverse=True)
    for trade in trades:
        row = stored.get(external_id=trade["external_id"])
        assert Decimal(trade["entry_price_usd"]) == row.entry_price_usd
        assert trade["pnl_ratio"] == (None if row.pnl_ratio is None else float(row.pnl_ratio))
        assert (trade["pnl_usd"] is None) == (row.pnl_usd is None) == (row.result == "open")
        for cost in ("funding_usd", "borrowing_usd", "position_fee_usd", "execution_fee_usd"):
            assert Decimal(trade[cost]) == getattr(row, cost)


def test_trades_are_narrowed_by_market_side_result_and_day(client, trader):
    path = f"{LIST}{trader}/trades/"
    every = walked(client, path)
    for name in ("market", "side", "result"):
        for value in {one[name] for one in every}:
            found = walked(client, path, **{name: value})
            assert found == [one for one in every if one[name] == value]
    middle = every[len(every) // 2]["opened_at"][:10]
    later = walked(client, path, **{"from": middle})
    earlier = walked(client, path, to=middle)
    assert later == [one for one in every if one["opened_at"][:10] >= middle]
    assert earlier == [one for one in every if one["opened_at"][:10] <= middle]


def test_a_csv_of_trades_is_the_whole_range_with_the_digits_of_the_json(client, trader):
    path = f"{LIST}{trader}/trades/"
    every = walked(client, path, side="long")
    answer = client.get(path, {"side": "long", "format": "csv", "page_size": 1})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{trader}-trades.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert rows == [
        {name: "" if value is None else str(value) for name, value in one.items()} for one in every
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"side": "up"}, "side"),
        ({"result": "draw"}, "result"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2024-02-02", "to": "2024-02-01"}, "from"),
        ({"format": "xml"}, "format"),
        ({"page": "1"}, "page"),
        ({"cursor": "abc"}, "cursor"),
    ],
)
def test_bad_parameters_of_trades_are_refused_by_name(client, query, field):
    StrategyFactory.create(slug="trend")
    assert set(refused(client, f"{LIST}trend/trades/", **query)) == {field}


def test_holdings_are_the_newest_composition_and_lead_back_to_the_earlier_ones(client, sample):
    slug = Holding.objects.values_list("strategy__slug", flat=True)[0]
    stored = Holding.objects.filter(strategy__slug=slug)
    moments = sorted(set(stored.values_list("as_of_at", flat=True)), reverse=True)
    body = get(client, f"{LIST}{slug}/holdings/")
    seen = []
    while body["as_of_at"]:
        seen.append(datetime.fromisoformat(body["as_of_at"]))
        rows = stored.filter(as_of_at=seen[-1])
        assert {one["asset"] for one in body["holdings"]} == set(
            rows.values_list("asset", flat=True)
        )
        values = [Decimal(one["value_usd"]) for one in body["holdings"]]
        assert values == sorted(values, reverse=True)
        assert Decimal(body["value_usd"]) == sum(values)
        if body["previous_at"] is None:
            break
        body = get(client, f"{LIST}{slug}/holdings/", at=body["previous_at"][:10])
    assert seen == moments


def test_who_held_nothing_says_so(client):
    StrategyFactory.create(slug="trend", data_version=3)
    assert get(client, f"{LIST}trend/holdings/") == {
        "strategy": "trend",
        "data_version": 3,
        "as_of_at": None,
        "previous_at": None,
        "value_usd": None,
        "holdings": [],
    }
    assert set(refused(client, f"{LIST}trend/holdings/", at="now")) == {"at"}


@pytest.mark.parametrize("path", ["trades", "holdings", "performance"])
def test_the_record_of_a_strategy_that_is_not_public_is_not_found(client, admin_client, path):
    StrategyFactory.create(slug="closed", public=False)
    hidden = client.get(f"{LIST}closed/{path}/")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")
    assert "log in" in hidden.json()["message"]
    assert admin_client.get(f"{LIST}closed/{path}/").status_code == 200


def test_benchmarks_are_listed_with_how_far_their_prices_reach(client, sample):
    listed = get(client, BENCHMARKS)["results"]
    assert [one["slug"] for one in listed] == sorted(
        Benchmark.objects.values_list("slug", flat=True)
    )
    for one in listed:
        points = BenchmarkPoint.objects.filter(benchmark__slug=one["slug"])
        assert one["observations"] == points.count() > 100
        assert datetime.fromisoformat(one["first_at"]) == points.earliest("as_of_at").as_of_at
        body = get(client, f"{BENCHMARKS}{one['slug']}/points/")
        assert body["observations"] == one["observations"]
        assert (body["first_at"], body["last_at"]) == (one["first_at"], one["last_at"])


def test_prices_are_columns_with_returns_and_drawdowns(client):
    made = Benchmark.objects.create(slug="eth", name="Ether")
    for day, price in ((1, "2"), (2, "4"), (3, "1"), (4, "3.5")):
        BenchmarkPoint.objects.create(
            benchmark=made, as_of_at=datetime(2024, 1, day, tzinfo=UTC), price_usd=price
        )
    body = get(client, f"{BENCHMARKS}eth/points/", **{"from": "2024-01-02"})
    assert body["columns"] == {
        "as_of_at": [f"2024-01-0{day}T00:00:00Z" for day in (2, 3, 4)],
        "price_usd": ["4", "1", "3.5"],
        "return_ratio": [0.0, -0.75, -0.125],
        "drawdown_ratio": [0.0, -0.75, -0.125],
    }
    text = client.get(f"{BENCHMARKS}eth/points/", {"format": "csv"}).content.decode()
    assert text.splitlines()[1] == "2024-01-01T00:00:00Z,2,0.0,0.0"


def test_a_benchmark_that_is_not_there_is_not_found(client):
    answer = client.get(f"{BENCHMARKS}nothing/points/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("count", [1, 8])
def test_lists_cost_the_same_queries_however_long_they_are(
    client, sample, trader, django_assert_num_queries, count
):
    for number in range(count):
        Benchmark.objects.create(slug=f"b{number}", name="B")
    with django_assert_num_queries(2 + 2):  # version twice; count and page
        client.get(BENCHMARKS)
    with django_assert_num_queries(2 + 2):  # version twice; strategy and page
        client.get(f"{LIST}{trader}/trades/", {"page_size": count})
    slug = Strategy.objects.filter(holdings__isnull=False).values_list("slug", flat=True)[0]
    with django_assert_num_queries(2 + 4):  # version twice; strategy, moments, sum, holdings
        client.get(f"{LIST}{slug}/holdings/")
