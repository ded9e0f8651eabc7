"""Discovery over strategies of each test's own: filters, words, refusals, what a page costs."""

import base64

import pytest

from atlas.api.renderers import to_json
from strategies.discovery.filters import FILTERS
from tests.factories import MetricsSnapshotFactory, StrategyFactory
from tests.strategies.world import FACETS, LIST, get, refused, slugs, walked

pytestmark = pytest.mark.django_db


def test_the_window_decides_which_numbers_are_shown_filtered_and_sorted(client):
    short, long = StrategyFactory.create(slug="short"), StrategyFactory.create(slug="long")
    for strategy, month, ever in ((short, 0.5, 0.1), (long, -0.1, 0.9)):
        MetricsSnapshotFactory.create(strategy=strategy, window="30d", total_return_ratio=month)
        MetricsSnapshotFactory.create(strategy=strategy, window="all", total_return_ratio=ever)
    assert slugs(client, ordering="return") == ["long", "short"]
    assert slugs(client, ordering="return", window="30d") == ["short", "long"]
    assert slugs(client, min_return="0.2", window="30d") == ["short"]
    item = get(client, LIST, window="30d", fields="headline", ordering="return")["results"][0]
    assert item["headline"]["window"] == "30d"
    assert slugs(client, window="90d", ordering="name") == ["long", "short"]


def test_a_source_that_is_asked_for_keeps_only_strategies_that_have_it(client):
    both, only = StrategyFactory.create(slug="both"), StrategyFactory.create(slug="only")
    MetricsSnapshotFactory.create(strategy=both, source="live", sharpe=1.0)
    MetricsSnapshotFactory.create(strategy=both, source="backtest", is_headline=False, sharpe=3.0)
    MetricsSnapshotFactory.create(strategy=only, source="backtest", sharpe=2.0)
    assert slugs(client, source="live") == ["both"]
    assert slugs(client, source="backtest", ordering="sharpe") == ["both", "only"]
    assert slugs(client, ordering="sharpe") == ["only", "both"]
    assert slugs(client, source="paper") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"min_return": "0.2"}, {"good"}),
        ({"max_return": "0.2"}, {"bad"}),
        ({"min_return": "0.5"}, {"good"}),
        ({"max_return": "-0.3"}, {"bad"}),
        ({"min_sharpe": "1"}, {"good"}),
        ({"max_sharpe": "0"}, {"bad"}),
        ({"max_drawdown": "0.1"}, {"good"}),
        ({"min_drawdown": "0.11"}, {"bad"}),
        ({"max_drawdown": "-0"}, set()),
        ({"min_aum": "1000.000001"}, {"good"}),
        ({"max_aum": "1000"}, {"bad"}),
        ({"min_track_days": "100"}, {"good"}),
        ({"max_track_days": "99"}, {"bad"}),
        ({"min_return": "0.2", "max_sharpe": "0"}, set()),
        ({}, {"good", "bad", "unmeasured"}),
    ],
)
def test_numbers_are_bounded_from_both_sides_and_the_unmeasured_drop_out(client, query, found):
    StrategyFactory.create(slug="unmeasured")
    for slug, gain, sharpe, fall, aum, days in (
        ("good", 0.5, 2.0, -0.1, 5000, 100),
        ("bad", -0.3, -1.0, -0.4, 1000, 99),
    ):
        MetricsSnapshotFactory.create(
            strategy__slug=slug,
            total_return_ratio=gain,
            sharpe=sharpe,
            max_drawdown_ratio=fall,
            last_aum_usd=aum,
            track_days=days,
        )
    assert set(slugs(client, **query)) == found


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"fields": "slug,luck"}, "fields", "'luck' is unknown; allowed: slug, name"),
        ({"fields": ""}, "fields", "allowed: slug"),
        ({"window": "7d"}, "window", "allowed: 30d, 90d, 1y, all"),
        ({"source": "dream"}, "source", "allowed: backtest, paper, live"),
        ({"min_return": "much"}, "min_return", "a number such as 0.25"),
        ({"min_return": "nan"}, "min_return", "a number"),
        ({"max_aum": "1e999999"}, "max_aum", "a number"),
        ({"min_sharpe": "٣"}, "min_sharpe", "a number"),
        ({"max_drawdown": "-0.2"}, "max_drawdown", "between 0 and 1"),
        ({"max_drawdown": "20"}, "max_drawdown", "between 0 and 1"),
        ({"min_track_days": "1.5"}, "min_track_days", "whole number"),
        ({"min_track_days": "9999999"}, "min_track_days", "whole number"),
        ({"asset": 'A"'}, "asset", "quotation marks"),
        ({"asset": " "}, "asset", "1 to 40 characters"),
        ({"tag": "a\\b"}, "tag", "backslashes"),
        ({"cursor": "abc"}, "cursor", "malformed"),
        ({"cursor": "*", "page": "2"}, "page", "together with cursor"),
        ({"page": "0"}, "page", "whole number from 1"),
        ({"page_size": "900"}, "page_size", "at most 200"),
    ],
)
def test_bad_parameters_are_refused_by_name_with_what_is_allowed(client, query, field, said):
    assert said in refused(client, LIST, **query)[field][0]


def cursor(*values):
    return base64.urlsafe_b64encode(to_json(list(values))).decode().rstrip("=")


@pytest.mark.parametrize(
    "given",
    [
        cursor(),
        cursor("luck", None, 1),
        cursor("latest", "yesterday", 1),
        cursor("latest", 5, 1),
        cursor("latest", None, "1"),
        cursor("latest", None, True),
        cursor("latest", None, 2**63),
        cursor("return", "nan", 1),
        cursor("return", "Infinity", 1),
        cursor("aum", "1e99", 1),
        cursor("track", str(2**31), 1),
        cursor("name", "a\x00", 1),
        cursor("inception", "2024-02-30", 1),
        "%%%",
        "ä",
        "x" * 2000,
    ],
)
def test_a_cursor_that_no_answer_gave_is_refused(client, given):
    assert "malformed" in refused(client, LIST, cursor=given)["cursor"][0]


def test_a_cursor_walks_in_its_own_order(client):
    MetricsSnapshotFactory.create_batch(3, sharpe=1.0)
    following = get(client, LIST, cursor="*", ordering="sharpe", page_size=1)["next"]
    given = following.split("cursor=")[1].split("&")[0]
    assert "walks by sharpe" in refused(client, LIST, cursor=given, ordering="name")["cursor"][0]
    assert len(slugs(client, cursor=given)) == 2


def test_who_is_not_logged_in_finds_and_counts_public_strategies_only(client, admin_client):
    StrategyFactory.create(slug="open", category="carry")
    StrategyFactory.create(slug="closed", category="carry", public=False)
    assert walked(client) == ["open"]
    assert set(walked(admin_client)) == {"open", "closed"}
    assert get(client, FACETS)["count"] == 1
    assert get(admin_client, FACETS)["facets"]["category"] == [{"value": "carry", "count": 2}]


def test_words_are_looked_for_as_they_are(client):
    StrategyFactory.create(slug="a", name="100% carry_x")
    StrategyFactory.create(slug="b", name="100 carryyx", description="back\\slash")
    assert slugs(client, q="100%") == ["a"]
    assert slugs(client, q="carry_x") == ["a"]
    assert slugs(client, q="k\\s") == ["b"]
    assert slugs(client, q="%(q)s") == []
    assert set(slugs(client, q="CARRY 100")) == {"a", "b"}


def test_facets_take_no_pages(client):
    assert "allowed: q, asset" in refused(client, FACETS, page="1")["page"][0]


@pytest.mark.parametrize("count", [1, 9])
def test_pages_walks_and_facets_cost_one_query_each(client, django_assert_num_queries, count):
    MetricsSnapshotFactory.create_batch(count)
    # Beside it the version is read twice: to look for an answer, and within the snapshot.
    for query in ({"min_sharpe": "0", "ordering": "sharpe"}, {"cursor": "*"}, {"q": "a b c"}):
        with django_assert_num_queries(2 + 1):
            client.get(LIST, query)
    with django_assert_num_queries(2 + 1):
        client.get(FACETS, {"category": "trend"})


def test_every_filter_is_a_parameter_of_the_list_and_of_the_facets(client):
    for name in FILTERS:
        given = {"integer": "1", "number": "0.5", "boolean": "true"}.get(
            FILTERS[name].schema["type"], "trend"
        )
        if FILTERS[name].schema["type"] == "array":
            given = FILTERS[name].schema["items"]["enum"][0]
        assert get(client, LIST, **{name: given})["count"] == 0
        assert get(client, FACETS, **{name: given})["count"] == 0
