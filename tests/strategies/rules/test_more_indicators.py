"""Bands, channels, RSI, ATR and volatility agree with their definitions, bar by bar."""

from statistics import fmean, pstdev, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug
from strategies.rules.indicators import atr, ema, rsi, sma, true_range, wilder
from strategies.rules.indicators_rolling import (
    bollinger,
    deviation,
    donchian,
    momentum,
    returns,
    volatility,
)
from strategies.rules.indicators_windowed import (
    WILDER_PERIODS,
    atr_windowed,
    ema_windowed,
    rsi_windowed,
    wilder_windowed,
)

CASES = settings(max_examples=40, deadline=None)
PRICE = st.floats(0.01, 1e6)
PRICES = st.lists(PRICE, min_size=1, max_size=80)
BARS = st.lists(st.tuples(PRICE, PRICE, PRICE), min_size=1, max_size=60)


def columns(bars):
    """Lay three prices out as high, low and close."""
    ordered = [sorted(bar) for bar in bars]
    highs, lows, closes = ([bar[place] for bar in ordered] for place in (2, 0, 1))
    return np.array(highs), np.array(lows), np.array(closes)


def test_rsi_follows_a_worked_example():
    # Rises 2 and 1, fall 1 over three changes: 1 against 1/3; then a rise of 1.
    strength = rsi(np.array([10.0, 12.0, 11.0, 12.0, 13.0]), 3)
    assert np.isnan(strength[:3]).all()
    assert strength[3] == pytest.approx(75.0)
    assert strength[4] == pytest.approx(100 * 1 / (1 + 2 / 9))


def test_rsi_is_at_its_ends_where_all_moves_go_one_way_and_neutral_where_none_does():
    assert rsi(np.arange(1.0, 9.0), 3)[-1] == 100.0
    assert rsi(np.arange(9.0, 1.0, -1.0), 3)[-1] == 0.0
    assert rsi(np.full(8, 7.0), 3)[-1] == 50.0


@CASES
@given(PRICES, st.integers(1, 20))
def test_rsi_is_wilders_ratio_of_average_gains(prices, period):
    strength = rsi(np.array(prices), period)
    assert np.isnan(strength[:period]).all()
    if len(prices) <= period:
        return
    changes = np.diff(prices)
    gain = wilder(np.maximum(changes, 0.0), period)[-1]
    loss = wilder(np.maximum(-changes, 0.0), period)[-1]
    expected = 50.0 if gain == loss == 0 else 100.0 - 100.0 / (1.0 + gain / max(loss, 1e-300))
    assert strength[-1] == pytest.approx(expected)
    assert 0.0 <= strength[-1] <= 100.0


def test_the_true_range_reaches_to_the_close_before():
    highs, lows, closes = np.array([10.0, 9.0, 15.0]), np.array([8.0, 6.0, 14.0]), np.ones(3) * 9.5
    assert true_range(highs, lows, closes).tolist() == [3.5, 5.5]


@CASES
@given(BARS, st.integers(1, 15))
def test_the_average_true_range_is_wilders_average_of_the_largest_of_three_spans(bars, period):
    highs, lows, closes = columns(bars)
    average = atr(highs, lows, closes, period)
    assert np.isnan(average[:period]).all()
    if len(bars) <= period:
        return
    spans = [
        max(highs[i] - lows[i], abs(highs[i] - closes[i - 1]), abs(lows[i] - closes[i - 1]))
        for i in range(1, len(bars))
    ]
    expected = fmean(spans[:period])
    for span in spans[period:]:
        expected = (expected * (period - 1) + span) / period
    assert average[-1] == pytest.approx(expected)


@CASES
@given(PRICES, st.integers(1, 30), st.floats(0.5, 4))
def test_bollinger_bands_lie_so_many_deviations_around_the_average(prices, period, width):
    bands = bollinger(np.array(prices), period, width)
    for index in range(period - 1, len(prices)):
        window = prices[index - period + 1 : index + 1]
        middle, spread = fmean(window), pstdev(window)
        expected = (middle + width * spread, middle, middle - width * spread)
        found = (bands.upper[index], bands.middle[index], bands.lower[index])
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert np.isnan(bands.upper[: period - 1]).all()


@CASES
@given(BARS, st.integers(1, 30))
def test_a_donchian_channel_spans_the_bars_of_its_window(bars, period):
    highs, lows, _ = columns(bars)
    channel = donchian(highs, lows, period)
    assert np.isnan(channel.upper[: period - 1]).all()
    for index in range(period - 1, len(bars)):
        assert channel.upper[index] == max(highs[index - period + 1 : index + 1])
        assert channel.lower[index] == min(lows[index - period + 1 : index + 1])


@CASES
@given(PRICES, st.integers(1, 30))
def test_momentum_is_the_return_over_the_period(prices, period):
    gained = momentum(np.array(prices), period)
    assert np.isnan(gained[:period]).all()
    for index in range(period, len(prices)):
        assert gained[index] == pytest.approx(prices[index] / prices[index - period] - 1)


@CASES
@given(st.lists(st.floats(1, 100), min_size=1, max_size=60), st.integers(2, 20))
def test_volatility_is_the_sample_deviation_of_the_returns(prices, period):
    spread = volatility(np.array(prices), period)
    moves = returns(np.array(prices))
    assert np.isnan(spread[:period]).all()
    for index in range(period, len(prices)):
        window = moves[index - period + 1 : index + 1].tolist()
        assert spread[index] == pytest.approx(stdev(window), rel=1e-9, abs=1e-12)


@CASES
@given(PRICES, st.integers(1, 8), st.integers(0, 20))
def test_a_windowed_average_has_the_digits_of_one_begun_at_the_window(prices, period, more):
    window = period + more
    for windowed, plain in ((ema_windowed, ema), (wilder_windowed, wilder)):
        swept = windowed(np.array(prices), period, window)
        assert np.isnan(swept[: window - 1]).all()
        for index in range(window - 1, len(prices)):
            alone = np.array(prices[index - window + 1 : index + 1])
            assert swept[index] == plain(alone, period)[-1]


@CASES
@given(st.lists(st.tuples(PRICE, PRICE, PRICE), min_size=1, max_size=60), st.integers(1, 4))
def test_windowed_strength_and_range_have_the_digits_of_those_begun_at_the_window(bars, period):
    highs, lows, closes = columns(bars)
    strength, average = rsi_windowed(closes, period), atr_windowed(highs, lows, closes, period)
    bars_seen = WILDER_PERIODS * period + 1
    for index in range(bars_seen - 1, len(bars)):
        seen = slice(index - bars_seen + 1, index + 1)
        assert strength[index] == rsi(closes[seen], period)[-1]
        assert average[index] == atr(highs[seen], lows[seen], closes[seen], period)[-1]


@CASES
@given(BARS, st.integers(2, 12), st.integers(1, 60))
def test_the_digits_at_a_bar_depend_on_its_own_window_alone(bars, period, cut):
    """Cut the future off and the past beyond the window: not a bit may change."""
    highs, lows, closes = columns(bars)
    cases = (
        (lambda _high, _low, close: sma(close, period), period),
        (lambda _high, _low, close: deviation(close, period), period),
        (lambda high, low, _: donchian(high, low, period).lower, period),
        (lambda _high, _low, close: momentum(close, period), period + 1),
        (lambda _high, _low, close: volatility(close, period), period + 1),
    )
    last = min(cut, len(bars))
    for indicator, seen in cases:
        if last < seen:
            continue
        whole = indicator(highs, lows, closes)[last - 1]
        window = slice(last - seen, last)
        assert whole == indicator(highs[window], lows[window], closes[window])[-1]


def test_a_window_too_short_for_its_average_is_a_bug():
    with pytest.raises(Bug, match="window of 3 values cannot hold an average over 4"):
        ema_windowed(np.ones(9), 4, 3)


def test_a_volatility_of_one_return_is_a_bug():
    with pytest.raises(Bug, match="over 0 values"):
        volatility(np.ones(9), 1)
