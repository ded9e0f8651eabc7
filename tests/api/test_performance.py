"""The NAV series of a strategy: columns, ranges, kinds of evidence."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from strategies import series
from tests.factories import PerformancePointFactory, StrategyFactory

pytestmark = pytest.mark.django_db

PATH = "/api/v1/strategies/trend/performance/"
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def trend():
    strategy = StrategyFactory.create(slug="trend", data_version=7)
    for day in (3, 0, 2, 1):  # rows come in no order; columns must
        PerformancePointFactory.create(
            strategy=strategy,
            source="backtest",
            as_of_at=FIRST + timedelta(days=day),
            nav_per_share_usd=Decimal("1.1") + Decimal(day) / 1000,
            aum_usd=Decimal(1_000_000) if day else None,
        )
    return strategy


def test_a_series_is_columns_of_equal_length_oldest_first(client, trend):
    body = client.get(PATH).json()
    assert {key: body[key] for key in body if key != "columns"} == {
        "strategy": "trend",
        "source": "backtest",
        "source_label": "Backtest: computed over past prices, nothing was traded",
        "data_version": 7,
        "is_current": True,
        "interval": "1d",
        "observations": 4,
        "observations_before_thinning": 4,
        "thinned_by": None,
        "first_at": "2024-01-01T00:00:00Z",
        "last_at": "2024-01-04T00:00:00Z",
        "benchmark": None,
        "restatements": [],
    }
    assert body["columns"] == {
        "as_of_at": [f"2024-01-0{day}T00:00:00Z" for day in (1, 2, 3, 4)],
        "nav_per_share_usd": ["1.1", "1.101", "1.102", "1.103"],
        "return_ratio": [0.0, 1.101 / 1.1 - 1, 1.102 / 1.1 - 1, 1.103 / 1.1 - 1],
        "drawdown_ratio": [0.0, 0.0, 0.0, 0.0],
        "aum_usd": [None, "1000000", "1000000", "1000000"],
    }


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"from": "2024-01-02"}, ["02", "03", "04"]),
        ({"to": "2024-01-02"}, ["01", "02"]),
        ({"from": "2024-01-02", "to": "2024-01-02"}, ["02"]),
        ({"from": "2025-01-01"}, []),
    ],
)
def test_a_range_includes_both_its_days(client, trend, query, days):
    body = client.get(PATH, query).json()
    assert [moment[8:10] for moment in body["columns"]["as_of_at"]] == days
    assert body["observations"] == len(days)


def test_the_last_moment_of_the_last_day_belongs_to_the_range(client, trend):
    PerformancePointFactory.create(
        strategy=trend, as_of_at=datetime(2024, 1, 2, 23, 59, 59, 999999, tzinfo=UTC)
    )
    moments = client.get(PATH, {"to": "2024-01-02"}).json()["columns"]["as_of_at"]
    assert moments == ["2024-01-01T00:00:00Z", "2024-01-02T23:59:59.999999Z"]
    every = client.get(PATH, {"to": "2024-01-02", "interval": "raw"}).json()["columns"]["as_of_at"]
    assert len(every) == 3


def test_live_points_are_preferred_and_any_kind_can_be_asked_for(client, trend):
    PerformancePointFactory.create(strategy=trend, source="live", as_of_at=FIRST)
    assert client.get(PATH).json()["source"] == "live"
    assert client.get(PATH, {"source": "backtest"}).json()["observations"] == 4
    paper = client.get(PATH, {"source": "paper"}).json()
    assert (paper["source"], paper["observations"], paper["first_at"]) == ("paper", 0, None)


def test_a_strategy_without_any_series_answers_empty_columns_and_no_source(client):
    StrategyFactory.create(slug="trend")
    body = client.get(PATH).json()
    assert body["source"] is None
    assert body["source_label"] is body["first_at"] is body["last_at"] is None
    assert set(map(tuple, body["columns"].values())) == {()}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2024-13-01"}, "to"),
        ({"from": "2024-02-01", "to": "2024-01-01"}, "from"),
        ({"source": "dream"}, "source"),
        ({"interval": "2d"}, "interval"),
        ({"benchmark": "nothing"}, "benchmark"),
        ({"max_points": "9"}, "max_points"),
        ({"max_points": "100001"}, "max_points"),
        ({"data_version": "0"}, "data_version"),
        ({"data_version": "8"}, "data_version"),
        ({"format": "xml"}, "format"),
        ({"window": "30d"}, "window"),
        ({"page": "1"}, "page"),
    ],
)
def test_bad_parameters_are_refused_by_name(client, trend, query, field):
    answer = client.get(PATH, query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert set(answer.json()["detail"]) == {field}


def test_a_range_with_too_many_points_asks_to_be_narrowed(client, trend, monkeypatch):
    monkeypatch.setattr(series, "LONGEST_SERIES", 3)
    answer = client.get(PATH)
    assert answer.status_code == 400
    assert "narrow it with from and to" in answer.json()["message"]
    assert client.get(PATH, {"from": "2024-01-02"}).json()["observations"] == 3
