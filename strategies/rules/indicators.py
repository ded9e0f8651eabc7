"""Indicators in numpy: arrays in, arrays of the same length out, NaN until they are warm.

The definitions are those of TA-Lib: an exponential average starts at the plain average of its
first `period` values and then follows `previous + 2 / (period + 1) * (value - previous)`; Wilder's
average does the same with `1 / period`.

Every sum here is taken in the order of time, one addition per value, so that an indicator at one
bar has the same digits whether it was computed for that bar alone or for a whole history.
"""

from collections.abc import Callable
from itertools import accumulate
from typing import TypeVar

import numpy as np

from atlas.domain.candles import FloatArray
from atlas.domain.errors import Bug

NEUTRAL_RSI = 50.0

V = TypeVar("V", float, FloatArray)


def sma(values: FloatArray, period: int) -> FloatArray:
    """Average the last `period` values at each place."""
    return rolling_sum(values, period) / period


def rolling_sum(values: FloatArray, period: int) -> FloatArray:
    """Add up the last `period` values at each place, oldest first."""
    sums = cold(values, period)
    places = len(values) - period + 1
    if places > 0:
        total = np.zeros(places)
        for offset in range(period):
            total += values[offset : offset + places]
        sums[period - 1 :] = total
    return sums


def ema(values: FloatArray, period: int) -> FloatArray:
    """Average with weights that fade by 2 / (period + 1) from value to value."""
    return _smoothed(values, period, lambda last, value: ema_step(last, value, period))


def ema_step(previous: V, value: V, period: int) -> V:
    """Move a warm exponential average on by one value, or many such averages side by side."""
    return previous + 2.0 / (period + 1.0) * (value - previous)


def wilder(values: FloatArray, period: int) -> FloatArray:
    """Average with weights that fade by 1 / period from value to value, as Wilder does."""
    return _smoothed(values, period, lambda last, value: wilder_step(last, value, period))


def wilder_step(previous: V, value: V, period: int) -> V:
    """Move a warm Wilder average on by one value, or many such averages side by side."""
    return previous + (value - previous) / period


def rsi(closes: FloatArray, period: int) -> FloatArray:
    """Weigh average gains against average losses, from 0 to 100; warm after `period` changes."""
    strength = cold(closes, period)
    gains, losses = gains_and_losses(closes)
    strength[1:] = strength_of(wilder(gains, period), wilder(losses, period))
    return strength


def gains_and_losses(closes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split the changes from bar to bar into rises and falls, both as positive numbers."""
    changes = np.diff(closes)
    return np.maximum(changes, 0.0), np.maximum(-changes, 0.0)


def strength_of(gain: FloatArray, loss: FloatArray) -> FloatArray:
    """Turn average gains and losses into RSI.

    A market that did not move at all is neutral (TA-Lib calls it 0, which reads as oversold).
    """
    total = gain + loss
    moved = total > 0.0
    share = np.divide(gain, total, out=np.full_like(total, np.nan), where=moved)
    return np.where(total == 0.0, NEUTRAL_RSI, 100.0 * share)


def atr(highs: FloatArray, lows: FloatArray, closes: FloatArray, period: int) -> FloatArray:
    """Average the true range as Wilder does; warm after `period` ranges, the first at bar 1."""
    average = cold(closes, period)
    average[1:] = wilder(true_range(highs, lows, closes), period)
    return average


def true_range(highs: FloatArray, lows: FloatArray, closes: FloatArray) -> FloatArray:
    """Measure each bar from the second on together with the close before it."""
    before = closes[:-1]
    return np.maximum(highs[1:], before) - np.minimum(lows[1:], before)


def cold(values: FloatArray, period: int) -> FloatArray:
    """Make an indicator's array that is nowhere warm yet; a period below 1 is a Bug."""
    if period < 1:
        raise Bug(f"An indicator over {period} values was asked for.")
    return np.full(len(values), np.nan)


def _smoothed(values: FloatArray, period: int, step: Callable[[float, float], float]) -> FloatArray:
    """Start at the plain average of the first `period` values, then step."""
    averages = cold(values, period)
    if len(values) >= period:
        seed = float(sma(values[:period], period)[-1])
        averages[period - 1 :] = list(accumulate(values[period:].tolist(), step, initial=seed))
    return averages
