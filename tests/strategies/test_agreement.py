"""One number, one set of digits: tile, page, chart and CSV agree to the last one."""

import csv
import io
import json
from datetime import datetime

import pytest

from strategies.models import Strategy
from tests.imports.builders import document, point, strategy
from tests.strategies.world import LIST, SAMPLE, get

pytestmark = pytest.mark.django_db

SLUGS = sorted(one["slug"] for one in json.loads(SAMPLE.read_text(encoding="utf-8"))["strategies"])


def chart_of(client, slug, tile, read=get, **query):
    """Ask for the chart of what a tile is about."""
    provenance = tile["provenance"]
    query = {"from": provenance["first_at"][:10], "to": provenance["window_to_on"], **query}
    return read(client, f"{LIST}{slug}/performance/", source=tile["source"], **query)


def csv_of(client, slug, tile):
    """Ask for the same as CSV, column by column, as text."""
    provenance = tile["provenance"]
    answer = client.get(
        f"{LIST}{slug}/performance/",
        {
            "source": tile["source"],
            "from": provenance["first_at"][:10],
            "to": provenance["window_to_on"],
            "format": "csv",
        },
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize("slug", SLUGS)
def test_tile_page_chart_and_csv_agree_to_the_last_digit(client, standing, slug):
    status = Strategy.objects.get(slug=slug).status
    compared = 0
    for tile in get(client, f"{LIST}{slug}/")["evidence"]:
        (item,) = (
            one
            for one in get(
                client, LIST, window=tile["window"], source=tile["source"], status=status
            )["results"]
            if one["slug"] == slug
        )
        assert item["headline"] == tile
        if tile["metrics"]["total_return"] is None:
            assert tile["reasons"]["total_return"] == "insufficient_history"
            continue
        chart = chart_of(client, slug, tile)
        columns = chart["columns"]
        assert columns["return_ratio"][-1] == tile["metrics"]["total_return"]
        assert min(columns["drawdown_ratio"]) == tile["metrics"]["max_drawdown"]
        assert columns["drawdown_ratio"][-1] == tile["metrics"]["current_drawdown"]
        assert columns["aum_usd"][-1] == tile["aum_usd"]
        assert columns["as_of_at"][-1] == tile["as_of_at"]
        assert len(columns["as_of_at"]) == tile["provenance"]["observations"]
        assert chart["data_version"] == tile["provenance"]["data_version"]
        growth = [round(1 + value, 6) for value in columns["return_ratio"]]
        for drawn in tile["sparkline"]:
            assert min(abs(drawn - one) for one in growth) <= 1e-6
        digits = chart_of(client, slug, tile, read=as_written)["columns"]
        written = csv_of(client, slug, tile)
        assert list(written) == list(digits)
        for name, values in digits.items():
            assert written[name] == ["" if one is None else one for one in values]
        compared += 1
    assert compared >= 1


def as_written(client, path, **query):
    """Ask for a path and give the body with its numbers as they are written."""
    return json.loads(client.get(path, query).content, parse_float=str)


def test_thinning_keeps_every_point_it_shows_and_the_extremes(client, standing):
    slug = SLUGS[0]
    tile = get(client, f"{LIST}{slug}/")["headline"]
    whole = chart_of(client, slug, tile)["columns"]
    thin = chart_of(client, slug, tile, max_points=40)
    assert thin["thinned_by"] == "min_max"
    assert thin["observations"] <= 40 < thin["observations_before_thinning"]
    rows = set(zip(*(map(str, column) for column in whole.values()), strict=True))
    kept = list(zip(*(map(str, column) for column in thin["columns"].values()), strict=True))
    assert set(kept) <= rows
    navs = list(map(float, whole["nav_per_share_usd"]))
    thinned = list(map(float, thin["columns"]["nav_per_share_usd"]))
    assert (min(thinned), max(thinned)) == (min(navs), max(navs))
    assert min(thin["columns"]["drawdown_ratio"]) == tile["metrics"]["max_drawdown"]
    assert thin["columns"]["return_ratio"][-1] == tile["metrics"]["total_return"]


def week_of(moment):
    return datetime.fromisoformat(moment).isocalendar()[:2]


def month_of(moment):
    return moment[:7]


@pytest.mark.parametrize(("interval", "period"), [("1w", week_of), ("1mo", month_of)])
def test_coarser_intervals_are_the_last_days_of_their_periods(client, standing, interval, period):
    slug = SLUGS[0]
    daily = get(client, f"{LIST}{slug}/performance/")["columns"]
    coarse = get(client, f"{LIST}{slug}/performance/", interval=interval)["columns"]
    moments = coarse["as_of_at"]
    last = {period(moment): moment for moment in daily["as_of_at"]}
    assert moments == list(last.values())
    navs = dict(zip(daily["as_of_at"], daily["nav_per_share_usd"], strict=True))
    assert coarse["nav_per_share_usd"] == [navs[moment] for moment in moments]


def test_an_import_changes_tile_page_chart_and_csv_together(client, standing):
    def told():
        tile = get(client, f"{LIST}alpha/")["headline"]
        (item,) = get(client, LIST, q="alpha", fields="headline")["results"]
        chart = chart_of(client, "alpha", tile)
        return {
            tile["metrics"]["total_return"],
            item["headline"]["metrics"]["total_return"],
            chart["columns"]["return_ratio"][-1],
            float(csv_of(client, "alpha", tile)["return_ratio"][-1]),
        }

    for last in (1.5, 1.75, 0.5):
        points = [point(1, 1.0), point(2, 1.25), point(3, last)]
        standing.run(document(strategies=[strategy(performance=points)]))
        assert told() == {last - 1.0}


def test_a_benchmark_stands_beside_each_point_and_is_never_older_than_a_day(client, standing):
    row = Strategy.objects.filter(benchmark__isnull=False).order_by("slug")[0]
    assert row.benchmark is not None
    benchmark = row.benchmark.slug
    body = get(client, f"{LIST}{row.slug}/performance/", benchmark=benchmark)
    assert body["benchmark"] == {"slug": benchmark, "name": row.benchmark.name}
    columns = body["columns"]
    prices = get(client, f"/api/v1/benchmarks/{benchmark}/points/")["columns"]
    known = {
        moment[:10]: price
        for moment, price in zip(prices["as_of_at"], prices["price_usd"], strict=True)
    }
    for moment, price in zip(columns["as_of_at"], columns["benchmark_price_usd"], strict=True):
        assert price == known.get(moment[:10], price)
    first = next(float(one) for one in columns["benchmark_price_usd"] if one is not None)
    for price, gain in zip(
        columns["benchmark_price_usd"], columns["benchmark_return_ratio"], strict=True
    ):
        assert gain == (None if price is None else float(price) / first - 1.0)
