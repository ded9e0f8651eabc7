"""Buy and hold: always hold the same exposure; what every other rule has to beat."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.base import CandlesAlone
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.parameters import Parameters
from strategies.rules.stance import ExposureRatio, ValidBars, on_grid
from strategies.rules.verdicts import verdict


@dataclass(frozen=True, slots=True)
class BuyAndHoldParameters(Parameters):
    """How much to hold."""

    exposure_ratio: ExposureRatio = Decimal("1")
    valid_bars: ValidBars = 1


@dataclass(frozen=True, slots=True)
class BuyAndHold(CandlesAlone):
    """Long, whatever the market does."""

    name: str = "buy_and_hold"
    version: int = 1
    summary: str = "Holds the same long exposure at all times."
    parameters_type: type[BuyAndHoldParameters] = BuyAndHoldParameters

    def warm_up_bars(self, parameters: BuyAndHoldParameters) -> int:
        """Ask for one bar: it tells the time."""
        return 1

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: BuyAndHoldParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Want the same as ever."""
        view = candles.tail(1)
        return verdict(
            view,
            float(self.decide_all(view, parameters)[-1]),
            confidence=1.0,
            valid_bars=parameters.valid_bars,
            reason="The rule holds at all times",
            indicators={},
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: BuyAndHoldParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Want the same at every bar."""
        return on_grid(np.full(len(candles), float(parameters.exposure_ratio)))
