"""Discovery over the sample export: JSON made by the database, filters, orders, walks, facets."""

import base64
import json
from datetime import timedelta

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from atlas.api.renderers import to_json
from strategies.discovery.filters import FILTERS
from strategies.discovery.items import FIELDS
from strategies.discovery.orders import ORDERS
from strategies.headlines import with_headlines
from strategies.models import MetricsSnapshot, Strategy
from strategies.serializers import StrategyItemSerializer
from strategies.vocabulary import SeriesSource, Window
from tests.factories import START, MetricsSnapshotFactory, StrategyFactory
from tests.strategies.world import LIST, get, refused

pytestmark = pytest.mark.django_db

EVERY_STATUS = "preview,deployable,deployed,paused,delisted"
FACETS = f"{LIST}facets/"


def slugs(client, **query):
    return [item["slug"] for item in get(client, LIST, **query)["results"]]


def walked(client, **query):
    """Walk by cursor from the beginning to the end."""
    found, body = [], get(client, LIST, cursor="*", **query)
    while True:
        found += [item["slug"] for item in body["results"]]
        if body["next"] is None:
            return found
        body = client.get(body["next"]).json()


def declared(window, source):
    """Give what the serializer makes of every strategy, by slug."""
    request = Request(APIRequestFactory().get(LIST))
    read = with_headlines(Strategy.objects.get_queryset(), window=window, source=source)
    made = StrategyItemSerializer(read, many=True, context={"request": request}).data
    return {item["slug"]: json.loads(to_json(item)) for item in made}


@pytest.mark.parametrize("source", [None, *SeriesSource])
@pytest.mark.parametrize("window", list(Window))
def test_the_database_writes_what_the_serializer_declares_for_every_row(
    client, sample, window, source
):
    StrategyFactory.create(
        slug="odd",
        name='back\\slash "quoted" <tag> é 𝛑\ttab\nline',
        description="%s %(x)s",
        assets=[],
        tags=['"q"', "ä\\b"],
        inception_on=None,
        discovered_at=None,
        updated_at=START + timedelta(microseconds=500),
    )
    query = {"window": window.value, "status": EVERY_STATUS, "page_size": 200}
    if source is not None:
        query["source"] = source.value
    written = {item["slug"]: item for item in get(client, LIST, **query)["results"]}
    expected = declared(window, source)
    assert written or source is SeriesSource.PAPER
    assert len(written) == len(expected) or source is not None
    for slug, item in written.items():
        assert item == expected[slug]
        assert list(item) == list(expected[slug])


def test_every_headline_of_the_sample_has_its_evidence_and_small_chart(client, sample):
    items = get(client, LIST, status=EVERY_STATUS, page_size=200)["results"]
    assert len(items) == 12
    for item in items:
        headline = item["headline"]
        assert headline["source_label"].lower().startswith(headline["source"])
        assert 2 <= len(headline["sparkline"]) <= 60
        assert headline["provenance"]["data_version"] == item["data_version"]
        for metric, value in headline["metrics"].items():
            assert (value is None) == (metric in headline["reasons"]), metric


@pytest.mark.parametrize("page_size", [1, 5, 200])
@pytest.mark.parametrize("ordering", [*ORDERS, *(f"-{name}" for name in ORDERS)])
def test_pages_and_walks_give_every_strategy_once_in_one_order(client, sample, ordering, page_size):
    StrategyFactory.create(slug="unmeasured-b", discovered_at=None, inception_on=None)
    StrategyFactory.create(slug="unmeasured-a", discovered_at=None, inception_on=None)
    query = {"ordering": ordering, "page_size": page_size, "fields": "slug"}
    whole = slugs(client, ordering=ordering, page_size=200)
    assert len(set(whole)) == len(whole) >= 10
    paged, address = [], f"{LIST}?ordering={ordering}&page_size={page_size}&fields=slug"
    while address:
        body = client.get(address).json()
        paged += [item["slug"] for item in body["results"]]
        address = body["next"]
    assert paged == whole
    assert walked(client, **query) == whole


@pytest.mark.parametrize(
    ("ordering", "value"),
    [
        ("return", lambda item: item["headline"]["metrics"]["total_return"]),
        ("sharpe", lambda item: item["headline"]["metrics"]["sharpe"]),
        ("win_rate", lambda item: item["headline"]["metrics"]["win_rate_days_nonzero"]),
        ("drawdown", lambda item: item["headline"]["metrics"]["max_drawdown"]),
        ("aum", lambda item: item["headline"]["aum_usd"] and float(item["headline"]["aum_usd"])),
        ("track", lambda item: item["headline"]["track_days"]),
        ("latest", lambda item: item["discovered_at"]),
        ("inception", lambda item: item["inception_on"]),
    ],
)
def test_the_best_comes_first_and_what_has_no_value_last_either_way(
    client, sample, ordering, value
):
    StrategyFactory.create(slug="unmeasured", discovered_at=None, inception_on=None)

    def values(name):
        items = get(client, LIST, ordering=name)["results"]
        found = [None if item["headline"] is None else value(item) for item in items]
        known = [one for one in found if one is not None]
        assert found[len(known) :] == [None] * (len(found) - len(known))
        return known

    best = values(ordering)
    assert best == sorted(best, reverse=True)
    assert values(f"-{ordering}") == best[::-1]


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


def test_fields_are_narrowed_to_what_is_asked_for(client, sample):
    body = get(client, LIST, fields="name,slug", page_size=3)
    assert [list(item) for item in body["results"]] == [["slug", "name"]] * 3
    assert body["count"] == 11
    for field in FIELDS:
        (item,) = get(client, LIST, fields=field, page_size=1)["results"]
        assert list(item) == [field]


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


def test_a_facet_counts_what_each_of_its_choices_would_leave(client, sample):
    every = get(client, FACETS)
    assert every["count"] == 11
    for facet in ("category", "risk_level", "timeframe", "asset", "tag", "featured", "curated"):
        for one in every["facets"][facet]:
            assert get(client, LIST, **{facet: one["value"]})["count"] == one["count"], (facet, one)
    for one in every["facets"]["source"]:
        assert get(client, LIST, source=one["value"])["count"] == one["count"]


def test_a_facet_is_not_narrowed_by_its_own_filter_but_by_all_others(client, sample):
    free = get(client, FACETS)["facets"]
    category = free["category"][0]["value"]
    risk = get(client, LIST, category=category)["results"][0]["risk_level"]
    narrowed = get(client, FACETS, category=category, risk_level=risk)
    assert narrowed["count"] == get(client, LIST, category=category, risk_level=risk)["count"]
    for one in narrowed["facets"]["category"]:
        assert get(client, LIST, category=one["value"], risk_level=risk)["count"] == one["count"]
    assert sum(one["count"] for one in narrowed["facets"]["status"]) >= narrowed["count"]


def test_delisted_strategies_are_counted_where_they_are_asked_for(client, sample):
    statuses = {one["value"]: one["count"] for one in get(client, FACETS)["facets"]["status"]}
    assert statuses["delisted"] == get(client, LIST, status="delisted")["count"] == 1


def test_ranges_tell_between_what_the_numbers_lie(client, sample):
    body = get(client, FACETS, window="90d")
    live = MetricsSnapshot.objects.filter(
        is_headline=True, window="90d", strategy__in=Strategy.objects.exclude(status="delisted")
    )
    returns = [one.total_return_ratio for one in live if one.total_return_ratio is not None]
    assert body["ranges"]["return"] == {"min": min(returns), "max": max(returns)}
    assert 0 <= body["ranges"]["drawdown"]["min"] <= body["ranges"]["drawdown"]["max"] <= 1
    assert isinstance(body["ranges"]["aum"]["max"], str)
    assert get(client, FACETS, q="nothing like it")["ranges"]["sharpe"] == {
        "min": None,
        "max": None,
    }


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
