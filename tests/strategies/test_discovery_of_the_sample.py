"""Discovery over the sample export: JSON made by the database, orders, walks, facets."""

from datetime import timedelta

import pytest

from strategies.discovery.items import FIELDS
from strategies.discovery.orders import ORDERS
from strategies.models import MetricsSnapshot, Strategy
from strategies.vocabulary import SeriesSource, Window
from tests.factories import START, StrategyFactory
from tests.strategies.world import EVERY_STATUS, FACETS, LIST, declared, get, slugs, walked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source", [None, *SeriesSource])
@pytest.mark.parametrize("window", list(Window))
def test_the_database_writes_what_the_serializer_declares_for_every_row(
    client, standing, window, source
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


def test_every_headline_of_the_sample_has_its_evidence_and_small_chart(client, standing):
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
def test_pages_and_walks_give_every_strategy_once_in_one_order(
    client, standing, ordering, page_size
):
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
    client, standing, ordering, value
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


def test_fields_are_narrowed_to_what_is_asked_for(client, standing):
    body = get(client, LIST, fields="name,slug", page_size=3)
    assert [list(item) for item in body["results"]] == [["slug", "name"]] * 3
    assert body["count"] == 11
    for field in FIELDS:
        (item,) = get(client, LIST, fields=field, page_size=1)["results"]
        assert list(item) == [field]


def test_a_facet_counts_what_each_of_its_choices_would_leave(client, standing):
    every = get(client, FACETS)
    assert every["count"] == 11
    for facet in ("category", "risk_level", "timeframe", "asset", "tag", "featured", "curated"):
        for one in every["facets"][facet]:
            assert get(client, LIST, **{facet: one["value"]})["count"] == one["count"], (facet, one)
    for one in every["facets"]["source"]:
        assert get(client, LIST, source=one["value"])["count"] == one["count"]


def test_a_facet_is_not_narrowed_by_its_own_filter_but_by_all_others(client, standing):
    free = get(client, FACETS)["facets"]
    category = free["category"][0]["value"]
    risk = get(client, LIST, category=category)["results"][0]["risk_level"]
    narrowed = get(client, FACETS, category=category, risk_level=risk)
    assert narrowed["count"] == get(client, LIST, category=category, risk_level=risk)["count"]
    for one in narrowed["facets"]["category"]:
        assert get(client, LIST, category=one["value"], risk_level=risk)["count"] == one["count"]
    assert sum(one["count"] for one in narrowed["facets"]["status"]) >= narrowed["count"]


def test_delisted_strategies_are_counted_where_they_are_asked_for(client, standing):
    statuses = {one["value"]: one["count"] for one in get(client, FACETS)["facets"]["status"]}
    assert statuses["delisted"] == get(client, LIST, status="delisted")["count"] == 1


def test_ranges_tell_between_what_the_numbers_lie(client, standing):
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
