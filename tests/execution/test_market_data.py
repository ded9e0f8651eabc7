"""The replay provider: what it gives, and what it refuses with dates."""

import gzip
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings

from atlas.domain.candles import GappedData, NotEnoughData, Timeframe
from atlas.domain.errors import InvalidInput, UnusableData
from atlas.domain.recording import RecordingEnded
from atlas.domain.stopped_clock import StoppedClock
from execution.marketdata.base import UnknownMarket
from execution.marketdata.replay import ReplayMarketData, open_recording, recordings_in
from tests.execution.world import BEGIN, HOUR, MARKET, recording, waves

PRICES = recording(waves())
HOLED = recording(waves(), without={10, 11, 12})


def at(hours):
    return BEGIN + hours * HOUR


def provider(one=PRICES, *, hours=30):
    return ReplayMarketData.of([one], StoppedClock(at(hours)))


def candles(given, *, until, count):
    return given.candles(MARKET, Timeframe.H1, until=at(until), count=count)


def test_candles_end_where_they_were_asked_to_end():
    given = candles(provider(), until=30, count=5)
    assert [one.open_at for one in given.series.candles] == [at(hour) for hour in range(25, 30)]
    assert given.source == "replay:test"


def test_the_future_is_not_shown():
    with pytest.raises(UnusableData, match="stands at") as caught:
        candles(provider(hours=30), until=31, count=5)
    assert caught.value.code == "future"


def test_a_hole_is_refused_with_its_dates():
    with pytest.raises(GappedData, match="2024-01-01 10:00 to 2024-01-01 12:00") as caught:
        candles(provider(HOLED), until=20, count=15)
    assert caught.value.detail["missing"] == 3


def test_a_hole_at_the_end_is_refused_with_its_dates():
    with pytest.raises(GappedData, match="2024-01-01 10:00 to 2024-01-01 11:00"):
        candles(provider(HOLED), until=12, count=3)


def test_bars_from_before_the_recording_are_refused():
    with pytest.raises(NotEnoughData):
        candles(provider(), until=3, count=5)


def test_bars_from_after_the_recording_are_refused():
    with pytest.raises(RecordingEnded):
        candles(provider(hours=100), until=80, count=5)


def test_a_market_that_is_not_recorded_is_refused_and_the_known_ones_named():
    with pytest.raises(UnknownMarket, match=r"SOL/USD.*ETH/USD 1h"):
        provider().quote("SOL/USD")


def test_the_price_is_the_close_of_the_newest_bar():
    quote = provider(hours=30).quote(MARKET)
    assert (quote.min_usd, quote.max_usd) == (PRICES.candles[29].close_usd,) * 2
    assert quote.at == at(30)


def test_in_a_hole_the_price_says_how_old_it_is():
    assert provider(HOLED, hours=12).quote(MARKET).at == at(10)


def test_before_the_recording_there_is_no_price():
    with pytest.raises(UnusableData, match="begins at"):
        provider(hours=0).quote(MARKET)


def test_the_end_of_a_recording_is_known():
    assert provider().ends_at(MARKET, Timeframe.H1) == at(60)


def test_the_shipped_recordings_are_found_and_say_that_they_are_synthetic():
    found = recordings_in(settings.ATLAS_MARKET_DATA_DIR)
    assert {market for market, _ in found} == {"ETH/USD", "BTC/USD"}
    for (market, timeframe), path in found.items():
        opened = open_recording(path, market=market)
        assert opened.timeframe is timeframe
        assert "SYNTHETIC" in opened.label


def write(folder, name="one", rows=3, **described):
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"2024-01-01T{hour:02}:00:00Z,1,1,1,1,0" for hour in range(rows)]
    (folder / f"{name}.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    content = {"market": MARKET, "timeframe": "1h", "file": f"{name}.csv.gz", **described}
    (folder / f"{name}.json").write_text(json.dumps(content))


def test_a_file_that_is_made_anew_is_another_source(tmp_path):
    write(tmp_path)
    path = tmp_path / "one.csv.gz"
    before = open_recording(path, market=MARKET)
    write(tmp_path, rows=4)
    after = open_recording(path, market=MARKET)
    assert before.name != after.name
    assert len(after.candles) == 4


@pytest.mark.parametrize(
    ("described", "problem"),
    [
        ({"timeframe": "7m"}, "no known timeframe"),
        ({"file": "elsewhere.csv"}, "not beside it"),
        ({"file": "../one.csv.gz"}, None),  # a path is cut to the name of a file in the folder
    ],
)
def test_a_description_that_is_wrong_is_refused_by_name(tmp_path, described, problem):
    write(tmp_path, **described)
    if problem is None:
        assert [path.parent for path in recordings_in(tmp_path).values()] == [tmp_path]
        return
    with pytest.raises(InvalidInput, match=problem):
        recordings_in(tmp_path)


def test_a_description_that_is_no_json_is_refused_by_name(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InvalidInput, match=r"broken\.json describes no recording"):
        recordings_in(tmp_path)


def test_two_recordings_of_one_market_are_refused(tmp_path):
    write(tmp_path, name="one")
    write(tmp_path, name="two")
    with pytest.raises(InvalidInput, match="already recorded in"):
        recordings_in(tmp_path)


def test_a_file_that_is_not_there_is_refused_without_its_folder(tmp_path):
    with pytest.raises(InvalidInput, match=r"nothing\.csv cannot be read") as caught:
        open_recording(tmp_path / "nothing.csv", market=MARKET)
    assert str(tmp_path) not in caught.value.message


def test_a_stopped_clock_stands_and_needs_a_zone():
    clock = StoppedClock(at(1))
    assert (clock.now(), clock.simulated) == (at(1), True)
    with pytest.raises(InvalidInput, match="time zone"):
        StoppedClock(at(1).replace(tzinfo=None))


def test_prices_stay_decimals():
    assert isinstance(provider().quote(MARKET).mark_usd, Decimal)
    assert PRICES.ends_at - PRICES.begins_at == timedelta(hours=60)
