"""Histograms: round widths, zero between gains and losses, nothing lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.histogram import MOST_BARS, Histogram, histogram

RETURNS = st.lists(st.floats(-0.99, 50.0), min_size=1, max_size=200)


def test_daily_returns_fall_into_bars_of_a_round_width_with_an_edge_at_zero():
    found = histogram(np.array([-0.012, -0.004, -0.001, 0.0, 0.002, 0.003, 0.011]))
    assert found.edges == (-0.02, -0.01, 0.0, 0.01, 0.02)
    assert found.counts == (1, 2, 3, 1)


@given(RETURNS, st.integers(2, 60))
def test_every_value_is_counted_once_in_few_bars(values, most):
    found = histogram(np.array(values), most_bars=most)
    assert sum(found.counts) == len(values)
    assert 1 <= len(found.counts) <= most
    assert len(found.edges) == len(found.counts) + 1
    assert found.edges[0] <= min(values)
    assert found.edges[-1] >= max(values)
    assert all(low < high for low, high in zip(found.edges, found.edges[1:], strict=False))


@given(RETURNS)
def test_no_bar_holds_gains_and_losses_alike(values):
    found = histogram(np.array(values))
    gains = sum(value >= 0 for value in values)
    above = [n for low, n in zip(found.edges, found.counts, strict=False) if low >= 0]
    below = [n for high, n in zip(found.edges[1:], found.counts, strict=True) if high <= 0]
    if min(values) < 0 < max(values):
        assert (sum(above), sum(below)) == (gains, len(values) - gains)


def test_one_value_and_equal_values_make_one_bar():
    assert histogram(np.array([0.01])).counts == (1,)
    assert histogram(np.full(30, -0.02)).counts == (30,)
    assert histogram(np.zeros(7)).counts == (7,)


def test_nothing_makes_no_bars():
    assert histogram(np.empty(0)) == Histogram((), ())


def test_what_is_no_number_is_refused():
    with pytest.raises(InvalidInput, match="finite"):
        histogram(np.array([0.1, np.nan]))
    with pytest.raises(InvalidInput, match="2 or more"):
        histogram(np.array([0.1]), most_bars=1)


def test_ten_thousand_returns_keep_to_the_bound():
    returns = np.random.default_rng(5).standard_t(2, 10_000) * 0.01
    assert len(histogram(returns).counts) <= MOST_BARS
