"""Which side a rule takes and how much of it: the words, the bounds, the exact numbers.

Bar by bar a stance is an array of -1, 0 and 1; what a rule wants of the market is the stance times
an exposure. Exposures stand on the grid of a signal's ratio, so that the float of a vectorised
evaluation and the Decimal of a signal are the same number.
"""

from decimal import Decimal
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from atlas.domain.candles import FloatArray
from atlas.domain.units import PRICE_QUANTUM, RATIO_QUANTUM, ceil_to, floor_to
from strategies.rules.parameters import between, one_of

BOTH, LONG_ONLY, SHORT_ONLY = "long_short", "long_flat", "short_flat"

ExposureRatio = Annotated[Decimal, between("0.01", "5", "Exposure to take, as a multiple of NAV.")]
Sides = Annotated[str, one_of((BOTH, LONG_ONLY, SHORT_ONLY), "Which sides of the market to trade.")]
ValidBars = Annotated[int, between(1, 24, "How long a signal may be acted on, in bars.")]

# Below this share of the price two prices are equal but for the rounding of floats.
NOISE_RATIO = 1e-10

_STEPS_PER_UNIT = int(1 / RATIO_QUANTUM)


def only(stance: FloatArray, sides: str) -> FloatArray:
    """Leave of a stance what the sides allow."""
    lowest = 0.0 if sides == LONG_ONLY else -1.0
    highest = 0.0 if sides == SHORT_ONLY else 1.0
    return np.clip(stance, lowest, highest)


def exposures(stance: FloatArray, *, sides: str, amount: FloatArray | Decimal) -> FloatArray:
    """Give the exposure of a stance: what the sides allow of it, times the amount to take."""
    most = float(amount) if isinstance(amount, Decimal) else amount
    return on_grid(only(stance, sides) * most)


def on_grid(exposure: FloatArray) -> FloatArray:
    """Round exposures towards zero to eight places: rather too little than too much."""
    return np.trunc(exposure * _STEPS_PER_UNIT) / _STEPS_PER_UNIT


def exposure_of(value: float) -> Decimal:
    """Bring an exposure into a signal: the Decimal of what `on_grid` gives."""
    return Decimal(round(value * _STEPS_PER_UNIT)) * RATIO_QUANTUM


def stop_price(level: float, *, is_long: bool) -> Decimal:
    """Bring a stop into a signal, rounded so that it fires rather earlier than later."""
    round_it = ceil_to if is_long else floor_to
    return round_it(Decimal(repr(float(level))), PRICE_QUANTUM)


def target_price(level: float, *, is_long: bool) -> Decimal:
    """Bring a take-profit into a signal, rounded so that it never fires short of its level."""
    return stop_price(level, is_long=is_long)


def word_of(stance: float) -> str:
    """Name a stance."""
    if stance == 0:
        return "flat"
    return "long" if stance > 0 else "short"


def bars_since(event: NDArray[np.bool_]) -> FloatArray:
    """Count the bars since an event last held, 0 at its own bar; infinite where it never did."""
    places = np.arange(len(event), dtype=np.float64)
    return places - np.maximum.accumulate(np.where(event, places, -np.inf))
