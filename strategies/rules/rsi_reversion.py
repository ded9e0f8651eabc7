"""RSI mean reversion: buy what was oversold, sell what was overbought, until it is neutral again."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import numpy as np

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.base import CandlesAlone
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.indicators_windowed import rsi_windowed, wilder_window
from strategies.rules.parameters import Parameters, between
from strategies.rules.reversion import bets
from strategies.rules.stance import BOTH, ExposureRatio, Sides, ValidBars, exposures
from strategies.rules.verdicts import verdict


@dataclass(frozen=True, slots=True)
class RsiReversionParameters(Parameters):
    """The three levels of the RSI, how long a bet may last, and how much to take."""

    rsi_bars: Annotated[int, between(2, 100, "Period of the RSI, in bars.")] = 14
    oversold: Annotated[int, between(1, 49, "At or below it the market is oversold.")] = 30
    neutral: Annotated[int, between(2, 98, "A bet ends where the RSI has come back to it.")] = 50
    overbought: Annotated[int, between(51, 99, "At or above it the market is overbought.")] = 70
    max_hold_bars: Annotated[int, between(1, 500, "A bet ends after so many bars.")] = 48
    exposure_ratio: ExposureRatio = Decimal("1")
    sides: Sides = BOTH
    valid_bars: ValidBars = 1

    def problems(self) -> Iterable[str]:
        """Demand that neutral lies between the two ends."""
        if not self.oversold < self.neutral < self.overbought:
            yield (
                "neutral must lie between oversold and overbought, but they are "
                f"{self.oversold}, {self.neutral} and {self.overbought}"
            )


@dataclass(frozen=True, slots=True)
class RsiReversion(CandlesAlone):
    """Long from oversold to neutral, short from overbought to neutral."""

    name: str = "rsi_reversion"
    version: int = 1
    summary: str = "Bets against an RSI that is stretched, until it is neutral again."
    parameters_type: type[RsiReversionParameters] = RsiReversionParameters

    def warm_up_bars(self, parameters: RsiReversionParameters) -> int:
        """Give the longest bet and the window of the RSI at its first bar."""
        return parameters.max_hold_bars + wilder_window(parameters.rsi_bars)

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: RsiReversionParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Tell whether a bet is on at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        line = rsi_windowed(view.closes, parameters.rsi_bars)
        strength = float(line[-1])
        return verdict(
            view,
            float(_exposure(line, parameters)[-1]),
            confidence=abs(strength - parameters.neutral) / 50.0,
            valid_bars=parameters.valid_bars,
            reason=(
                f"RSI {parameters.rsi_bars} is {strength:.1f} (oversold at {parameters.oversold}, "
                f"overbought at {parameters.overbought}, bets end at {parameters.neutral})"
            ),
            indicators={"rsi": strength},
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: RsiReversionParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Tell of every bar whether a bet is on."""
        decided = _exposure(rsi_windowed(candles.closes, parameters.rsi_bars), parameters)
        decided[: self.warm_up_bars(parameters) - 1] = np.nan
        return decided


def _exposure(strength: FloatArray, parameters: RsiReversionParameters) -> FloatArray:
    """Bet against a stretched RSI until it is neutral."""
    stance = bets(
        opens_long=strength <= parameters.oversold,
        ends_long=strength >= parameters.neutral,
        opens_short=strength >= parameters.overbought,
        ends_short=strength <= parameters.neutral,
        max_bars=parameters.max_hold_bars,
    )
    return exposures(stance, sides=parameters.sides, amount=parameters.exposure_ratio)
