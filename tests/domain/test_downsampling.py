"""Fewer points keep the ends and the extremes, and are points of the series."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.downsample import lttb, min_max
from atlas.domain.errors import InvalidInput

LENGTHS = st.integers(1, 400)
SEEDS = st.integers(0, 2**32)


def column(length, seed):
    return np.random.default_rng(seed).normal(size=length).cumsum()


def assert_chosen(places, length, most):
    assert (np.diff(places) > 0).all()
    assert len(places) <= max(most, min(length, most))
    assert (places[0], places[-1]) == (0, length - 1)


@given(LENGTHS, SEEDS, st.integers(1, 4), st.integers(0, 200))
def test_min_max_keeps_ends_and_extremes_of_all_columns(length, seed, count, more):
    columns = [column(length, seed + one) for one in range(count)]
    most = 2 + 2 * count + more
    places = min_max(columns, most)
    assert_chosen(places, length, most)
    for one in columns:
        assert (one[places].min(), one[places].max()) == (one.min(), one.max())


@given(LENGTHS, SEEDS, st.integers(5, 300))
def test_lttb_keeps_ends_and_extremes_and_no_more_points_than_asked(length, seed, most):
    times, values = np.arange(length) * 86_400.0, column(length, seed)
    places = lttb(times, values, most)
    assert_chosen(places, length, most)
    assert (values[places].min(), values[places].max()) == (values.min(), values.max())


@pytest.mark.parametrize("most", [4, 10, 60, 500])
def test_every_stretch_keeps_its_own_lowest_and_highest(most):
    values = column(1825, 3)
    places = min_max([values], most)
    stretches = (most - 2) // 2
    edges = 1 + np.arange(stretches + 1) * 1823 // stretches
    for start, end in pairwise(edges):
        part = set(range(start, end)) & set(places.tolist())
        assert {start + values[start:end].argmin(), start + values[start:end].argmax()} == part


def test_a_short_series_stays_whole():
    values = column(50, 1)
    assert min_max([values], 50).tolist() == list(range(50))
    assert lttb(np.arange(50.0), values, 50).tolist() == list(range(50))


def test_a_spike_of_one_point_among_fifty_thousand_survives():
    values = np.zeros(50_000)
    values[31_337], values[12_345] = 1.0, -1.0
    for places in (min_max([values], 100), lttb(np.arange(50_000.0), values, 100)):
        assert {31_337, 12_345} <= set(places.tolist())
        assert len(places) <= 100


def test_what_is_no_number_is_never_an_extreme():
    values = column(300, 4)
    holed = values.copy()
    holed[::7] = np.nan
    places = min_max([holed], 20)
    assert np.nanmin(holed) == np.nanmin(holed[places])
    assert np.nanmax(holed) == np.nanmax(holed[places])
    assert len(min_max([np.full(300, np.nan)], 20)) <= 20


def test_lttb_keeps_the_corners_of_a_line_and_drops_what_lies_on_it():
    corners = [0, 100, 150, 300, 399]
    values = np.interp(np.arange(400), corners, [0, 50, -20, 30, 10])
    chosen = lttb(np.arange(400.0), values, 40)
    assert all(np.abs(chosen - corner).min() <= 6 for corner in corners)
    drawn = np.interp(np.arange(400), chosen, values[chosen])
    assert np.abs(drawn - values).max() < 4


def test_both_choose_the_same_again():
    values = column(5_000, 9)
    assert min_max([values], 80).tolist() == min_max([values.copy()], 80).tolist()
    times = np.arange(5_000.0)
    assert lttb(times, values, 80).tolist() == lttb(times, values.copy(), 80).tolist()


@pytest.mark.parametrize(
    ("choose", "words"),
    [
        (lambda: min_max([np.arange(9.0)], 3), "takes 4 or more"),
        (lambda: min_max([np.arange(9.0), np.arange(9.0)], 5), "takes 6 or more"),
        (lambda: min_max([np.arange(9.0), np.arange(8.0)], 50), "one length"),
        (lambda: min_max([], 50), "one length"),
        (lambda: min_max([np.empty(0)], 50), "one length"),
        (lambda: lttb(np.arange(9.0), np.arange(9.0), 4), "takes 5 or more"),
        (lambda: lttb(np.arange(9.0), np.arange(8.0), 50), "one length"),
        (lambda: lttb(np.array([0.0, 0.0]), np.zeros(2), 50), "times that rise"),
        (lambda: lttb(np.arange(2.0), np.array([0.0, np.nan]), 50), "finite values"),
    ],
)
def test_what_cannot_be_sampled_is_refused(choose, words):
    with pytest.raises(InvalidInput, match=words):
        choose()
