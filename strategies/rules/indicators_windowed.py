"""Fading averages that begin anew in each window, for all windows at once.

An exponential average remembers for ever, and a rule may look at no more bars than it says. So a
rule takes the average over a window that ends at the bar in question, and what stands here gives
that number for every bar: at place i, `ema_windowed(values, period, window)[i]` has the very digits
of `ema(values[i - window + 1 : i + 1], period)[-1]`.

The work is `window` steps over whole arrays instead of `window` steps for each bar.
"""

from collections.abc import Callable

import numpy as np

from atlas.domain.candles import FloatArray
from atlas.domain.errors import Bug
from strategies.rules.indicators import (
    cold,
    ema_step,
    gains_and_losses,
    strength_of,
    true_range,
    wilder_step,
)

# After ten periods the seed of Wilder's average weighs e**-9: the window stands for all history.
WILDER_PERIODS = 10

Step = Callable[[FloatArray, FloatArray, int], FloatArray]


def ema_windowed(values: FloatArray, period: int, window: int) -> FloatArray:
    """Give the exponential average of the last `window` values at each place."""
    return _swept(values, period, window, ema_step)


def wilder_windowed(values: FloatArray, period: int, window: int) -> FloatArray:
    """Give Wilder's average of the last `window` values at each place."""
    return _swept(values, period, window, wilder_step)


def rsi_windowed(closes: FloatArray, period: int) -> FloatArray:
    """Give the RSI over the last `wilder_window(period)` changes at each place."""
    window = wilder_window(period)
    strength = cold(closes, period)
    gains, losses = gains_and_losses(closes)
    strength[1:] = strength_of(
        wilder_windowed(gains, period, window), wilder_windowed(losses, period, window)
    )
    return strength


def atr_windowed(
    highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int
) -> FloatArray:
    """Give the average true range over the last `wilder_window(period)` ranges at each place."""
    average = cold(closes, period)
    ranges = true_range(highs, lows, closes)
    average[1:] = wilder_windowed(ranges, period, wilder_window(period))
    return average


def wilder_window(period: int) -> int:
    """Say how many values a windowed Wilder average of `period` looks at."""
    return WILDER_PERIODS * period


def _swept(values: FloatArray, period: int, window: int, step: Step) -> FloatArray:
    """Seed each window with the plain average of its first `period` values, then step it."""
    if window < period:
        raise Bug(f"A window of {window} values cannot hold an average over {period}.")
    averages = cold(values, period)
    places = len(values) - window + 1
    if places <= 0:
        return averages
    state = np.zeros(places)
    for offset in range(period):
        state += values[offset : offset + places]
    state /= period
    for offset in range(period, window):
        state = step(state, values[offset : offset + places], period)
    averages[window - 1 :] = state
    return averages
