"""Candles: closed bars on the UTC grid, series of them, and the refusals of bad market data.

Rows of a source become candles in `atlas.domain.normalisation`; a rule sees a `CandleSeries`. All
times are UTC, all prices USD.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from atlas.domain.errors import Bug, InvalidInput, UnusableData

FloatArray = NDArray[np.float64]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timeframe(StrEnum):
    """How long one bar lasts; bars begin at multiples of it since 1970-01-01 UTC."""

    seconds: int
    step: timedelta

    M1 = "1m", 60
    M5 = "5m", 300
    M15 = "15m", 900
    M30 = "30m", 1800
    H1 = "1h", 3600
    H4 = "4h", 14_400
    D1 = "1d", 86_400

    def __new__(cls, word: str, seconds: int) -> "Timeframe":
        """Make a member that is its word and knows its length."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.seconds = seconds
        member.step = timedelta(seconds=seconds)
        return member

    def is_on_grid(self, at: datetime) -> bool:
        """Tell whether a bar of this length may begin at `at`."""
        return (at - EPOCH) % self.step == timedelta(0)

    def floor(self, at: datetime) -> datetime:
        """Give the last grid time that is not after `at`: where the newest closed bar ends."""
        return at - (at - EPOCH) % self.step

    @classmethod
    def named(cls, word: str) -> "Timeframe":
        """Find the timeframe that is called `word`; InvalidInput lists the known ones."""
        for timeframe in cls:
            if timeframe.value == word:
                return timeframe
        known = ", ".join(timeframe.value for timeframe in cls)
        raise InvalidInput(f"{word!r} is no known timeframe; known are {known}.")

    @classmethod
    def from_seconds(cls, seconds: float) -> "Timeframe":
        """Find the timeframe of a step; InvalidInput lists the known ones."""
        for timeframe in cls:
            if timeframe.seconds == seconds:
                return timeframe
        known = ", ".join(timeframe.value for timeframe in cls)
        raise InvalidInput(f"A step of {seconds:g} s is no known timeframe; known are {known}.")


class GappedData(UnusableData):
    """Bars are missing inside the span that was asked for."""

    code = "gap"


class StaleData(UnusableData):
    """The newest bar is older than it may be."""

    code = "stale"


class NotEnoughData(UnusableData):
    """The series begins after the span that was asked for: the rule is not warm yet."""

    code = "warm_up"


class DuplicateBar(UnusableData):
    """Two rows claim the same bar; neither is used."""

    code = "duplicate"


class OutOfOrderBar(UnusableData):
    """A row lies before the row that precedes it; it is not used."""

    code = "out_of_order"


class OffGridBar(UnusableData):
    """A row's time is no multiple of the timeframe; it is not used."""

    code = "off_grid"


class FutureBar(UnusableData):
    """A bar begins after the present moment; it is not used."""

    code = "future"


class ImpossibleBar(UnusableData):
    """A price is not a positive number, or high and low do not enclose open and close."""

    code = "impossible"


@dataclass(frozen=True, slots=True)
class CandleRow:
    """One bar as a source gave it, decoded but not yet believed."""

    open_at: datetime
    open_usd: Decimal
    high_usd: Decimal
    low_usd: Decimal
    close_usd: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed bar that passed `normalise`. `volume` is in the unit of its source."""

    market: str
    timeframe: Timeframe
    open_at: datetime
    open_usd: Decimal
    high_usd: Decimal
    low_usd: Decimal
    close_usd: Decimal
    volume: Decimal

    @property
    def close_at(self) -> datetime:
        """Give the moment from which the bar may be used."""
        return self.open_at + self.timeframe.step


@dataclass(frozen=True)
class CandleSeries:
    """Gapless closed candles of one market, oldest first; what a rule decides on.

    The float columns are views for indicators and are read-only; money is computed from the
    Decimals.
    """

    market: str
    timeframe: Timeframe
    candles: tuple[Candle, ...]

    def __post_init__(self) -> None:
        """Refuse an empty or gapped series: `window` is the way to get a sound one."""
        if not self.candles:
            raise Bug(f"A candle series of {self.market} was made without candles.")
        span = self.candles[-1].open_at - self.candles[0].open_at
        if span != self.timeframe.step * (len(self.candles) - 1):
            raise Bug(f"A candle series of {self.market} was made with a gap.")

    def __len__(self) -> int:
        """Count the bars."""
        return len(self.candles)

    @property
    def last(self) -> Candle:
        """Give the newest bar."""
        return self.candles[-1]

    @property
    def until_at(self) -> datetime:
        """Give the close of the newest bar: what the series knows ends here."""
        return self.last.close_at

    def tail(self, count: int) -> "CandleSeries":
        """Give the newest `count` bars; NotEnoughData when there are fewer."""
        if count > len(self.candles):
            raise NotEnoughData(
                f"{self.market} {self.timeframe} has {len(self.candles)} bars until "
                f"{self.until_at:%Y-%m-%d %H:%M} UTC, {count} are needed."
            )
        return CandleSeries(self.market, self.timeframe, self.candles[-count:])

    @cached_property
    def closes(self) -> FloatArray:
        """Give the closing prices as read-only floats."""
        return self._column(lambda candle: candle.close_usd)

    @cached_property
    def highs(self) -> FloatArray:
        """Give the highest prices as read-only floats."""
        return self._column(lambda candle: candle.high_usd)

    @cached_property
    def lows(self) -> FloatArray:
        """Give the lowest prices as read-only floats."""
        return self._column(lambda candle: candle.low_usd)

    def _column(self, value_of: Callable[[Candle], Decimal]) -> FloatArray:
        column = np.fromiter((float(value_of(c)) for c in self.candles), np.float64)
        column.flags.writeable = False
        return column
