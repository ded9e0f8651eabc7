"""Pyth: prices of its publishers, independent of GMX; quotes from Hermes, bars from Benchmarks.

A quote is the price less and plus the confidence that Pyth states for it. Bars carry no volume that
means anything, and what Benchmarks tells as one is kept out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atlas.domain.candles import CandleRow, ImpossibleBar, NotEnoughData, Timeframe
from atlas.domain.clock import Clock
from atlas.domain.quotes import Quote
from atlas.domain.units import BPS, ZERO, exact
from execution.marketdata import reading
from execution.marketdata.asking import Received, Source
from execution.marketdata.base import SourcedCandles, UnknownMarket
from execution.marketdata.closing import closed_series, require_served_after
from execution.marketdata.errors import MalformedAnswer
from execution.marketdata.freshness import fit_quote
from execution.marketdata.specs import PYTH_FEEDS, PythFeed

NAME = "pyth"
HERMES = ("https://hermes.pyth.network",)
BENCHMARKS = ("https://benchmarks.pyth.network",)
MAX_AGE = timedelta(seconds=60)
MAX_CONFIDENCE_BPS = 200  # a price that is less sure than 2 % is no second opinion
MOST_BARS = 5_000
MOST_EXPONENT = 30
RESOLUTIONS: Mapping[Timeframe, str] = {
    Timeframe.M1: "1",
    Timeframe.M5: "5",
    Timeframe.M15: "15",
    Timeframe.M30: "30",
    Timeframe.H1: "60",
    Timeframe.H4: "240",
    Timeframe.D1: "D",
}
COLUMNS = ("t", "o", "h", "l", "c")


@dataclass(frozen=True)
class PythMarketData:
    """Pyth as a `MarketData`; `hermes` answers for quotes, `benchmarks` for bars."""

    hermes: Source
    benchmarks: Source
    clock: Clock
    feeds: tuple[PythFeed, ...] = PYTH_FEEDS
    max_age: timedelta = MAX_AGE

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Give the `count` bars that had closed by `until`, at most 5,000 at once; volumes are 0."""
        feed = self._feed(market)
        if count > MOST_BARS:
            raise NotEnoughData(
                f"Pyth is asked for at most {MOST_BARS:,} bars at once, not {count:,}."
            )
        end = timeframe.floor(until)
        start = end - timeframe.step * count
        params: dict[str, str | int] = {
            "symbol": feed.symbol,
            "resolution": RESOLUTIONS[timeframe],
            "from": int(start.timestamp()),
            "to": int(end.timestamp()) - 1,
        }

        def read(received: Received) -> SourcedCandles:
            require_served_after(received, end)
            series = closed_series(
                _rows(received),
                market=market,
                timeframe=timeframe,
                until=end,
                count=count,
                now=self.clock.now(),
            )
            return SourcedCandles(series, NAME)

        return self.benchmarks.ask("/v1/shims/tradingview/history", params, read)

    def quote(self, market: str) -> Quote:
        """Give the price less and plus its confidence.

        Raises ImpossibleBar where the confidence is wider than 200 bps of the price.
        """
        feed = self._feed(market)

        def read(received: Received) -> Quote:
            price, confidence, at = _parsed(received, feed)
            if 0 < price < confidence * BPS / MAX_CONFIDENCE_BPS:
                raise ImpossibleBar(
                    f"Pyth is sure of {market} to {confidence} USD only, with a price of {price}.",
                    detail={"market": market, "at": at.isoformat()},
                )
            with exact():
                prices = (price - confidence, price + confidence)
            return fit_quote(
                market,
                prices,
                at=at,
                source=NAME,
                now=self.clock.now(),
                served_at=received.served_at,
                max_age=self.max_age,
            )

        params: dict[str, str | int] = {"ids[]": f"0x{feed.feed_id}", "parsed": "true"}
        return self.hermes.ask("/v2/updates/price/latest", params, read)

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Say that there is no end."""
        return None

    def _feed(self, market: str) -> PythFeed:
        for feed in self.feeds:
            if feed.market == market:
                return feed
        known = ", ".join(feed.market for feed in self.feeds)
        raise UnknownMarket(f"No feed of Pyth is reviewed for {market}; there are: {known}.")


def _parsed(received: Received, feed: PythFeed) -> tuple[Decimal, Decimal, datetime]:
    """Read price, confidence and publish time of the one feed that was asked for."""
    content = reading.mapping(received.content, "The answer of Hermes")
    rows = reading.items(reading.field(content, "parsed", "The answer of Hermes"), "parsed")
    found = [
        row
        for row in (reading.mapping(one, "A price update") for one in rows)
        if reading.text(reading.field(row, "id", "A price update"), "id").removeprefix("0x").lower()
        == feed.feed_id
    ]
    if len(found) != 1:
        raise MalformedAnswer(
            f"Hermes tells of the feed {feed.feed_id} {len(found)} times, not once"
        )
    price = reading.mapping(reading.field(found[0], "price", "A price update"), "price")
    exponent = reading.integer(reading.field(price, "expo", "A price"), "expo")
    if abs(exponent) > MOST_EXPONENT:
        raise MalformedAnswer(f"Hermes tells a price with the exponent {exponent}")
    at = reading.moment(reading.field(price, "publish_time", "A price"), "publish_time")
    return _scaled(price, "price", exponent), abs(_scaled(price, "conf", exponent)), at


def _scaled(price: Mapping[str, Any], name: str, exponent: int) -> Decimal:
    raw = reading.integer(reading.field(price, name, "A price"), name)
    with exact():
        return Decimal(raw).scaleb(exponent)


def _rows(received: Received) -> list[CandleRow]:
    """Read the columns of the answer as rows, oldest first as they come."""
    content = reading.mapping(received.content, "The answer of Benchmarks")
    status = reading.field(content, "s", "The answer of Benchmarks")
    if status == "no_data":
        return []
    if status != "ok":
        said = str(content.get("errmsg", ""))[: reading.SHOWN]
        raise MalformedAnswer(f"Benchmarks answered {str(status)[:20]!r}: {said!r}")
    columns = [reading.items(reading.field(content, one, "The bars"), one) for one in COLUMNS]
    if len({len(column) for column in columns}) != 1:
        lengths = ", ".join(str(len(column)) for column in columns)
        raise MalformedAnswer(f"Benchmarks gave columns of different lengths: {lengths}")
    return [_row(values) for values in zip(*columns, strict=True)]


def _row(values: tuple[Any, ...]) -> CandleRow:
    open_usd, high_usd, low_usd, close_usd = (
        reading.number(value, "A bar's price") for value in values[1:]
    )
    return CandleRow(
        reading.moment(values[0], "A bar's time"), open_usd, high_usd, low_usd, close_usd, ZERO
    )
