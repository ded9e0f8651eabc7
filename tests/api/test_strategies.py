"""Strategies over the API: who sees what, filters, orders, pages, and how many queries it costs."""

from datetime import UTC, datetime, timedelta

import pytest

from strategies.vocabulary import SeriesSource
from tests.factories import (
    BenchmarkFactory,
    MetricsSnapshotFactory,
    PerformancePointFactory,
    StrategyFactory,
    UserFactory,
    VaultFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/api/v1/strategies/"
DAY = datetime(2024, 3, 1, tzinfo=UTC)


def slugs(client, **query):
    answer = client.get(LIST, query)
    assert answer.status_code == 200, answer.content
    return [item["slug"] for item in answer.json()["results"]]


def refusal(client, path, **query):
    answer = client.get(path, query)
    body = answer.json()
    assert set(body) == {"code", "message", "detail", "request_id"}
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, body


def test_a_visitor_sees_public_strategies_and_somebody_logged_in_sees_all(client):
    StrategyFactory.create(slug="open")
    StrategyFactory.create(slug="closed", public=False)
    assert slugs(client) == ["open"]
    client.force_login(UserFactory.create())
    assert set(slugs(client)) == {"open", "closed"}


def test_a_strategy_that_is_not_public_looks_like_one_that_does_not_exist(client):
    StrategyFactory.create(slug="closed", public=False)
    closed = refusal(client, f"{LIST}closed/")
    missing = refusal(client, f"{LIST}nothing/")
    assert closed[0] == missing[0] == 404
    assert closed[1]["message"].replace("closed", "nothing") == missing[1]["message"]
    assert "log in" in closed[1]["message"]
    client.force_login(UserFactory.create())
    assert client.get(f"{LIST}closed/").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"asset": "BTC"}, {"breakout"}),
        ({"asset": "btc"}, {"breakout"}),
        ({"asset": "wstETH"}, {"carry"}),
        ({"category": "carry"}, {"carry"}),
        ({"category": "carry,breakout"}, {"carry", "breakout"}),
        ({"timeframe": "1h"}, {"breakout"}),
        ({"status": "deployed"}, {"breakout"}),
        ({"status": "delisted"}, {"dead"}),
        ({"status": "delisted,deployed"}, {"dead", "breakout"}),
        ({"risk_level": "high"}, {"breakout"}),
        ({"featured": "true"}, {"carry"}),
        ({"featured": "false", "category": "breakout"}, {"breakout"}),
        ({"curated": "true"}, {"breakout"}),
        ({"tag": "slow"}, {"carry"}),
        ({"q": "funding ETH"}, {"carry"}),
        ({"q": "100%_"}, set()),
        ({"q": "BREAK"}, {"breakout"}),
        ({}, {"carry", "breakout"}),
    ],
)
def test_each_filter_narrows_the_list_to_what_it_names(client, query, expected):
    StrategyFactory.create(
        slug="carry",
        category="carry",
        assets=["wstETH"],
        tags=["slow"],
        featured=True,
        description="Earns funding on eth.",
    )
    StrategyFactory.create(
        slug="breakout",
        category="breakout",
        assets=["BTC", "SOL"],
        timeframe="1h",
        status="deployed",
        risk_level="high",
        curated=True,
    )
    StrategyFactory.create(slug="dead", status="delisted")
    assert set(slugs(client, **query)) == expected


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"assets": "BTC"}, "assets", "did you mean asset?"),
        ({"colour": "red"}, "colour", "allowed: q, asset"),
        ({"format": "csv"}, "format", "unknown"),
        ({"category": "trend,magic"}, "category", "magic"),
        ({"status": "alive"}, "status", "alive"),
        ({"featured": "yes"}, "featured", "yes"),
        ({"ordering": "luck"}, "ordering", "latest, name, inception, return, sharpe"),
        ({"page": "0"}, "page", "whole number from 1"),
        ({"page": "two"}, "page", "whole number from 1"),
        ({"page": "-1"}, "page", "whole number from 1"),
        ({"page": "٣"}, "page", "whole number from 1"),
        ({"page_size": "201"}, "page_size", "at most 200"),
        ({"page_size": "1e3"}, "page_size", "whole number from 1"),
        ({"q": "x" * 101}, "q", "100"),
        ({"q": "a\x00b"}, "q", "Null characters"),
        ({"asset": ["BTC", "ETH"]}, "asset", "more than once"),
    ],
)
def test_bad_input_is_refused_naming_the_field_and_what_is_allowed(client, query, field, said):
    status, body = refusal(client, LIST, **query)
    assert (status, body["code"]) == (400, "invalid_input")
    assert said in str(body["detail"][field])
    assert field in body["message"]


def test_all_wrong_parameters_are_named_at_once(client):
    _, body = refusal(client, LIST, colour="red", shape="round")
    assert set(body["detail"]) == {"colour", "shape"}


def test_a_page_beyond_the_last_is_not_found_and_names_the_last(client):
    StrategyFactory.create_batch(3)
    status, body = refusal(client, LIST, page="9", page_size="2")
    assert (status, body["code"], body["detail"]) == (404, "not_found", {"page": 9, "pages": 2})
    assert "the last one is 2" in body["message"]


def test_an_empty_list_is_one_empty_page(client):
    body = client.get(LIST).json()
    assert (body["count"], body["pages"], body["results"]) == (0, 1, [])
    assert body["next"] is body["previous"] is None


def test_the_order_is_total_so_that_pages_neither_repeat_nor_lose_a_row(client):
    made = [StrategyFactory.create(name="Same", discovered_at=DAY).slug for _ in range(11)]
    for ordering in ("name", "-name", "latest", "-latest", "return", "-aum"):
        walked = [
            slug
            for page in range(1, 5)
            for slug in slugs(client, ordering=ordering, page=page, page_size=3)
        ]
        assert sorted(walked) == sorted(made)


def test_pages_link_to_their_neighbours_and_keep_the_filters(client):
    StrategyFactory.create_batch(5, category="carry")
    body = client.get(LIST, {"category": "carry", "page_size": 2, "page": 2}).json()
    assert (body["count"], body["page"], body["page_size"], body["pages"]) == (5, 2, 2, 3)
    following = client.get(body["next"]).json()
    assert following["page"] == 3
    assert len(following["results"]) == 1
    assert client.get(body["previous"]).json()["page"] == 1
    assert "category=carry" in body["next"]


def test_lists_are_ordered_by_what_is_asked_for_with_the_unmeasured_last(client):
    new = StrategyFactory.create(slug="new", name="A", discovered_at=DAY + timedelta(days=9))
    StrategyFactory.create(slug="unseen", name="B", discovered_at=None)
    old = StrategyFactory.create(slug="old", name="C", discovered_at=DAY)
    for strategy, gain, drawdown in ((new, 0.1, -0.3), (old, 0.9, -0.2)):
        MetricsSnapshotFactory.create(
            strategy=strategy, total_return_ratio=gain, max_drawdown_ratio=drawdown
        )
    assert slugs(client) == ["new", "old", "unseen"]
    assert slugs(client, ordering="-latest") == ["old", "new", "unseen"]
    assert slugs(client, ordering="name") == ["new", "unseen", "old"]
    assert slugs(client, ordering="-name") == ["old", "unseen", "new"]
    assert slugs(client, ordering="return") == ["old", "new", "unseen"]
    assert slugs(client, ordering="-return") == ["new", "old", "unseen"]
    assert slugs(client, ordering="drawdown") == ["old", "new", "unseen"]


def test_the_headline_is_the_best_evidence_over_everything_and_null_without_any(client):
    strategy = StrategyFactory.create(slug="measured")
    StrategyFactory.create(slug="unmeasured")
    MetricsSnapshotFactory.create(
        strategy=strategy,
        source=SeriesSource.BACKTEST,
        is_headline=False,
        total_return_ratio=9.0,
    )
    MetricsSnapshotFactory.create(
        strategy=strategy, source=SeriesSource.LIVE, total_return_ratio=0.05
    )
    MetricsSnapshotFactory.create(
        strategy=strategy, source=SeriesSource.LIVE, window="30d", total_return_ratio=0.5
    )
    items = {item["slug"]: item for item in client.get(LIST).json()["results"]}
    headline = items["measured"]["headline"]
    assert (headline["source"], headline["window"]) == ("live", "all")
    assert headline["source_label"].startswith("Live")
    assert headline["metrics"]["total_return"] == 0.05
    assert headline["aum_usd"] == "1250000.5"
    assert headline["as_of_at"] == "2024-12-30T00:00:00Z"
    assert items["unmeasured"]["headline"] is None


def test_the_detail_shows_parameters_benchmark_and_links_that_lead_somewhere(client):
    strategy = StrategyFactory.create(
        slug="trend",
        parameters={"fast": 12, "slow": 48},
        rule="ema_cross",
        benchmark=BenchmarkFactory.create(slug="eth", name="Ether"),
        source_code="print('never shown')",
    )
    VaultFactory.create(strategy=strategy, name="Trend Vault")
    body = client.get(f"{LIST}trend/").json()
    assert body["parameters"] == {"fast": 12, "slow": 48}
    assert body["benchmark"] == {"slug": "eth", "name": "Ether"}
    assert "source_code" not in body
    assert client.get(body["links"]["self"]).json() == body
    assert client.get(body["links"]["performance"]).status_code == 200
    vaults = client.get(body["links"]["vaults"]).json()["results"]
    assert [vault["name"] for vault in vaults] == ["Trend Vault"]


def test_a_delisted_strategy_stays_readable_by_name(client):
    StrategyFactory.create(slug="dead", status="delisted")
    assert client.get(f"{LIST}dead/").json()["status"] == "delisted"


def test_the_detail_takes_no_parameters(client):
    StrategyFactory.create(slug="trend")
    status, body = refusal(client, f"{LIST}trend/", fields="name")
    assert status == 400
    assert "takes no query parameters" in body["detail"]["fields"][0]


@pytest.mark.parametrize("slug", ["..", "a.b", "a%00b", "a b", "ä"])
def test_a_slug_that_can_be_none_is_a_path_that_does_not_exist(client, slug):
    assert client.get(f"{LIST}{slug}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_the_api_only_reads(client, method):
    client.force_login(UserFactory.create())
    answer = getattr(client, method)(LIST)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("count", [1, 12])
def test_a_list_costs_the_same_queries_however_long_it_is(client, django_assert_num_queries, count):
    for _ in range(count):
        strategy = StrategyFactory.create(benchmark=BenchmarkFactory.create())
        MetricsSnapshotFactory.create(strategy=strategy)
    with django_assert_num_queries(2 + 1):  # the version twice; the page, headlines and the count
        client.get(LIST, {"ordering": "return"})


def test_a_detail_costs_four_queries_and_a_series_one(client, django_assert_num_queries):
    point = PerformancePointFactory.create(
        strategy__slug="trend", strategy__benchmark=BenchmarkFactory.create(), source="live"
    )
    MetricsSnapshotFactory.create(strategy=point.strategy)
    # Within a test's transaction the version is read twice: to look for an answer, then beside it.
    with django_assert_num_queries(2 + 4):  # strategy, evidence, vaults, restatements
        client.get(f"{LIST}trend/")
    with django_assert_num_queries(2 + 1):
        client.get(f"{LIST}trend/performance/")
