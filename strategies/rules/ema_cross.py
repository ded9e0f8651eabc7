"""EMA cross: be on the side of the faster of two exponential averages of the close."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from atlas.domain.candles import CandleSeries
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from atlas.domain.units import ZERO
from strategies.rules.base import ratio_of
from strategies.rules.indicators import ema
from strategies.rules.parameters import Parameters, between, one_of

BOTH, LONG_ONLY, SHORT_ONLY = "long_short", "long_flat", "short_flat"

# After four periods beyond the seed its weight is e**-8, so the window stands for all history.
WINDOW_PERIODS = 5
# A gap of 1 % between the averages counts as full confidence; confidence only informs.
FULL_CONFIDENCE_BPS = 100.0
# Below this the averages are equal but for the rounding of floats.
NOISE_BPS = 1e-6


@dataclass(frozen=True, slots=True)
class EmaCrossParameters(Parameters):
    """Two averages, the sides that may be traded, and how much."""

    fast_bars: Annotated[int, between(2, 200, "Period of the faster average, in bars.")] = 12
    slow_bars: Annotated[
        int, between(3, 500, "Period of the slower average, in bars; above the faster.")
    ] = 26
    exposure_ratio: Annotated[
        Decimal, between("0.01", "5", "Exposure to take, as a multiple of NAV.")
    ] = Decimal("1")
    sides: Annotated[
        str, one_of((BOTH, LONG_ONLY, SHORT_ONLY), "Which sides of the market to trade.")
    ] = BOTH
    neutral_band_bps: Annotated[
        int, between(0, 1000, "Stay flat while the averages are this close, in bps.")
    ] = 0
    valid_bars: Annotated[int, between(1, 24, "How long a signal may be acted on, in bars.")] = 1

    def problems(self) -> Iterable[str]:
        """Demand that the faster average is the faster."""
        if self.fast_bars >= self.slow_bars:
            yield (
                f"fast_bars must be below slow_bars, but they are "
                f"{self.fast_bars} and {self.slow_bars}"
            )


@dataclass(frozen=True, slots=True)
class EmaCross:
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
        self, candles: CandleSeries, position: Position | None, parameters: EmaCrossParameters
    ) -> Signal:
        """Compare the averages at the close of the newest bar."""
        view = candles.tail(self.warm_up_bars(parameters))
        fast = float(ema(view.closes, parameters.fast_bars)[-1])
        slow = float(ema(view.closes, parameters.slow_bars)[-1])
        gap_bps = (fast - slow) / slow * 10_000
        exposure, action = _exposure(gap_bps, parameters)
        relation = "above" if gap_bps > 0 else "below"
        return Signal(
            market=view.market,
            target_exposure_ratio=exposure,
            confidence_ratio=ratio_of(min(1.0, abs(gap_bps) / FULL_CONFIDENCE_BPS)),
            as_of_at=view.until_at,
            valid_until_at=view.until_at + parameters.valid_bars * view.timeframe.step,
            reason=(
                f"EMA {parameters.fast_bars} at {fast:.2f} is {abs(gap_bps):.1f} bps {relation} "
                f"EMA {parameters.slow_bars} at {slow:.2f}: {action}."
            ),
            indicators={
                "ema_fast": fast,
                "ema_slow": slow,
                "gap_bps": gap_bps,
                "close": float(view.last.close_usd),
            },
        )


def _exposure(gap_bps: float, parameters: EmaCrossParameters) -> tuple[Decimal, str]:
    """Turn the gap into a signed exposure and a word for it."""
    if abs(gap_bps) <= max(float(parameters.neutral_band_bps), NOISE_BPS):
        return ZERO, "too close to call, flat"
    if gap_bps > 0:
        if parameters.sides == SHORT_ONLY:
            return ZERO, "longs are off, flat"
        return parameters.exposure_ratio, "long"
    if parameters.sides == LONG_ONLY:
        return ZERO, "shorts are off, flat"
    return -parameters.exposure_ratio, "short"
