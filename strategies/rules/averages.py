"""Two averages of the close, one fast, one slow: who lies above, by how much, and what follows."""

from collections.abc import Iterable

import numpy as np

from atlas.domain.candles import FloatArray
from strategies.rules.stance import only

# A gap of 1 % between the averages counts as full confidence; confidence only informs.
FULL_CONFIDENCE_BPS = 100.0
# Below this the averages are equal but for the rounding of floats.
NOISE_BPS = 1e-6


def crossed_bars(fast_bars: int, slow_bars: int) -> Iterable[str]:
    """Tell of a faster average that is not the faster one."""
    if fast_bars >= slow_bars:
        yield f"fast_bars must be below slow_bars, but they are {fast_bars} and {slow_bars}"


def gap_bps(fast: FloatArray, slow: FloatArray) -> FloatArray:
    """Give the distance of the fast average from the slow one, in bps of the slow one."""
    return (fast - slow) / slow * 10_000


def stance_of(gap: FloatArray, *, neutral_band_bps: int, sides: str) -> FloatArray:
    """Take the side of the fast average, flat while the two are too close; NaN where not warm."""
    band = max(float(neutral_band_bps), NOISE_BPS)
    stance = np.where(np.abs(gap) <= band, 0.0, np.sign(gap))
    return np.where(np.isnan(gap), np.nan, only(stance, sides))


def relation(
    name: str, periods: tuple[int, int], averages: tuple[float, float], gap: float, stance: float
) -> str:
    """Say in words how the averages lie, and why a side is not taken where it is not."""
    side = "above" if gap > 0 else "below"
    words = (
        f"{name} {periods[0]} at {averages[0]:.2f} is {abs(gap):.1f} bps {side} "
        f"{name} {periods[1]} at {averages[1]:.2f}"
    )
    if stance != 0:
        return words
    return f"{words}, too close to call or on a side that is off"
