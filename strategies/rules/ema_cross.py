"""EMA cross: be on the side of the faster of two exponential averages of the close."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

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
from strategies.rules.indicators import ema
from strategies.rules.indicators_windowed import ema_windowed
from strategies.rules.parameters import Parameters, between
from strategies.rules.stance import BOTH, ExposureRatio, Sides, ValidBars, on_grid
from strategies.rules.verdicts import verdict

# After four periods beyond the seed its weight is e**-8, so the window stands for all history.
WINDOW_PERIODS = 5


@dataclass(frozen=True, slots=True)
class EmaCrossParameters(Parameters):
    """Two averages, the sides that may be traded, and how much."""

    fast_bars: Annotated[int, between(2, 200, "Period of the faster average, in bars.")] = 12
    slow_bars: Annotated[
        int, between(3, 500, "Period of the slower average, in bars; above the faster.")
    ] = 26
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
class EmaCross(CandlesAlone):
    """Long while the faster average lies above the slower one, short while below.

    The decision depends on the window alone and not on the position held, so it is the same
    whenever and however often it is made.
    """

    name: str = "ema_cross"
    version: int = 1
    summary: str = "Follows the trend: the side of the faster of two exponential averages."
    parameters_type: type[EmaCrossParameters] = EmaCrossParameters

    def warm_up_bars(self, parameters: EmaCrossParameters) -> int:
        """Give the window: five periods of the slower average."""
        return WINDOW_PERIODS * parameters.slow_bars

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: EmaCrossParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Compare the averages at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        fast = ema(view.closes, parameters.fast_bars)[-1:]
        slow = ema(view.closes, parameters.slow_bars)[-1:]
        gap = gap_bps(fast, slow)
        stance = stance_of(
            gap, neutral_band_bps=parameters.neutral_band_bps, sides=parameters.sides
        )
        lines = (float(fast[0]), float(slow[0]))
        return verdict(
            view,
            float(on_grid(stance * float(parameters.exposure_ratio))[0]),
            confidence=abs(float(gap[0])) / FULL_CONFIDENCE_BPS,
            valid_bars=parameters.valid_bars,
            reason=relation(
                "EMA",
                (parameters.fast_bars, parameters.slow_bars),
                lines,
                float(gap[0]),
                float(stance[0]),
            ),
            indicators={"ema_fast": lines[0], "ema_slow": lines[1], "gap_bps": float(gap[0])},
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: EmaCrossParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Compare the averages at the close of every bar, each over its own window."""
        window = self.warm_up_bars(parameters)
        fast = ema_windowed(candles.closes, parameters.fast_bars, window)
        slow = ema_windowed(candles.closes, parameters.slow_bars, window)
        stance = stance_of(
            gap_bps(fast, slow),
            neutral_band_bps=parameters.neutral_band_bps,
            sides=parameters.sides,
        )
        return on_grid(stance * float(parameters.exposure_ratio))
