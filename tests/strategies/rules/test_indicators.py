"""Indicators agree with their definition, bar by bar and all at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug
from strategies.rules.indicators import ema, ema_step, sma

CASES = settings(max_examples=40, deadline=None)
PRICES = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=80)


def test_a_plain_average_is_warm_at_its_period():
    averages = sma(np.array([1.0, 2.0, 3.0, 6.0]), 3)
    assert np.isnan(averages[:2]).all()
    assert averages[2:].tolist() == [2.0, 11 / 3]


def test_an_exponential_average_starts_at_the_plain_one_and_follows():
    averages = ema(np.array([1.0, 2.0, 3.0, 6.0, 2.0]), 3)
    assert np.isnan(averages[:2]).all()
    assert averages[2:].tolist() == [2.0, 4.0, 3.0]


@CASES
@given(PRICES, st.integers(1, 30))
def test_stepping_bar_by_bar_equals_computing_all_at_once(prices, period):
    whole = ema(np.array(prices), period)
    if len(prices) < period:
        assert np.isnan(whole).all()
        return
    running = float(sma(np.array(prices), period)[period - 1])
    for index in range(period, len(prices)):
        running = ema_step(running, prices[index], period)
        assert running == whole[index]


@CASES
@given(PRICES, st.integers(1, 30))
def test_an_exponential_average_is_the_weighted_sum_of_its_definition(prices, period):
    if len(prices) < period:
        return
    fade = 1 - 2 / (period + 1)
    seed, rest = sum(prices[:period]) / period, prices[period:]
    newest_first = rest[::-1]
    weighted = sum((1 - fade) * fade**age * price for age, price in enumerate(newest_first))
    assert ema(np.array(prices), period)[-1] == pytest.approx(seed * fade ** len(rest) + weighted)


@CASES
@given(PRICES, st.integers(1, 30))
def test_a_plain_average_is_the_sum_of_its_window_over_its_length(prices, period):
    averages = sma(np.array(prices), period)
    for index in range(period - 1, len(prices)):
        expected = sum(prices[index - period + 1 : index + 1]) / period
        assert averages[index] == pytest.approx(expected)


@CASES
@given(PRICES, st.integers(1, 30))
def test_an_average_stays_between_the_lowest_and_the_highest_value(prices, period):
    for average in (sma, ema):
        warm = average(np.array(prices), period)[period - 1 :]
        assert all(min(prices) * (1 - 1e-9) <= value <= max(prices) * (1 + 1e-9) for value in warm)


@CASES
@given(PRICES, st.integers(1, 30), st.integers(1, 80))
def test_an_indicator_never_looks_ahead(prices, period, cut):
    for average in (sma, ema):
        whole = average(np.array(prices), period)[:cut]
        np.testing.assert_array_equal(whole, average(np.array(prices[:cut]), period))


def test_a_period_of_nothing_is_a_bug():
    with pytest.raises(Bug, match="over 0 values"):
        ema(np.array([1.0]), 0)
