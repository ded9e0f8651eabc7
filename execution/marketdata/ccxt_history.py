"""Bars of exchanges through ccxt, for back-fill only: an optional extra, imported when it is used.

ccxt speaks HTTP by itself, past `atlas.http`, so it never runs in a cycle; `backfill_candles` uses it
on an operator's word. Its numbers are floats: each becomes the shortest Decimal that is the same
float, which is the digits the exchange wrote for all prices of at most 15 digits.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from atlas.domain.candles import CandleRow, Timeframe
from atlas.domain.clock import Clock
from atlas.domain.errors import InvalidInput
from atlas.domain.quotes import Quote
from execution.marketdata.base import SourcedCandles, UnknownMarket
from execution.marketdata.closing import closed_series
from execution.marketdata.errors import ExtraMissing, MalformedAnswer, SourceAway, SourceRefused

MOST_BARS = 1_000
TIMEOUT_MS = 10_000
OHLCV = 6
SYMBOLS = {"ETH/USD": ("ETH/USD", "ETH/USDT"), "BTC/USD": ("BTC/USD", "BTC/USDT")}


class Exchange(Protocol):
    """What is used of a ccxt exchange."""

    id: str

    def load_markets(self) -> dict[str, Any]:
        """Give the exchange's markets by symbol."""

    def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int, limit: int
    ) -> Sequence[Sequence[Any]]:
        """Give bars from a time in milliseconds on, oldest first."""


def exchange_named(name: str) -> Exchange:
    """Open an exchange of ccxt; ExtraMissing where the library is not installed.

    Raises InvalidInput for an exchange that it does not know.
    """
    if importlib.util.find_spec("ccxt") is None:
        raise ExtraMissing(
            "ccxt is not installed. Install the extra with `pip install --require-hashes -r "
            "requirements/backfill.txt`, or back-fill from gmx or pyth."
        )
    import ccxt  # optional, and a second to import

    if name not in ccxt.exchanges:
        raise InvalidInput(
            f"ccxt knows no exchange {name[:40]!r}; write ccxt:binance, for example."
        )
    exchange: Exchange = getattr(ccxt, name)({"enableRateLimit": True, "timeout": TIMEOUT_MS})
    return exchange


@dataclass(frozen=True)
class CcxtHistory:
    """Bars of one exchange as a `MarketData` without quotes."""

    exchange: Exchange
    clock: Clock

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Give the `count` bars that had closed by `until`, at most 1,000 at once.

        The source's name has the exchange and the symbol: prices in USDT are not prices in USD.
        """
        if count > MOST_BARS:
            raise InvalidInput(f"An exchange is asked for at most {MOST_BARS:,} bars at once.")
        end = timeframe.floor(until)
        start = end - timeframe.step * count
        source = self.source_of(market)
        symbol = source.rpartition(":")[2]
        rows = self._asked(
            lambda: self.exchange.fetch_ohlcv(
                symbol, timeframe.value, int(start.timestamp()) * 1000, count + 1
            )
        )
        series = closed_series(
            [_row(row) for row in rows],
            market=market,
            timeframe=timeframe,
            until=end,
            count=count,
            now=self.clock.now(),
        )
        return SourcedCandles(series, source)

    def quote(self, market: str) -> Quote:
        """Refuse: an exchange is asked for history only."""
        raise UnknownMarket(f"ccxt is for back-filling bars; it gives no price of {market}.")

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Say that there is no end."""
        return None

    def source_of(self, market: str) -> str:
        """Name exchange and symbol as the source of a market's bars."""
        symbol: str = self._asked(lambda: self._symbol(market))
        return f"ccxt:{self.exchange.id}:{symbol}"

    def _symbol(self, market: str) -> str:
        known = self.exchange.load_markets()
        for symbol in SYMBOLS.get(market, ()):
            if symbol in known:
                return symbol
        raise UnknownMarket(f"{self.exchange.id} has no market that is reviewed for {market}.")

    def _asked(self, ask: Any) -> Any:
        """Ask the library; its errors become ours, by what to do next."""
        try:
            return ask()
        except Exception as error:
            kinds = {kind.__name__ for kind in type(error).__mro__}
            if "NetworkError" in kinds:
                raise SourceAway(
                    f"{self.exchange.id} cannot be asked ({type(error).__name__})"
                ) from error
            if "BaseError" in kinds:
                raise SourceRefused(
                    f"{self.exchange.id} refuses ({type(error).__name__})"
                ) from error
            raise


def _row(row: Sequence[Any]) -> CandleRow:
    if len(row) != OHLCV or any(
        isinstance(value, bool) or not isinstance(value, int | float) for value in row
    ):
        raise MalformedAnswer("A bar of the exchange is no list of six numbers")
    open_usd, high_usd, low_usd, close_usd, volume = (Decimal(repr(value)) for value in row[1:])
    at = datetime.fromtimestamp(int(row[0]) // 1000, UTC)
    return CandleRow(at, open_usd, high_usd, low_usd, close_usd, volume)
