"""Time-series momentum: the side of the past return, sized to a wanted volatility.

After Moskowitz, Ooi and Pedersen, "Time series momentum" (2012): the sign of the return over a look
back, times target volatility over realised volatility, bounded.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, NamedTuple

import numpy as np

from atlas.domain.candles import CandleSeries, FloatArray, Timeframe
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.base import CandlesAlone
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.indicators_rolling import momentum, volatility
from strategies.rules.parameters import Parameters, between
from strategies.rules.stance import BOTH, NOISE_RATIO, Sides, ValidBars, exposures
from strategies.rules.verdicts import verdict

YEAR_SECONDS = 365 * 24 * 3600  # markets that never close
FULL_CONFIDENCE_RATIO = 0.1


@dataclass(frozen=True, slots=True)
class MomentumParameters(Parameters):
    """How far to look back, what volatility to aim at, and the most to take."""

    lookback_bars: Annotated[int, between(2, 1000, "Bars of the past return.")] = 96
    volatility_bars: Annotated[int, between(5, 1000, "Bars of the realised volatility.")] = 72
    target_volatility_ratio: Annotated[
        Decimal, between("0.01", "3", "Wanted volatility a year, 0.4 is 40 %.")
    ] = Decimal("0.4")
    max_exposure_ratio: Annotated[
        Decimal, between("0.01", "5", "Most exposure to take, as a multiple of NAV.")
    ] = Decimal("2")
    sides: Sides = BOTH
    valid_bars: ValidBars = 1


@dataclass(frozen=True, slots=True)
class Momentum(CandlesAlone):
    """Long after a rise, short after a fall, the more the calmer the market is."""

    name: str = "momentum_volatility"
    version: int = 1
    summary: str = "Takes the side of the past return, sized to a target volatility."
    parameters_type: type[MomentumParameters] = MomentumParameters

    def warm_up_bars(self, parameters: MomentumParameters) -> int:
        """Give the longer look back and the bar that its first return starts from."""
        return max(parameters.lookback_bars, parameters.volatility_bars) + 1

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: MomentumParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Size the side of the past return at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        lines = _lines(view, parameters)
        gained, yearly = (float(line[-1]) for line in lines)
        return verdict(
            view,
            float(_exposure(lines, parameters)[-1]),
            confidence=abs(gained) / FULL_CONFIDENCE_RATIO,
            valid_bars=parameters.valid_bars,
            reason=(
                f"The return over {parameters.lookback_bars} bars is {gained * 100:+.2f} % and the "
                f"volatility {yearly * 100:.1f} % a year, "
                f"{float(parameters.target_volatility_ratio) * 100:.0f} % is wanted"
            ),
            indicators={"return": gained, "volatility": yearly},
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: MomentumParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Size the side of the past return at the close of every bar."""
        return _exposure(_lines(candles, parameters), parameters)


class Lines(NamedTuple):
    """What the rule looks at, bar by bar: the past return and the volatility a year."""

    gained: FloatArray
    yearly: FloatArray


def _lines(candles: CandleSeries, parameters: MomentumParameters) -> Lines:
    """Measure the past return, and the volatility of a bar brought to a year of bars."""
    a_bar = volatility(candles.closes, parameters.volatility_bars)
    return Lines(
        gained=momentum(candles.closes, parameters.lookback_bars),
        yearly=a_bar * math.sqrt(bars_per_year(candles.timeframe)),
    )


def _exposure(lines: Lines, parameters: MomentumParameters) -> FloatArray:
    """Take the side of the past return, the more the calmer the market is."""
    side = np.where(np.abs(lines.gained) <= NOISE_RATIO, 0.0, np.sign(lines.gained))
    # A market without volatility is sized by the bound.
    wanted = np.full(len(side), np.inf)
    target = float(parameters.target_volatility_ratio)
    np.divide(target, lines.yearly, out=wanted, where=lines.yearly != 0)
    amount = np.minimum(wanted, float(parameters.max_exposure_ratio))
    return exposures(side, sides=parameters.sides, amount=amount)


def bars_per_year(timeframe: Timeframe) -> float:
    """Count the bars of a year of 365 days."""
    return YEAR_SECONDS / timeframe.seconds
