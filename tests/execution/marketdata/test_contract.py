"""The contract of providers: whatever a source says, each case has its documented outcome.

`docs/market-data.md` holds the same tables for people; a test compares them.
"""

import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atlas.domain.candles import (
    DuplicateBar,
    FutureBar,
    GappedData,
    ImpossibleBar,
    OffGridBar,
    OutOfOrderBar,
    StaleData,
    Timeframe,
)
from atlas.domain.errors import AtlasError
from execution.marketdata.base import UnknownMarket
from execution.marketdata.breaker import FAILURES_TO_OPEN
from execution.marketdata.circuits import Circuits
from execution.marketdata.errors import MalformedAnswer, SourceAway, SourceBusy, SourceRefused
from tests.execution.marketdata.stub import QUICK, Says, stub_server
from tests.execution.marketdata.worlds import (
    COUNT,
    HOUR,
    MARKET,
    NOW,
    UNTIL,
    WORLDS,
    ask_candles,
    bars,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "market-data.md"

# What the wire does -> what asking ends in, for quotes and candles alike.
WIRE = {
    "500": (lambda good: Says(b"oops", status=500), SourceAway),
    "503": (lambda good: Says(b"", status=503), SourceAway),
    "429 with Retry-After": (lambda good: Says(b"", status=429, Retry_After="7"), SourceBusy),
    "429 without": (lambda good: Says(b"", status=429), SourceBusy),
    "403": (lambda good: Says(b"no", status=403), SourceRefused),
    "404": (lambda good: Says(b"gone", status=404), SourceRefused),
    "slow": (lambda good: Says(good, wait=0.6), SourceAway),
    "cut connection": (lambda good: Says(good, cut=True), SourceAway),
    "truncated JSON": (lambda good: Says(Says(good).body[:-9]), MalformedAnswer),
    "a page instead of JSON": (lambda good: Says(b"<html>hello</html>"), MalformedAnswer),
    "bytes that are no text": (lambda good: Says(b"\xff\xfe\x00"), MalformedAnswer),
    "empty body": (lambda good: Says(b""), MalformedAnswer),
    "null": (lambda good: Says(None), MalformedAnswer),
    "nested beyond reason": (lambda good: Says(b"[" * 200_000), MalformedAnswer),
    "another shape": (lambda good: Says({"hello": [1]}), MalformedAnswer),
    "too many bytes": (lambda good: Says(b" " * 5_100_000), SourceRefused),
}


def _changed(index, place, value):
    def change(rows):
        rows[index][place] = value
        return rows

    return change


def _twice(rows):
    return [*rows[:3], rows[2], *rows[3:]]


def _swapped(rows):
    rows[2], rows[3] = rows[3], rows[2]
    return rows


# What is wrong with the bars -> what asking ends in, and the time that the refusal names.
ROWS = {
    "a hole": (lambda rows: rows[:2] + rows[3:], GappedData, "2026-07-01 09:00"),
    "newest bar missing": (lambda rows: rows[:4], StaleData, "2026-07-01 11:00"),
    "a bar twice": (_twice, DuplicateBar, "2026-07-01 09:00"),
    "out of order": (_swapped, OutOfOrderBar, "2026-07-01 09:00"),
    "off the grid": (
        _changed(2, 0, int((UNTIL - 3 * HOUR).timestamp()) + 60),
        OffGridBar,
        "2026-07-01 09:01",
    ),
    "zero price": (_changed(2, 4, 0), ImpossibleBar, "2026-07-01 09:00"),
    "negative price": (_changed(2, 1, -1.5), ImpossibleBar, "2026-07-01 09:00"),
    "NaN price": (_changed(2, 1, float("nan")), ImpossibleBar, "2026-07-01 09:00"),
    "infinite price": (_changed(2, 2, float("inf")), ImpossibleBar, "2026-07-01 09:00"),
    "high below low": (_changed(2, 2, 1000.0), ImpossibleBar, "2026-07-01 09:00"),
    "price as a text": (_changed(2, 1, "1700.5"), MalformedAnswer, "A "),
    "price missing": (_changed(2, 1, None), MalformedAnswer, "A "),
    "time as a word": (_changed(2, 0, "noon"), MalformedAnswer, "time"),
    "time beyond all years": (_changed(2, 0, 10**17), MalformedAnswer, "time"),
}

# What is wrong with the quote -> what asking ends in.
PRICES: dict[str, tuple[dict[str, Any], type[AtlasError]]] = {
    "zero": ({"price": "0"}, ImpossibleBar),
    "negative": ({"price": "-5"}, ImpossibleBar),
    "not a number": ({"price": "NaN"}, MalformedAnswer),
    "a float": ({"price": 1739.5}, MalformedAnswer),
    "missing": ({"price": None}, MalformedAnswer),
    "a wrong scale": ({"price": "9" * 60}, ImpossibleBar),
    "stale": ({"at": int(NOW.timestamp()) - 3600}, StaleData),
    "ahead of all clocks": ({"at": int(NOW.timestamp()) + 3600}, FutureBar),
    "no time": ({"at": "soon"}, MalformedAnswer),
}


@pytest.fixture(scope="module")
def one_server():
    with stub_server() as server:
        yield server


@pytest.fixture
def server(one_server):
    one_server.answers, one_server.seen, one_server.time = {}, [], NOW.timestamp()
    return one_server


@pytest.fixture(params=WORLDS, ids=lambda world: world.name)
def world(request, server):
    request.param.prepare(server)
    server.answers[request.param.candles_path] = Says(request.param.candles(bars()))
    server.answers[request.param.quote_path] = Says(request.param.quote())
    return request.param


def test_candles_are_the_closed_ones_that_were_asked_for(server, world):
    given = ask_candles(world.provider(server))
    assert given.source == world.name
    assert [one.open_at for one in given.series.candles] == [UNTIL - n * HOUR for n in (4, 3, 2, 1)]
    assert given.series.last.close_usd == Decimal("1705.5")


def test_digits_come_through_as_they_were_written(server, world):
    content = Says(world.candles(bars())).body.replace(b"1705.5", b"1705.123456789012345678")
    server.answers[world.candles_path] = Says(
        content.replace(b"1710.25", b"1710.250000000000000001")
    )
    last = ask_candles(world.provider(server)).series.last
    assert last.close_usd == Decimal("1705.123456789012345678")
    assert last.high_usd == Decimal("1710.250000000000000001")


def test_a_quote_has_two_prices_a_time_and_its_source(server, world):
    quote = world.provider(server).quote(MARKET)
    assert (quote.source, quote.at) == (world.name, NOW.replace(microsecond=0))
    assert Decimal("1738.9") < quote.min_usd < quote.max_usd < Decimal("1740.1")


@pytest.mark.parametrize("case", WIRE)
@pytest.mark.parametrize("what", ["candles", "quote"])
def test_each_way_a_wire_fails_has_its_end(server, world, case, what):
    make, expected = WIRE[case]
    path = world.candles_path if what == "candles" else world.quote_path
    good = world.candles(bars()) if what == "candles" else world.quote()
    server.answers[path] = make(good)
    with pytest.raises(AtlasError) as caught:
        _ask(world.provider(server), what)
    assert type(caught.value) is expected


def _ask(provider, what):
    return ask_candles(provider) if what == "candles" else provider.quote(MARKET)


@pytest.mark.parametrize("case", ROWS)
def test_each_fault_of_bars_is_refused_by_name_and_date(server, world, case):
    change, expected, named = ROWS[case]
    server.answers[world.candles_path] = Says(world.candles(change(bars())))
    with pytest.raises(AtlasError, match=re.escape(named)) as caught:
        ask_candles(world.provider(server))
    assert type(caught.value) is expected


@pytest.mark.parametrize("case", PRICES)
def test_each_fault_of_a_quote_is_refused_by_name(server, world, case):
    changes, expected = PRICES[case]
    server.answers[world.quote_path] = Says(world.priced(world.quote(), **changes))
    with pytest.raises(AtlasError) as caught:
        world.provider(server).quote(MARKET)
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    "bad", ["500", "403", "429 with Retry-After", "slow", "truncated JSON", "another shape"]
)
def test_the_next_endpoint_answers_where_the_first_does_not(server, world, bad):
    good = world.candles(bars())
    server.answers["one", world.candles_path] = WIRE[bad][0](good)
    assert len(ask_candles(world.provider(server)).series) == COUNT
    assert server.asked(world.candles_path) == ["one", "two"]


def test_an_endpoint_that_serves_old_bars_is_passed_over(server, world):
    server.answers["one", world.candles_path] = Says(world.candles(bars()[:3]))
    assert ask_candles(world.provider(server)).series.until_at == UNTIL


def test_a_host_whose_clock_says_the_bar_is_not_closed_is_asked_again_later(server, world):
    server.time = UNTIL.timestamp() - 30
    with pytest.raises(SourceAway, match="before the bar until") as caught:
        ask_candles(world.provider(server))
    assert caught.value.detail["wait_seconds"] >= 29


def test_an_old_price_is_not_young_because_our_clock_is_late(server, world):
    server.time = NOW.timestamp() + 3600
    with pytest.raises(StaleData):
        world.provider(server).quote(MARKET)


def test_a_source_that_keeps_failing_is_left_alone(server, world):
    circuits = Circuits(per_second=1000, burst=1000)
    provider = world.provider(server, circuits=circuits)
    server.answers[world.quote_path] = Says(b"", status=500)
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(SourceAway):
            provider.quote(MARKET)
    asked = len(server.asked(world.quote_path))
    with pytest.raises(SourceAway, match="pause") as caught:
        provider.quote(MARKET)
    assert len(server.asked(world.quote_path)) == asked
    assert caught.value.detail["wait_seconds"] > 0


def test_a_source_that_asks_for_patience_gets_it(server, world):
    provider = world.provider(server)
    server.answers[world.quote_path] = Says(b"", status=429, Retry_After="7")
    for _ in range(3):
        with pytest.raises(SourceAway):
            provider.quote(MARKET)
    assert server.asked(world.quote_path) == ["one", "two"]


def test_a_passing_failure_is_tried_again(server, world):
    said = iter([Says(b"", status=503), Says(b"", status=503), Says(world.quote())])
    server.answers[world.quote_path] = lambda query: next(said)
    assert world.provider(server).quote(MARKET).market == MARKET


def test_no_question_outlasts_its_time(server, world):
    server.answers[world.quote_path] = Says(world.quote(), wait=0.6)
    began = time.monotonic()
    with pytest.raises(SourceAway):
        world.provider(server).quote(MARKET)
    assert time.monotonic() - began < QUICK.total_seconds + 1.0


def test_a_market_nobody_reviewed_is_refused_and_the_known_ones_named(server, world):
    with pytest.raises(UnknownMarket, match=r"DOGE/USD.*ETH/USD, BTC/USD"):
        world.provider(server).quote("DOGE/USD")
    assert server.asked(world.quote_path) == []


def test_a_feed_has_no_end(server, world):
    assert world.provider(server).ends_at(MARKET, Timeframe.H1) is None


def test_the_document_names_the_outcome_of_every_case():
    text = DOCUMENT.read_text("utf-8")
    cases: dict[str, Any] = {name: end for name, (_, end) in [*WIRE.items(), *PRICES.items()]}
    cases |= {name: end for name, (_, end, _) in ROWS.items()}
    missing = [n for n, end in cases.items() if f"| {n} | `{end.code}` |" not in text]
    assert missing == []
