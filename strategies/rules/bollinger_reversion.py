"""Bollinger reversion: buy below the lower band, sell above the upper one, until the middle."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import numpy as np

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.base import CandlesAlone
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.indicators_rolling import Bands, bollinger
from strategies.rules.parameters import Parameters, between
from strategies.rules.reversion import bets
from strategies.rules.stance import (
    BOTH,
    ExposureRatio,
    Sides,
    ValidBars,
    exposures,
    target_price,
)
from strategies.rules.verdicts import verdict


@dataclass(frozen=True, slots=True)
class BollingerReversionParameters(Parameters):
    """The bands, how long a bet may last, and how much to take."""

    band_bars: Annotated[int, between(5, 500, "Length of the average and deviation.")] = 20
    width_deviations: Annotated[
        Decimal, between("0.5", "5", "Distance of the bands, in standard deviations.")
    ] = Decimal("2")
    max_hold_bars: Annotated[int, between(1, 500, "A bet ends after so many bars.")] = 48
    exposure_ratio: ExposureRatio = Decimal("1")
    sides: Sides = BOTH
    valid_bars: ValidBars = 1


@dataclass(frozen=True, slots=True)
class BollingerReversion(CandlesAlone):
    """Long from below the lower band to the middle, short from above the upper one."""

    name: str = "bollinger_reversion"
    version: int = 1
    summary: str = "Bets on a return from outside the Bollinger bands to their middle."
    parameters_type: type[BollingerReversionParameters] = BollingerReversionParameters

    def warm_up_bars(self, parameters: BollingerReversionParameters) -> int:
        """Give the longest bet and the bands at its first bar."""
        return parameters.max_hold_bars + parameters.band_bars

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: BollingerReversionParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Tell whether a bet is on at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        lines = _lines(view, parameters)
        upper, middle, lower = (float(line[-1]) for line in lines)
        exposure = float(_exposure(view, lines, parameters)[-1])
        close = float(view.last.close_usd)
        reach = upper - middle
        return verdict(
            view,
            exposure,
            confidence=abs(close - middle) / reach if reach > 0 else 0.0,
            valid_bars=parameters.valid_bars,
            reason=f"The close {close:.2f} lies at bands of {lower:.2f}, {middle:.2f}, {upper:.2f}",
            indicators={"upper": upper, "middle": middle, "lower": lower},
            take_profit_usd=target_price(middle, is_long=exposure > 0),
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: BollingerReversionParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Tell of every bar whether a bet is on."""
        decided = _exposure(candles, _lines(candles, parameters), parameters)
        decided[: self.warm_up_bars(parameters) - 1] = np.nan
        return decided


def _lines(candles: CandleSeries, parameters: BollingerReversionParameters) -> Bands:
    """Draw the bands."""
    return bollinger(candles.closes, parameters.band_bars, float(parameters.width_deviations))


def _exposure(
    candles: CandleSeries, lines: Bands, parameters: BollingerReversionParameters
) -> FloatArray:
    """Bet from outside the bands until the middle."""
    closes = candles.closes
    stance = bets(
        opens_long=closes < lines.lower,
        ends_long=closes >= lines.middle,
        opens_short=closes > lines.upper,
        ends_short=closes <= lines.middle,
        max_bars=parameters.max_hold_bars,
    )
    return exposures(stance, sides=parameters.sides, amount=parameters.exposure_ratio)
