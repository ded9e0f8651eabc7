"""Chainlink's feeds, spoken by a reader that answers with the bytes a node answers with."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from atlas.domain.candles import FutureBar, ImpossibleBar, StaleData, Timeframe
from atlas.domain.stopped_clock import StoppedClock
from execution.marketdata.base import UnknownMarket
from execution.marketdata.chainlink import (
    ChainlinkMarketData,
    DecimalsMismatch,
    SequencerDown,
    latest_round,
)
from execution.marketdata.errors import MalformedAnswer
from execution.marketdata.specs import ARBITRUM_SEQUENCER, CHAINLINK_FEEDS

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
FEED = CHAINLINK_FEEDS[0]
LATEST_ROUND, DECIMALS = "feaf968c", "313ce567"  # the selectors, as every explorer shows them


def word(number):
    return (number % 2**256).to_bytes(32, "big")


def told(answer=173_949_543_408, started=NOW, updated=NOW - timedelta(minutes=5)):
    """Give the five words of latestRoundData."""
    number = 18_446_744_073_709_562_300
    stamps = [int(one.timestamp()) if one else 0 for one in (started, updated)]
    return b"".join(map(word, (number, answer, *stamps, number)))


UP = told(answer=0, started=NOW - timedelta(days=3))


class Reader:
    """Answers by contract and selector."""

    def __init__(self, price=None, sequencer=UP, decimals=8):
        self.answers = {
            (FEED.address, LATEST_ROUND): told() if price is None else price,
            (FEED.address, DECIMALS): word(decimals),
            (ARBITRUM_SEQUENCER, LATEST_ROUND): sequencer,
        }

    def call(self, to, data):
        return self.answers[to, data.hex()]


def quote(reader, **values):
    return ChainlinkMarketData(reader, StoppedClock(NOW), **values).quote("ETH/USD")


def test_a_feed_tells_one_price_with_its_time():
    given = quote(Reader())
    assert (given.min_usd, given.max_usd) == (Decimal("1739.49543408"),) * 2
    assert (given.at, given.source) == (NOW - timedelta(minutes=5), "chainlink")


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (told(answer=0), ImpossibleBar),
        (told(answer=-1), ImpossibleBar),
        (told(answer=2**200), ImpossibleBar),
        (told(updated=NOW - timedelta(days=2)), StaleData),
        (told(updated=NOW + timedelta(hours=1)), FutureBar),
        (told(updated=None), MalformedAnswer),
        (told()[:-1], MalformedAnswer),
        (told() + word(0), MalformedAnswer),
        (b"", MalformedAnswer),
        (b"\xff" * 160, MalformedAnswer),
    ],
    ids=[
        "zero", "negative", "wrong scale", "stale", "ahead", "unfinished", "cut", "too long",
        "empty", "dirty",
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused(price, expected):
    with pytest.raises(expected) as caught:
        quote(Reader(price))
    assert type(caught.value) is expected


def test_a_caller_may_want_fresher_prices_than_the_heartbeat():
    with pytest.raises(StaleData):
        quote(Reader(), max_age=timedelta(minutes=1))


@pytest.mark.parametrize(
    "sequencer",
    [told(answer=1), told(answer=0, started=NOW - timedelta(minutes=59))],
    ids=["down", "just back"],
)
def test_no_price_counts_while_the_sequencer_is_down_or_just_back(sequencer):
    with pytest.raises(SequencerDown):
        quote(Reader(sequencer=sequencer))


def test_an_hour_after_its_return_the_sequencer_is_trusted():
    back = told(answer=0, started=NOW - timedelta(minutes=60))
    assert quote(Reader(sequencer=back)).market == "ETH/USD"


def test_other_decimals_than_the_reviewed_ones_need_a_person():
    with pytest.raises(DecimalsMismatch, match="18 decimals"):
        quote(Reader(decimals=18))


def test_a_feed_has_no_bars_and_no_market_that_nobody_reviewed():
    data = ChainlinkMarketData(Reader(), StoppedClock(NOW))
    with pytest.raises(UnknownMarket, match="no 1h bars"):
        data.candles("ETH/USD", Timeframe.H1, until=NOW, count=3)
    with pytest.raises(UnknownMarket, match="BTC/USD"):
        data.quote("DOGE/USD")


def test_a_round_is_read_word_by_word():
    one = latest_round(Reader(), FEED.address)
    assert (one.answer, one.started_at) == (173_949_543_408, NOW)
