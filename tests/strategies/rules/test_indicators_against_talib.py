"""Our indicators give TA-Lib's numbers; the definitions are tested on their own beside this."""

import numpy as np
import pytest

from strategies.rules.indicators import atr, ema, rsi, sma
from strategies.rules.indicators_rolling import bollinger, donchian, momentum

talib = pytest.importorskip("talib", reason="TA-Lib is not installed; definitions are tested")

PERIODS = pytest.mark.parametrize("period", [2, 5, 14, 50])


@pytest.fixture(scope="module")
def bars():
    dice = np.random.default_rng(7)
    closes = 100.0 * np.cumprod(1.0 + 0.01 * dice.standard_normal(500))
    reach = np.abs(dice.standard_normal((2, 500)))
    return closes + reach[0], closes - reach[1], closes


@PERIODS
def test_the_averages_and_the_strength_are_those_of_talib(bars, period):
    closes = bars[2]
    pairs = (
        (sma, talib.SMA),
        (ema, talib.EMA),
        (rsi, talib.RSI),
        (momentum, talib.ROCP),
    )
    for ours, theirs in pairs:
        np.testing.assert_allclose(
            ours(closes, period), theirs(closes, timeperiod=period), rtol=1e-9, atol=1e-12
        )


@PERIODS
def test_ranges_bands_and_channels_are_those_of_talib(bars, period):
    highs, lows, closes = bars
    theirs = talib.ATR(highs, lows, closes, timeperiod=period)
    np.testing.assert_allclose(atr(highs, lows, closes, period), theirs, rtol=1e-9)
    # TA-Lib takes the variance as a difference of squares, which costs it half its digits.
    bands = talib.BBANDS(closes, timeperiod=period, nbdevup=2.0, nbdevdn=2.0)
    for our_line, their_line in zip(bollinger(closes, period, 2.0), bands, strict=True):
        np.testing.assert_allclose(our_line, their_line, rtol=1e-6)
    channel = donchian(highs, lows, period)
    np.testing.assert_array_equal(channel.upper, talib.MAX(highs, timeperiod=period))
    np.testing.assert_array_equal(channel.lower, talib.MIN(lows, timeperiod=period))
