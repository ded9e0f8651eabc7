"""GMX's own prices and candles: what its keepers execute on, read over REST.

Prices are integers of USD times 10^(30 - decimals of the token); candles come newest first and have
no volume. Tokens are found by their address; symbol and decimals are held against the token list
once an hour.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atlas.domain.candles import CandleRow, NotEnoughData, Timeframe
from atlas.domain.clock import Clock
from atlas.domain.errors import NeedsHuman
from atlas.domain.quotes import Quote
from atlas.domain.units import ZERO, exact
from execution.marketdata import reading
from execution.marketdata.asking import Received, Source
from execution.marketdata.base import SourcedCandles, UnknownMarket
from execution.marketdata.closing import bars_needed, closed_series, require_served_after
from execution.marketdata.errors import MalformedAnswer
from execution.marketdata.freshness import fit_quote
from execution.marketdata.funding import period_for, readings_of
from execution.marketdata.specs import GMX_TOKENS, GmxToken
from strategies.rules.context import FundingReading

NAME = "gmx"
ENDPOINTS = (
    "https://arbitrum-api.gmxinfra.io",
    "https://arbitrum-api-fallback.gmxinfra.io",
    "https://arbitrum-api-fallback.gmxinfra2.io",
)
RATES = ("https://arbitrum.gmxapi.io",)
PRICE_DIGITS = 30
MOST_BARS = 10_000  # one answer; there is no way to ask for what lies further back
MAX_AGE = timedelta(seconds=60)
IDENTITY_SECONDS = 3_600.0
PERIODS: Mapping[Timeframe, str] = {one: one.value for one in Timeframe if one is not Timeframe.M30}
OHLC = 5  # time, open, high, low, close


class IdentityMismatch(NeedsHuman):
    """The source describes a token otherwise than our reviewed data does."""

    code = "identity_mismatch"


@dataclass(frozen=True)
class GmxMarketData:
    """GMX as a `MarketData`; `max_age` is the age at which a ticker is refused as stale.

    `rates` answers for funding and borrowing rates, which live at hosts of their own.
    """

    source: Source
    rates: Source
    clock: Clock
    tokens: tuple[GmxToken, ...] = GMX_TOKENS
    max_age: timedelta = MAX_AGE
    verified: dict[tuple[str, ...], float] = field(default_factory=lambda: _VERIFIED, repr=False)

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Give the `count` bars that had closed by `until`; volumes are 0, GMX tells none.

        Raises NotEnoughData for bars further back than one answer reaches.
        """
        token = self._token(market)
        period = PERIODS.get(timeframe)
        if period is None:
            known = ", ".join(PERIODS.values())
            raise UnknownMarket(f"GMX has no {timeframe} bars; it has {known}.")
        now = self.clock.now()
        needed = bars_needed(timeframe, until=until, count=count, now=now)
        if needed > MOST_BARS:
            raise NotEnoughData(
                f"GMX gives the newest {MOST_BARS:,} {timeframe} bars of {market}; bars from "
                f"{needed:,} bars ago are needed. Back-fill them from another source.",
                detail={
                    "begins_at": (
                        timeframe.floor(now) - timeframe.step * (MOST_BARS - 1)
                    ).isoformat()
                },
            )
        self._verify(token)
        params: dict[str, str | int] = {
            "tokenSymbol": token.symbol,
            "period": period,
            "limit": needed + 1,
        }

        def read(received: Received) -> SourcedCandles:
            require_served_after(received, timeframe.floor(until))
            rows = _rows(received, period)
            series = closed_series(
                rows, market=market, timeframe=timeframe, until=until, count=count, now=now
            )
            return SourcedCandles(series, NAME)

        return self.source.ask("/prices/candles", params, read)

    def quote(self, market: str) -> Quote:
        """Give the ticker's two prices; they may be equal and are no execution prices then."""
        token = self._token(market)
        self._verify(token)

        def read(received: Received) -> Quote:
            ticker = _only(
                reading.items(received.content, "The tickers"),
                "tokenAddress",
                token.address,
                market,
            )
            return fit_quote(
                market,
                (_price(ticker, "minPrice", token), _price(ticker, "maxPrice", token)),
                at=_told_at(ticker),
                source=NAME,
                now=self.clock.now(),
                served_at=received.served_at,
                max_age=self.max_age,
            )

        return self.source.ask("/prices/tickers", {}, read)

    def funding(
        self, market: str, *, since: datetime, until: datetime
    ) -> tuple[FundingReading, ...]:
        """Give the market's readings after `since` and up to `until`, oldest first."""
        token = self._token(market)
        params: dict[str, str | int] = {
            "period": period_for(self.clock.now() - since),
            "address": token.market_token,
        }
        told = self.rates.ask(
            "/v1/rates", params, lambda received: readings_of(received, token.market_token)
        )
        return tuple(one for one in told if since < one.at <= until)

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Say that there is no end."""
        return None

    def _token(self, market: str) -> GmxToken:
        for token in self.tokens:
            if token.market == market:
                return token
        known = ", ".join(token.market for token in self.tokens)
        raise UnknownMarket(f"No token of GMX is reviewed for {market}; there are: {known}.")

    def _verify(self, token: GmxToken) -> None:
        """Hold symbol and decimals against the token list; raises IdentityMismatch."""
        key, now = (
            (*self.source.endpoints, token.address, token.symbol, str(token.decimals)),
            time.monotonic(),
        )
        if now < self.verified.get(key, -1.0):
            return
        self.source.ask("/tokens", {}, lambda received: _require_same(received, token))
        self.verified[key] = now + IDENTITY_SECONDS


_VERIFIED: dict[tuple[str, ...], float] = {}


def _rows(received: Received, period: str) -> list[CandleRow]:
    """Read the bars, oldest first."""
    content = reading.mapping(received.content, "The answer with candles")
    told = content.get("period", period)
    if told != period:
        raise MalformedAnswer(f"{received.host} gave {told!r} bars instead of {period}")
    rows = reading.items(reading.field(content, "candles", "The answer"), "candles")
    return [_row(reading.items(row, "A candle")) for row in reversed(rows)]


def _row(row: list[Any]) -> CandleRow:
    if len(row) != OHLC:
        raise MalformedAnswer(f"A candle has {len(row)} fields instead of {OHLC}")
    prices = [reading.number(value, "A candle's price") for value in row[1:]]
    open_usd, high_usd, low_usd, close_usd = prices
    return CandleRow(
        reading.moment(row[0], "A candle's time"), open_usd, high_usd, low_usd, close_usd, ZERO
    )


def _only(rows: list[Any], key: str, address: str, market: str) -> Mapping[str, Any]:
    """Find the one row of an address; raises UnknownMarket or MalformedAnswer (there twice)."""
    found = [
        row
        for row in (reading.mapping(one, "A row") for one in rows)
        if reading.text(reading.field(row, key, "A row"), key).lower() == address.lower()
    ]
    if not found:
        raise UnknownMarket(f"GMX tells nothing of {address}, the token of {market}.")
    if len(found) > 1:
        raise MalformedAnswer(f"GMX tells of {address} {len(found)} times; none is used")
    return found[0]


def _price(ticker: Mapping[str, Any], name: str, token: GmxToken) -> Decimal:
    raw = reading.integer(reading.field(ticker, name, "A ticker"), name)
    with exact():
        return Decimal(raw).scaleb(token.decimals - PRICE_DIGITS)


def _told_at(ticker: Mapping[str, Any]) -> datetime:
    """Give when the ticker was made: the older of the times that it tells."""
    told = [
        reading.moment(ticker[name], name)
        for name in ("updatedAt", "timestamp")
        if ticker.get(name) is not None
    ]
    if not told:
        raise MalformedAnswer("A ticker has no time")
    return min(told)


def _require_same(received: Received, token: GmxToken) -> None:
    content = reading.mapping(received.content, "The answer with tokens")
    rows = reading.items(reading.field(content, "tokens", "The answer"), "tokens")
    told = _only(rows, "address", token.address, token.market)
    decimals = reading.integer(reading.field(told, "decimals", "A token"), "decimals")
    symbol = reading.text(reading.field(told, "symbol", "A token"), "symbol")
    if (symbol, decimals) != (token.symbol, token.decimals):
        raise IdentityMismatch(
            f"GMX calls {token.address} {symbol[:20]!r} with {decimals} decimals, our reviewed data "
            f"{token.symbol!r} with {token.decimals}. Find out which is right before anything trades.",
            detail={"market": token.market, "address": token.address},
        )
