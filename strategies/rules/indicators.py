"""Indicators in numpy: arrays in, arrays of the same length out, NaN until they are warm.

The definitions are those of TA-Lib: an exponential average starts at the plain average of its
first `period` values and then follows `previous + 2 / (period + 1) * (value - previous)`.
"""

from itertools import accumulate

import numpy as np

from atlas.domain.candles import FloatArray
from atlas.domain.errors import Bug


def sma(values: FloatArray, period: int) -> FloatArray:
    """Average the last `period` values at each place."""
    averages = _cold(values, period)
    if len(values) >= period:
        windows = np.lib.stride_tricks.sliding_window_view(values, period)
        averages[period - 1 :] = windows.mean(axis=1)
    return averages


def ema(values: FloatArray, period: int) -> FloatArray:
    """Average with weights that fade by 2 / (period + 1) from value to value."""
    averages = _cold(values, period)
    if len(values) >= period:
        seed = float(values[:period].mean())
        rest = values[period:].tolist()
        averages[period - 1 :] = list(
            accumulate(rest, lambda last, value: ema_step(last, value, period), initial=seed)
        )
    return averages


def ema_step(previous: float, value: float, period: int) -> float:
    """Move a warm exponential average on by one value."""
    return previous + 2.0 / (period + 1.0) * (value - previous)


def _cold(values: FloatArray, period: int) -> FloatArray:
    if period < 1:
        raise Bug(f"An average over {period} values was asked for.")
    return np.full(len(values), np.nan)
