"""SMA cross: be on the side of the faster of two plain averages of the close."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, NamedTuple

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.averages import (
    FULL_CONFIDENCE_BPS,
    crossed_bars,
    gap_bps,
    relation,
    stance_of,
)
from strategies.rules.base import CandlesAlone
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.indicators import sma
from strategies.rules.parameters import Parameters, between
from strategies.rules.stance import BOTH, ExposureRatio, Sides, ValidBars, on_grid
from strategies.rules.verdicts import verdict


@dataclass(frozen=True, slots=True)
class SmaCrossParameters(Parameters):
    """Two averages, the sides that may be traded, and how much."""

    fast_bars: Annotated[int, between(2, 200, "Length of the faster average, in bars.")] = 20
    slow_bars: Annotated[
        int, between(3, 1000, "Length of the slower average, in bars; above the faster.")
    ] = 100
    exposure_ratio: ExposureRatio = Decimal("1")
    sides: Sides = BOTH
    neutral_band_bps: Annotated[
        int, between(0, 1000, "Stay flat while the averages are this close, in bps.")
    ] = 0
    valid_bars: ValidBars = 1

    def problems(self) -> Iterable[str]:
        """Demand that the faster average is the faster."""
        return crossed_bars(self.fast_bars, self.slow_bars)


@dataclass(frozen=True, slots=True)
class SmaCross(CandlesAlone):
    """Long while the faster average lies above the slower one, short while below."""

    name: str = "sma_cross"
    version: int = 1
    summary: str = "Follows the trend: the side of the faster of two plain averages."
    parameters_type: type[SmaCrossParameters] = SmaCrossParameters

    def warm_up_bars(self, parameters: SmaCrossParameters) -> int:
        """Give the length of the slower average: what lies before it is forgotten."""
        return parameters.slow_bars

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: SmaCrossParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Compare the averages at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        lines = _lines(view, parameters)
        fast, slow, gap = (float(line[-1]) for line in lines)
        exposure = float(_exposure(lines, parameters)[-1])
        return verdict(
            view,
            exposure,
            confidence=abs(gap) / FULL_CONFIDENCE_BPS,
            valid_bars=parameters.valid_bars,
            reason=relation(
                "SMA", (parameters.fast_bars, parameters.slow_bars), (fast, slow), gap, exposure
            ),
            indicators={"sma_fast": fast, "sma_slow": slow, "gap_bps": gap},
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: SmaCrossParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Compare the averages at the close of every bar."""
        return _exposure(_lines(candles, parameters), parameters)


class Lines(NamedTuple):
    """What the rule looks at, bar by bar: the two averages and the distance between them."""

    fast: FloatArray
    slow: FloatArray
    gap_bps: FloatArray


def _lines(candles: CandleSeries, parameters: SmaCrossParameters) -> Lines:
    """Draw the averages."""
    fast = sma(candles.closes, parameters.fast_bars)
    slow = sma(candles.closes, parameters.slow_bars)
    return Lines(fast, slow, gap_bps(fast, slow))


def _exposure(lines: Lines, parameters: SmaCrossParameters) -> FloatArray:
    """Take the side of the faster average."""
    stance = stance_of(
        lines.gap_bps, neutral_band_bps=parameters.neutral_band_bps, sides=parameters.sides
    )
    return on_grid(stance * float(parameters.exposure_ratio))
