"""What a provider of market data promises.

Candles are closed, sound and on the UTC grid; anything else is refused with its dates
(`atlas.domain.errors.UnusableData` and its kinds: gap, stale, warm_up, recording_ended). A
provider never fills a hole and never answers with older data than was asked for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from atlas.domain.candles import CandleSeries, Timeframe
from atlas.domain.errors import UnusableData
from atlas.domain.quotes import Quote


class UnknownMarket(UnusableData):
    """The provider has no data for this market and timeframe."""

    code = "unknown_market"


@dataclass(frozen=True, slots=True)
class SourcedCandles:
    """Candles, and the name of the source that vouches for them."""

    series: CandleSeries
    source: str


class MarketData(Protocol):
    """Where a cycle takes its candles and prices from."""

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Give the `count` bars that had closed by `until`, the newest last.

        Raises UnusableData where one of them is missing.
        """

    def quote(self, market: str) -> Quote:
        """Give the newest price, with the time its source vouches for; UnusableData if none."""

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Give the time after which there will never be a candle; None for a feed without end."""
