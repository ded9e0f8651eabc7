"""The investor report: the same numbers as everywhere else, each with where it comes from."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from atlas.domain.metrics import Reason
from strategies.models import Benchmark, BenchmarkPoint, ImportedTrade, Strategy
from strategies.report.figures import REPORTED
from tests.factories import BenchmarkFactory, PerformancePointFactory, StrategyFactory
from tests.strategies.world import LIST, SAMPLE, get, refused

pytestmark = pytest.mark.django_db

PATH = f"{LIST}eth-ema-trend/report/"
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COUNTS = ("samples", "filled_days", "missing_days", "gaps")


def make_series(strategy, navs, *, source="backtest", days=None, aums=None):
    """Give a strategy one point a day, or on the given days only."""
    for place, nav in enumerate(navs):
        PerformancePointFactory.create(
            strategy=strategy,
            source=source,
            as_of_at=FIRST + (days[place] if days else place) * DAY,
            nav_per_share_usd=Decimal(str(nav)),
            aum_usd=None if aums is None else aums[place],
        )


def values_of(report):
    return {name: one["value"] for name, one in report["metrics"].items()}


@pytest.mark.parametrize("source", ["live", "backtest"])
def test_the_report_over_a_tiles_window_shows_what_the_tile_shows(client, standing, source):
    compared = set()
    for window in ("30d", "90d", "1y", "all"):
        page = get(client, LIST, window=window, source=source, page_size=100)
        for tile in [one for one in page["results"] if one["headline"] is not None][:4]:
            headline = tile["headline"]
            within = headline["provenance"]
            if date.fromisoformat(within["first_at"][:10]) > date.fromisoformat(
                within["window_from_on"]
            ):
                assert set(headline["reasons"].values()) == {"insufficient_history"}
                continue
            report = get(
                client,
                f"{LIST}{tile['slug']}/report/",
                **{"from": within["window_from_on"], "to": within["window_to_on"]},
                source=source,
            )
            shown, told = values_of(report), report["provenances"]["returns"]
            assert {name: shown[name] for name in headline["metrics"]} == headline["metrics"]
            assert report["source_label"] == headline["source_label"]
            assert {n: told[n] for n in COUNTS} == {n: within[n] for n in COUNTS}
            compared.add((window, tile["slug"]))
    assert len(compared) >= 12


def test_the_report_without_a_range_shows_the_headline_of_the_best_evidence(client, standing):
    headline = get(client, f"{LIST}eth-ema-trend/")["headline"]
    report = get(client, PATH)
    assert report["source"] == headline["source"] == "live"
    shown = values_of(report)
    assert {name: shown[name] for name in headline["metrics"]} == headline["metrics"]


def test_report_and_chart_end_on_the_same_return_and_fall_as_deep(client, standing):
    for query in ({"source": "backtest"}, {"from": "2025-03-01", "to": "2025-09-30"}):
        report = get(client, PATH, **query)
        columns = get(client, f"{LIST}eth-ema-trend/performance/", **query)["columns"]
        shown, curves = values_of(report), report["curves"]
        assert shown["total_return"] == columns["return_ratio"][-1] == curves["return_ratio"][-1]
        assert shown["max_drawdown"] == min(columns["drawdown_ratio"])
        assert shown["max_drawdown"] == min(curves["drawdown_ratio"])
        assert shown["current_drawdown"] == curves["drawdown_ratio"][-1]
        assert curves["days_before_thinning"] == len(columns["as_of_at"])


def test_months_compound_to_years_and_years_to_the_whole(client, standing):
    report = get(client, PATH, source="backtest")
    whole = 1.0
    for year in report["years"]:
        shown = 1.0
        for month in filter(None, year["months"]):
            shown *= 1.0 + month["value"]
        assert shown - 1.0 == pytest.approx(year["total"], abs=1e-12)
        whole *= shown
    assert whole - 1.0 == pytest.approx(values_of(report)["total_return"], rel=1e-12)
    assert [year["year"] for year in report["years"]] == [2024, 2025]
    assert report["years"][0]["months"][0]["is_partial"]


def test_every_metric_is_there_and_names_a_sample_that_is_told(client, standing):
    report = get(client, PATH, source="backtest")
    assert list(report["metrics"]) == [metric.value for metric in REPORTED]
    for one in report["metrics"].values():
        assert one["provenance"] in report["provenances"]
        assert (one["value"] is None) == (one["reason"] is not None)
    samples = {name: one["samples"] for name, one in report["provenances"].items()}
    assert samples == {
        "returns": 730,
        "months": 24,
        "trades": 89,
        "shared_days": 730,
        "benchmark": 730,
    }


def test_a_sample_says_whose_data_of_which_version_it_is_made_of(client, standing):
    told = get(client, PATH, source="backtest")["provenances"]
    version = Strategy.objects.get(slug="eth-ema-trend").data_version
    assert (told["returns"]["source"], told["returns"]["data_version"]) == ("backtest", version)
    assert told["returns"]["benchmark"] is None
    assert (told["shared_days"]["source"], told["shared_days"]["benchmark"]) == ("backtest", "eth")
    assert told["benchmark"]["source"] is None
    assert told["benchmark"]["benchmark_version"] >= 1
    assert told["trades"]["source"] is None  # there are live and backtest series


def test_gaps_and_filled_days_are_counted_and_told(client):
    strategy = StrategyFactory.create(slug="holes")
    days = [*range(40), 42, *range(50, 100)]  # two days to fill, then a gap of seven
    make_series(strategy, [1 + 0.001 * (day % 7) for day in days], days=days)
    report = get(client, f"{LIST}holes/report/")
    told = report["provenances"]["returns"]
    assert (told["filled_days"], told["missing_days"], told["gaps"]) == (2, 7, 1)
    assert {"gaps", "filled_days"} <= {note["code"] for note in report["notes"]}
    assert values_of(report)["sharpe"] is not None


def test_a_short_history_is_flagged_and_what_it_cannot_bear_is_null_with_a_reason(client):
    make_series(StrategyFactory.create(slug="young"), [1 + 0.01 * (n % 5) for n in range(20)])
    report = get(client, f"{LIST}young/report/")
    metrics = report["metrics"]
    assert report["short_history"]
    assert metrics["total_return"]["value"] is not None
    for name in ("cagr", "calmar", "sharpe", "sortino", "volatility"):
        assert (metrics[name]["value"], metrics[name]["reason"]) == (
            None,
            Reason.INSUFFICIENT_HISTORY.value,
        )
    assert "short_history" in {note["code"] for note in report["notes"]}
    assert report["rolling"] != []
    assert all(one["values"] == [] for one in report["rolling"])


def test_one_point_and_no_point_have_reports_that_say_so(client):
    make_series(StrategyFactory.create(slug="born"), [1])
    report = get(client, f"{LIST}born/report/")
    assert values_of(report)["total_return"] is None
    assert report["curves"]["on"] == ["2024-01-01"]
    assert report["bridges"] == []
    StrategyFactory.create(slug="planned")
    report = get(client, f"{LIST}planned/report/")
    assert (report["source"], report["window"], report["years"]) == (None, None, [])
    assert {one["reason"] for one in report["metrics"].values()} == {"insufficient_history"}
    assert [note["code"] for note in report["notes"]] == ["no_series"]


def test_the_benchmark_is_the_strategys_own_unless_another_or_none_is_wanted(client, standing):
    own = get(client, PATH, source="backtest")
    other = get(client, PATH, source="backtest", benchmark="btc")
    none = get(client, PATH, source="backtest", benchmark="none")
    assert own["comparison"]["benchmark"] == {"slug": "eth", "name": "Ether"}
    assert other["comparison"]["benchmark"]["slug"] == "btc"
    assert values_of(own)["beta"] != values_of(other)["beta"]
    assert (none["comparison"], none["metrics"]["beta"]["reason"]) == (None, "no_benchmark")
    assert none["curves"]["benchmark_return_ratio"] is None
    prices = get(client, "/api/v1/benchmarks/eth/points/")["columns"]
    first, last = (Decimal(prices["price_usd"][at]) for at in (0, -1))
    shown = own["comparison"]["metrics"]["total_return"]
    assert shown["benchmark"] == pytest.approx(float(last / first - 1), rel=1e-12)
    assert shown["difference"] == shown["strategy"] - shown["benchmark"]
    assert own["curves"]["benchmark_return_ratio"][-1] == shown["benchmark"]


def test_a_strategy_that_is_its_own_benchmark_has_beta_1_and_alpha_0(client):
    navs = [1 + 0.01 * ((n * 7) % 11) for n in range(120)]
    make_series(StrategyFactory.create(slug="mirror"), navs)
    benchmark = BenchmarkFactory.create(slug="same")
    BenchmarkPoint.objects.bulk_create(
        BenchmarkPoint(benchmark=benchmark, as_of_at=FIRST + n * DAY, price_usd=Decimal(str(nav)))
        for n, nav in enumerate(navs)
    )
    shown = values_of(get(client, f"{LIST}mirror/report/", benchmark="same"))
    assert (shown["beta"], shown["alpha_arithmetic"], shown["tracking_error"]) == (1.0, 0.0, 0.0)
    assert shown["information_ratio"] is None


def test_a_benchmark_that_begins_later_is_drawn_and_told_from_there_on(client):
    make_series(StrategyFactory.create(slug="old"), [1 + 0.01 * (n % 9) for n in range(100)])
    late, empty = BenchmarkFactory.create(slug="late"), BenchmarkFactory.create(slug="empty")
    BenchmarkPoint.objects.bulk_create(
        BenchmarkPoint(benchmark=late, as_of_at=FIRST + n * DAY, price_usd=Decimal(100 + n))
        for n in range(40, 100)
    )
    report = get(client, f"{LIST}old/report/", benchmark="late")
    drawn = report["curves"]["benchmark_return_ratio"]
    assert drawn[:40] == [None] * 40
    assert drawn[40] == 0.0
    assert report["provenances"]["benchmark"]["first_on"] == "2024-02-10"
    assert "benchmark_covers_less" in {note["code"] for note in report["notes"]}
    report = get(client, f"{LIST}old/report/", benchmark=empty.slug)
    assert report["comparison"] is None
    assert "benchmark_without_prices" in {note["code"] for note in report["notes"]}


def test_a_price_of_the_day_before_opens_the_benchmark(client):
    make_series(StrategyFactory.create(slug="daily"), [1, 1.1, 1.2, 1.3])
    benchmark = BenchmarkFactory.create(slug="eve")
    for day, price in ((-1, 100), (1, 110), (3, 120)):
        BenchmarkPoint.objects.create(
            benchmark=benchmark, as_of_at=FIRST + day * DAY, price_usd=Decimal(price)
        )
    report = get(client, f"{LIST}daily/report/", benchmark="eve")
    drawn = report["curves"]["benchmark_return_ratio"]
    assert drawn == pytest.approx([0.0, 0.1, 0.1, 0.2])


def test_the_risk_free_rate_is_echoed_and_lowers_the_sharpe_ratio(client, standing):
    without, with_it = get(client, PATH), get(client, PATH, rf="0.05")
    assert (without["terms"]["rf"], with_it["terms"]["rf"]) == (0.0, 0.05)
    assert values_of(with_it)["sharpe"] < values_of(without)["sharpe"]
    assert values_of(with_it)["volatility"] == values_of(without)["volatility"]


def test_a_histogram_counts_every_daily_return(client, standing):
    bars = get(client, PATH, source="backtest")["histogram"]
    assert sum(bars["counts"]) == 730
    assert len(bars["edges"]) == len(bars["counts"]) + 1
    assert 0.0 in bars["edges"]


def test_lines_are_bounded_and_keep_their_extremes(client, standing):
    report = get(client, PATH, source="backtest")
    assert len(report["curves"]["on"]) <= 366 < report["curves"]["days_before_thinning"]
    for one in report["rolling"]:
        assert len(one["on"]) == len(one["values"]) <= 366 < one["values_before_thinning"]
        assert one["on"] == sorted(one["on"])
    assert {one["metric"] for one in report["rolling"]} == {
        "rolling_sharpe",
        "rolling_volatility",
        "rolling_beta",
    }


def test_trades_of_the_range_are_counted_by_their_closing(client, standing):
    trades = ImportedTrade.objects.filter(strategy__slug="funding-carry")
    report = get(
        client, f"{LIST}funding-carry/report/", **{"from": "2024-07-01", "to": "2025-06-30"}
    )
    begin, end = datetime(2024, 7, 2, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
    closed = trades.filter(closed_at__gte=begin, closed_at__lt=end)
    won = closed.filter(pnl_usd__gt=0).count()
    shown = values_of(report)
    assert shown["trade_count"] == closed.count() > 20
    assert shown["win_rate_trades"] == won / closed.count()
    assert isinstance(shown["expectancy_usd"], str)
    assert report["provenances"]["trades"]["source"] == "backtest"


def test_a_record_without_trades_and_a_range_without_one_are_told_apart(client, standing):
    ImportedTrade.objects.filter(strategy__slug="funding-carry").delete()
    none = get(client, f"{LIST}funding-carry/report/")
    assert none["metrics"]["trade_count"]["reason"] == "not_reported"
    quiet = get(client, PATH, source="backtest", **{"from": "2025-12-30", "to": "2025-12-31"})
    assert quiet["metrics"]["trade_count"]["value"] == 0
    assert quiet["metrics"]["profit_factor"]["reason"] == "no_trades"


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"from": "yesterday"}, "from", "YYYY-MM-DD"),
        ({"to": "2024-02-30"}, "to", "YYYY-MM-DD"),
        ({"from": "2025-02-01", "to": "2025-01-01"}, "from", "must not be after to"),
        ({"source": "dream"}, "source", "allowed: backtest, paper, live"),
        ({"benchmark": "gold"}, "benchmark", "/api/v1/benchmarks/ lists"),
        ({"benchmark": ""}, "benchmark", "1 to 40 characters"),
        ({"rf": "five"}, "rf", "must be a number"),
        ({"rf": "-1"}, "rf", "above -1"),
        ({"rf": "10.5"}, "rf", "at most 10"),
        ({"rf": "nan"}, "rf", "must be a number"),
        ({"format": "xlsx"}, "format", "allowed: json, csv, html, pdf"),
        ({"data_version": "0"}, "data_version", "whole number from 1"),
        ({"data_version": "999"}, "data_version", "must lie between"),
        ({"window": "1y"}, "window", "is unknown"),
        ({"form": "csv"}, "form", "did you mean format?"),
        ({"from": "2030-01-01"}, "from", "reaches from 2025-01-01 to 2025-12-31"),
        ({"to": "2020-01-01"}, "to", "reaches from"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(client, standing, query, field, words):
    detail = refused(client, PATH, **query)
    assert set(detail) == {field}
    assert words in str(detail[field])


def test_all_wrong_parameters_are_named_at_once(client, standing):
    assert set(refused(client, PATH, rf="x", source="y", to="z")) == {"rf", "source", "to"}


def test_an_unknown_strategy_and_one_that_is_not_public_are_not_found(client, standing):
    Strategy.objects.filter(slug="eth-ema-trend").update(public=False)
    for path in (PATH, f"{LIST}nobody/report/"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_delisted_strategy_keeps_its_report_and_is_called_so(client, standing):
    report = get(client, f"{LIST}eth-noise-scalper/report/")
    assert report["strategy"]["status"] == "delisted"
    assert "delisted" in {note["code"] for note in report["notes"]}
    assert values_of(report)["total_return"] is not None


def test_restated_history_is_told_and_the_old_figures_stay_readable(client, standing):
    before = get(client, PATH, source="backtest")
    export = json.loads(SAMPLE.read_bytes())
    strategy = export["strategies"][0]
    point = next(one for one in strategy["performance"] if one["as_of_at"][:10] == "2024-05-05")
    point["nav_per_share_usd"] = round(point["nav_per_share_usd"] * 0.97, 6)
    del export["checksum"]
    standing.run(export)
    after = get(client, PATH, source="backtest")
    assert values_of(after)["volatility"] != values_of(before)["volatility"]
    (notice,) = after["restatements"]
    assert notice["points_revised"] == 1
    assert "restated" in {note["code"] for note in after["notes"]}
    old = get(client, PATH, source="backtest", data_version=before["data_version"])
    assert not old["is_current"]
    traded = {"trade_count", "win_rate_trades", "profit_factor", "expectancy", "expectancy_usd"}
    traded |= {"average_trade_duration", "exposure", "turnover"}
    untraded = [name for name in values_of(old) if name not in traded]
    assert {n: values_of(old)[n] for n in untraded} == {n: values_of(before)[n] for n in untraded}
    assert old["metrics"]["trade_count"]["reason"] == "not_reported"
    assert "earlier_version" in {note["code"] for note in old["notes"]}
    assert {claim["reason"] for claim in old["claims"]} == {"other_window"}


def test_the_report_costs_the_same_few_queries_whatever_is_asked(
    client, standing, django_assert_num_queries
):
    for query in ({}, {"source": "backtest"}, {"rf": "0.01", "from": "2025-02-01"}):
        with django_assert_num_queries(7):  # one of them for its vault
            assert client.get(PATH, query).status_code == 200
    StrategyFactory.create(slug="bare")
    with django_assert_num_queries(4):
        assert client.get(f"{LIST}bare/report/").status_code == 200


def test_a_known_answer_is_not_sent_again(client, standing):
    first = client.get(PATH)
    again = client.get(PATH, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(PATH, {"rf": "0.01"})["ETag"] != first["ETag"]
    assert client.get(PATH, {"format": "csv"})["ETag"] != first["ETag"]


def test_new_prices_of_the_benchmark_change_the_etag(client, standing):
    first = client.get(PATH)["ETag"]
    export = json.loads(SAMPLE.read_bytes())
    export["benchmarks"][1]["points"][5]["price_usd"] += 1
    del export["checksum"]
    standing.run(export)
    assert Benchmark.objects.count() == 2
    assert client.get(PATH)["ETag"] != first
