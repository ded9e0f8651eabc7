"""Each provider with the answers that its source gives: what the contract runs over."""

from datetime import UTC, datetime, timedelta

from atlas.domain.candles import Timeframe
from atlas.domain.stopped_clock import StoppedClock
from execution.marketdata.gmx import GmxMarketData
from execution.marketdata.pyth import PythMarketData
from tests.execution.marketdata.stub import Says

MARKET = "ETH/USD"
NOW = datetime(2026, 7, 1, 12, 0, 3, tzinfo=UTC)
UNTIL = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WETH = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"
OTHER = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
COUNT = 4


def bars(count=6, until=UNTIL + HOUR):
    """Give rows [time, open, high, low, close], oldest first; the last one is still forming."""
    first = until - count * HOUR
    return [
        [
            int((first + index * HOUR).timestamp()),
            1700.5 + index % 6,
            1710.25,
            1690.125,
            1701.5 + index % 6,
        ]
        for index in range(count)
    ]


class GmxWorld:
    name = "gmx"
    candles_path, quote_path = "/prices/candles", "/prices/tickers"

    def provider(self, server, **values):
        source = server.source("gmx", **values)
        return GmxMarketData(source, source, StoppedClock(NOW), verified={})

    def prepare(self, server):
        server.answers["/tokens"] = Says(
            {
                "tokens": [
                    {"symbol": "USDC", "address": OTHER, "decimals": 6},
                    {"symbol": "ETH", "address": WETH, "decimals": 18},
                ]
            }
        )

    def candles(self, rows):
        return {"period": "1h", "candles": rows[::-1]}

    def quote(self, low=1_739_495_434_083_952, high=1_739_595_434_083_952, at=NOW):
        stamp = int(at.timestamp())
        ether = {
            "tokenAddress": WETH,
            "tokenSymbol": "ETH",
            "minPrice": str(low),
            "maxPrice": str(high),
            "updatedAt": stamp * 1000,
            "timestamp": stamp,
        }
        dollar = {**ether, "tokenAddress": OTHER, "minPrice": "1", "maxPrice": "1"}
        return [dollar, ether]

    def priced(self, content, **changes):
        """Change a field of the ticker; `price` is the lower one, `at` both times."""
        names = {"price": ["minPrice"], "at": ["updatedAt", "timestamp"]}
        for name, value in changes.items():
            content[1].update(dict.fromkeys(names[name], value))
        return content


class PythWorld:
    name = "pyth"
    candles_path = "/v1/shims/tradingview/history"
    quote_path = "/v2/updates/price/latest"
    feed = "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"

    def provider(self, server, **values):
        source = server.source("pyth", **values)
        return PythMarketData(source, source, StoppedClock(NOW))

    def prepare(self, server):
        """There is nothing to prepare."""

    def candles(self, rows):
        columns = zip(*rows, strict=True)
        return {
            "s": "ok",
            **dict(zip("tohlc", map(list, columns), strict=True)),
            "v": [0] * len(rows),
        }

    def quote(self, low=None, high=None, at=NOW):
        price = {
            "price": "173954543408",
            "conf": "50000000",
            "expo": -8,
            "publish_time": int(at.timestamp()),
        }
        return {
            "binary": {"encoding": "hex", "data": ["504e4155"]},
            "parsed": [{"id": self.feed, "price": price, "ema_price": {**price, "price": "1"}}],
        }

    def priced(self, content, **changes):
        names = {"price": "price", "at": "publish_time"}
        price = content["parsed"][0]["price"]
        price.update({names[name]: value for name, value in changes.items()})
        return content


WORLDS = (GmxWorld(), PythWorld())


def ask_candles(provider, *, count=COUNT, until=UNTIL):
    return provider.candles(MARKET, Timeframe.H1, until=until, count=count)
