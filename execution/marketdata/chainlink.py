"""Chainlink feeds on chain: the last answer of an aggregator, read through a pinned reader.

A feed tells one price and when it was updated; it has no bars. On a rollup a price is worth nothing
while the sequencer is down or has only just come back, so that is asked first. Chainlink is no
second source beside GMX, whose prices are Chainlink's data too (`execution.marketdata.agreement`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from atlas.domain.candles import Timeframe
from atlas.domain.clock import Clock
from atlas.domain.errors import NeedsHuman, UnusableData
from atlas.domain.quotes import Quote
from atlas.domain.units import exact
from execution.marketdata.base import SourcedCandles, UnknownMarket
from execution.marketdata.errors import MalformedAnswer
from execution.marketdata.freshness import fit_quote
from execution.marketdata.specs import ARBITRUM_SEQUENCER, CHAINLINK_FEEDS, ChainlinkFeed
from onchain.abi import UndecodableBytes, decode_exact, encode_call

NAME = "chainlink"
LATEST_ROUND = "latestRoundData()"
ROUND_TYPES = ("uint80", "int256", "uint256", "uint256", "uint80")
DECIMALS = "decimals()"
GRACE = timedelta(hours=1)  # after a restart of the sequencer, as the feed's publisher advises
SEQUENCER_UP = 0


class Reader(Protocol):
    """Calls of contracts at one block; `onchain.rpc.pinned.PinnedReader` is one."""

    def call(self, to: str, data: bytes) -> bytes:
        """Call a contract; raises CallReverted where it refuses, Temporary where nobody answers."""


class SequencerDown(UnusableData):
    """The chain's sequencer is down, or was until a moment ago: no price on chain is to be used."""

    code = "sequencer_down"


class DecimalsMismatch(NeedsHuman):
    """A feed states other decimals than our reviewed data."""

    code = "identity_mismatch"


@dataclass(frozen=True, slots=True)
class Round:
    """The last answer of an aggregator."""

    answer: int
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class ChainlinkMarketData:
    """Chainlink feeds as a `MarketData` of quotes, at the block of the reader.

    `max_age` tightens a feed's own heartbeat where a caller wants fresher prices.
    """

    reader: Reader
    clock: Clock
    feeds: tuple[ChainlinkFeed, ...] = CHAINLINK_FEEDS
    sequencer: str | None = ARBITRUM_SEQUENCER
    max_age: timedelta | None = None

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Refuse: a feed on chain has no bars."""
        raise UnknownMarket(
            f"A Chainlink feed has no {timeframe} bars of {market}; take them from gmx or pyth."
        )

    def quote(self, market: str) -> Quote:
        """Give the feed's price, lower and upper alike, with the time of its last update."""
        feed = self._feed(market)
        self._require_sequencer()
        self._require_decimals(feed)
        told = latest_round(self.reader, feed.address)
        with exact():
            price = Decimal(told.answer).scaleb(-feed.decimals)
        heartbeat = timedelta(seconds=feed.heartbeat_seconds)
        return fit_quote(
            market,
            (price, price),
            at=told.updated_at,
            source=NAME,
            now=self.clock.now(),
            served_at=None,
            max_age=heartbeat if self.max_age is None else min(heartbeat, self.max_age),
        )

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Say that there is no end."""
        return None

    def _feed(self, market: str) -> ChainlinkFeed:
        for feed in self.feeds:
            if feed.market == market:
                return feed
        known = ", ".join(feed.market for feed in self.feeds)
        raise UnknownMarket(f"No feed of Chainlink is reviewed for {market}; there are: {known}.")

    def _require_sequencer(self) -> None:
        """Raise SequencerDown while the sequencer is down and for an hour after it came back."""
        if self.sequencer is None:
            return
        told = latest_round(self.reader, self.sequencer)
        if told.answer != SEQUENCER_UP:
            raise SequencerDown(
                f"The sequencer is down since {told.started_at:%Y-%m-%d %H:%M} UTC."
            )
        up_for = self.clock.now() - told.started_at
        if up_for < GRACE:
            raise SequencerDown(
                f"The sequencer is up again since {told.started_at:%Y-%m-%d %H:%M} UTC, "
                f"{up_for} ago; prices on chain count after {GRACE}."
            )

    def _require_decimals(self, feed: ChainlinkFeed) -> None:
        """Raise DecimalsMismatch where the feed's scale is not the reviewed one."""
        (told,) = _decoded(
            ("uint8",), self.reader.call(feed.address, encode_call(DECIMALS, [])), feed.address
        )
        if told != feed.decimals:
            raise DecimalsMismatch(
                f"The feed {feed.address} of {feed.market} states {told} decimals, our reviewed "
                f"data {feed.decimals}. Find out which is right before anything trades.",
                detail={"market": feed.market, "address": feed.address},
            )


def latest_round(reader: Reader, address: str) -> Round:
    """Read an aggregator's last round; raises MalformedAnswer for one that was never finished."""
    data = reader.call(address, encode_call(LATEST_ROUND, []))
    _, answer, started, updated, _ = _decoded(ROUND_TYPES, data, address)
    if updated == 0:
        raise MalformedAnswer(f"The last round of {address} is not finished")
    return Round(answer, _moment(started, address), _moment(updated, address))


def _decoded(types: tuple[str, ...], data: bytes, address: str) -> tuple[Any, ...]:
    try:
        return decode_exact(types, data, what=f"the answer of {address}")
    except UndecodableBytes as error:
        raise MalformedAnswer(error.message) from error


def _moment(seconds: int, address: str) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise MalformedAnswer(f"{address} tells {seconds} for a time") from None
