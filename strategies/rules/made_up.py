"""A made-up market context, for checking and trying rules: no figure here was ever seen."""

import math
from decimal import Decimal

from atlas.domain.candles import Candle, CandleSeries
from atlas.domain.units import RATIO_QUANTUM
from strategies.rules.context import FundingReading, MarketContext

SWING_BARS = 240
TOP_RATIO = 0.00004  # an hour: 35 % a year


def made_up_funding(series: CandleSeries) -> MarketContext:
    """Give a reading at each bar's close that swings between the sides, by the calendar alone."""
    return MarketContext(tuple(_reading(candle) for candle in series.candles))


def _reading(candle: Candle) -> FundingReading:
    """Let the long side receive what the short one pays, less a borrowing fee for both."""
    bar = int(candle.close_at.timestamp()) // int(candle.timeframe.seconds)
    swing = math.sin(2 * math.pi * bar / SWING_BARS) * TOP_RATIO
    funding = Decimal(repr(swing)).quantize(RATIO_QUANTUM)
    return FundingReading(
        at=candle.close_at,
        long_funding_ratio=funding,
        short_funding_ratio=-funding,
        long_borrowing_ratio=Decimal("0.000001"),
        short_borrowing_ratio=Decimal("0.000001"),
    )
