"""Indicators over a sliding window of fixed length: channels, bands, volatility, momentum.

They forget completely: what lies before the window changes no digit.
"""

from typing import NamedTuple

import numpy as np

from atlas.domain.candles import FloatArray
from strategies.rules.indicators import cold, sma


class Bands(NamedTuple):
    """An upper and a lower line around a middle one, bar by bar."""

    upper: FloatArray
    middle: FloatArray
    lower: FloatArray


class Channel(NamedTuple):
    """The highest high and the lowest low of a window, bar by bar."""

    upper: FloatArray
    lower: FloatArray


def bollinger(closes: FloatArray, period: int, width: float) -> Bands:
    """Put `width` standard deviations around the plain average of the last `period` closes."""
    middle = sma(closes, period)
    reach = width * deviation(closes, period)
    return Bands(middle + reach, middle, middle - reach)


def deviation(values: FloatArray, period: int) -> FloatArray:
    """Give the standard deviation of the last `period` values (of a population: over `period`)."""
    return np.sqrt(_squares(values, period) / period)


def donchian(highs: FloatArray, lows: FloatArray, period: int) -> Channel:
    """Span the last `period` bars, the present one included."""
    return Channel(highest(highs, period), lowest(lows, period))


def highest(values: FloatArray, period: int) -> FloatArray:
    """Give the largest of the last `period` values at each place."""
    extremes = cold(values, period)
    if len(values) >= period:
        windows = np.lib.stride_tricks.sliding_window_view(values, period)
        extremes[period - 1 :] = windows.max(axis=1)
    return extremes


def lowest(values: FloatArray, period: int) -> FloatArray:
    """Give the smallest of the last `period` values at each place."""
    return -highest(-values, period)


def returns(closes: FloatArray) -> FloatArray:
    """Give the simple return of each bar against the one before; NaN at the first."""
    return momentum(closes, 1)


def momentum(closes: FloatArray, period: int) -> FloatArray:
    """Give the simple return over `period` bars; warm at bar `period`."""
    gained = cold(closes, period)
    if len(closes) > period:
        gained[period:] = closes[period:] / closes[:-period] - 1.0
    return gained


def volatility(closes: FloatArray, period: int) -> FloatArray:
    """Give the standard deviation of the last `period` returns per bar (of a sample: over n - 1).

    `period` is at least 2; warm at bar `period`.
    """
    spread = cold(closes, period - 1)
    spread[1:] = np.sqrt(_squares(returns(closes)[1:], period) / (period - 1))
    return spread


def _squares(values: FloatArray, period: int) -> FloatArray:
    """Add up the squared distances of the last `period` values from their average."""
    middle = sma(values, period)
    sums = cold(values, period)
    places = len(values) - period + 1
    if places > 0:
        total = np.zeros(places)
        for offset in range(period):
            total += (values[offset : offset + places] - middle[period - 1 :]) ** 2
        sums[period - 1 :] = total
    return sums
