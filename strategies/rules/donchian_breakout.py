"""Donchian breakout: follow a market out of its channel, leave it by a trailing ATR stop.

The stop is the chandelier: so many average true ranges below the highest close (above the lowest,
for shorts) of the channel's length. A breakout counts until the stop or the narrower channel on the
other side was touched by a close, or until it is older than the rule remembers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.base import CandlesAlone
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.indicators import cold
from strategies.rules.indicators_rolling import highest, lowest
from strategies.rules.indicators_windowed import atr_windowed, wilder_window
from strategies.rules.parameters import Parameters, between
from strategies.rules.stance import (
    BOTH,
    ExposureRatio,
    Sides,
    ValidBars,
    bars_since,
    exposures,
    stop_price,
    word_of,
)
from strategies.rules.verdicts import verdict


@dataclass(frozen=True, slots=True)
class DonchianBreakoutParameters(Parameters):
    """Two channels, the stop, how long a breakout counts, and how much to take."""

    entry_bars: Annotated[
        int, between(5, 500, "Length of the channel to break out of, in bars.")
    ] = 20
    exit_bars: Annotated[
        int, between(2, 250, "Length of the channel that ends a trade; below entry_bars.")
    ] = 10
    atr_bars: Annotated[int, between(2, 100, "Period of the average true range, in bars.")] = 14
    stop_atrs: Annotated[
        Decimal, between("0.5", "10", "Distance of the trailing stop, in average true ranges.")
    ] = Decimal("3")
    memory_bars: Annotated[int, between(10, 1000, "How long a breakout counts, in bars.")] = 120
    exposure_ratio: ExposureRatio = Decimal("1")
    sides: Sides = BOTH
    valid_bars: ValidBars = 1

    def problems(self) -> Iterable[str]:
        """Demand that the channel that ends a trade is the narrower one."""
        if self.exit_bars >= self.entry_bars:
            yield (
                f"exit_bars must be below entry_bars, but they are "
                f"{self.exit_bars} and {self.entry_bars}"
            )


class Lines(NamedTuple):
    """What the rule looks at, bar by bar: channels of the bars before, stops, the range."""

    upper: FloatArray
    lower: FloatArray
    exit_low: FloatArray
    exit_high: FloatArray
    long_stop: FloatArray
    short_stop: FloatArray
    atr: FloatArray


@dataclass(frozen=True, slots=True)
class DonchianBreakout(CandlesAlone):
    """Long after a close above the channel, short after one below, until stopped."""

    name: str = "donchian_breakout"
    version: int = 1
    summary: str = "Follows a breakout from the price channel, with a trailing ATR stop."
    parameters_type: type[DonchianBreakoutParameters] = DonchianBreakoutParameters

    def warm_up_bars(self, parameters: DonchianBreakoutParameters) -> int:
        """Give the memory and the longest look back of its oldest bar."""
        look = max(parameters.entry_bars, wilder_window(parameters.atr_bars))
        return parameters.memory_bars + look

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: DonchianBreakoutParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Tell whether a breakout is under way at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        lines = _lines(view, parameters)
        exposure = float(_exposure(view, lines, parameters)[-1])
        is_long = exposure > 0
        level = float((lines.long_stop if is_long else lines.short_stop)[-1])
        upper, lower, atr = (float(line[-1]) for line in (lines.upper, lines.lower, lines.atr))
        held = "no breakout counts" if exposure == 0 else f"a {word_of(exposure)} breakout counts"
        return verdict(
            view,
            exposure,
            confidence=1.0 if exposure else 0.0,
            valid_bars=parameters.valid_bars,
            reason=(
                f"{held}; the channel of {parameters.entry_bars} bars spans {lower:.2f} to "
                f"{upper:.2f}, the ATR is {atr:.2f}"
            ).capitalize(),
            indicators={"upper": upper, "lower": lower, "atr": atr, "stop": level},
            stop_usd=stop_price(level, is_long=is_long) if level > 0 else None,
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: DonchianBreakoutParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Tell of every bar whether a breakout is under way."""
        decided = _exposure(candles, _lines(candles, parameters), parameters)
        decided[: self.warm_up_bars(parameters) - 1] = np.nan
        return decided


def _lines(candles: CandleSeries, parameters: DonchianBreakoutParameters) -> Lines:
    """Draw the lines; a channel is of the bars before, so that a bar can break out of it."""
    closes, entry, leave = candles.closes, parameters.entry_bars, parameters.exit_bars
    atr = atr_windowed(candles.highs, candles.lows, closes, parameters.atr_bars)
    reach = float(parameters.stop_atrs) * atr
    return Lines(
        upper=_before(highest(candles.highs, entry)),
        lower=_before(lowest(candles.lows, entry)),
        exit_low=_before(lowest(candles.lows, leave)),
        exit_high=_before(highest(candles.highs, leave)),
        long_stop=highest(closes, entry) - reach,
        short_stop=lowest(closes, entry) + reach,
        atr=atr,
    )


def _before(line: FloatArray) -> FloatArray:
    """Give at each bar what a line was at the bar before."""
    moved = cold(line, 1)
    moved[1:] = line[:-1]
    return moved


def _exposure(
    candles: CandleSeries, lines: Lines, parameters: DonchianBreakoutParameters
) -> FloatArray:
    """Follow the latest breakout while nothing has ended it."""
    closes = candles.closes
    is_long = _counts(
        closes > lines.upper, (closes < lines.exit_low) | (closes < lines.long_stop), parameters
    )
    is_short = _counts(
        closes < lines.lower, (closes > lines.exit_high) | (closes > lines.short_stop), parameters
    )
    stance = is_long.astype(np.float64) - is_short.astype(np.float64)
    return exposures(stance, sides=parameters.sides, amount=parameters.exposure_ratio)


def _counts(
    broke_out: NDArray[np.bool_], ended: NDArray[np.bool_], parameters: DonchianBreakoutParameters
) -> NDArray[np.bool_]:
    """Tell where the latest breakout is young enough and nothing has ended it since."""
    age = bars_since(broke_out)
    return (age < parameters.memory_bars) & (age < bars_since(ended))
