"""A batch says what each report says, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics import (
    MetricId,
    NavSeries,
    ReturnSeries,
    Terms,
    daily_track,
    headlines,
    headlines_of_matrix,
    report,
)
from tests.domain.metrics.worlds import navs_of, walk, without


def ragged():
    """Give tracks of all kinds: many of one length, some alone, holed, short, dead and of returns."""
    series = [navs_of(walk(365, seed=seed)) for seed in range(70)]
    series += [navs_of(walk(days, seed=days)) for days in (0, 1, 2, 29, 30, 89, 90, 1000, 1825)]
    series += [without(navs_of(walk(400, seed=seed)), 5, 6, 200 + seed) for seed in range(3)]
    series += [without(navs_of(walk(400, seed=seed)), *range(100, 110 + seed)) for seed in range(3)]
    series += [navs_of([*walk(100), -1.0, 0.0]), navs_of(np.zeros(365)), navs_of([0.001] * 365)]
    returns = [ReturnSeries(np.arange(365), walk(365, seed=seed)) for seed in (500, 501)]
    return [*series, *returns]


@pytest.mark.parametrize("rf", [0.0, 0.05])
def test_ragged_tracks_in_one_batch_equal_each_report_to_the_last_bit(rf):
    given_series = ragged()
    together = headlines([daily_track(one) for one in given_series], rf=rf)
    assert len(together) == len(given_series)
    for one, found in zip(given_series, together, strict=True):
        whole = report(one, terms=Terms(rf=rf)).metrics
        assert found == {metric: whole[metric] for metric in found}


def test_a_track_is_the_same_alone_in_any_order_and_in_any_company():
    tracks = [daily_track(one) for one in ragged()]
    together = headlines(tracks)
    assert headlines(tracks[::-1]) == together[::-1]
    assert [headlines([track])[0] for track in tracks] == together


@pytest.mark.parametrize("days", [1, 2, 31, 365, 1825])
@pytest.mark.parametrize("count", [1, 2, 33, 100])
def test_a_matrix_equals_its_rows_to_the_last_bit(count, days):
    rows = np.stack([navs_of(walk(days, seed=seed)).navs for seed in range(count)])
    calendar = np.arange(days + 1)
    expected = headlines([daily_track(NavSeries(calendar, row)) for row in rows], rf=0.03)
    assert headlines_of_matrix(calendar, rows, rf=0.03) == expected


def test_a_matrix_with_a_strategy_that_died_equals_its_rows():
    rows = np.stack([navs_of(walk(100)).navs, navs_of([*walk(50), -1.0, *walk(49)]).navs])
    found = headlines_of_matrix(np.arange(101), rows)
    assert found == headlines([daily_track(NavSeries(np.arange(101), row)) for row in rows])
    assert found[1][MetricId.CAGR].reason == "wiped_out"


def test_a_column_order_of_memory_changes_nothing():
    rows = np.stack([navs_of(walk(365, seed=seed)).navs for seed in range(40)])
    calendar = np.arange(366)
    assert headlines_of_matrix(calendar, np.asfortranarray(rows)) == headlines_of_matrix(
        calendar, rows
    )


def test_no_strategies_give_no_numbers():
    assert headlines([]) == []
    assert headlines_of_matrix(np.arange(5), np.empty((0, 5))) == []


@pytest.mark.parametrize(
    ("days", "navs", "words"),
    [
        ([0, 1, 3], [[1, 1, 1]], "follow each other"),
        ([0, 2, 1], [[1, 1, 1]], "follow each other"),
        ([0, 1], [[1, 1, 1]], "one column a day"),
        ([0, 1, 2], [1, 1, 1], "one column a day"),
        ([0, 1, 2], [[1, np.nan, 1]], "outside"),
        ([0, 1, 2], [[1, np.inf, 1]], "outside"),
        ([0, 1, 2], [[1, 1e-19, 1]], "outside"),
        ([0, 1, 2], [[0.0, 1.0, 1.0]], "opening NAV"),
    ],
)
def test_what_is_no_matrix_of_navs_is_refused(days, navs, words):
    with pytest.raises(InvalidInput, match=words):
        headlines_of_matrix(np.array(days), np.array(navs, dtype=np.float64))


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 200)), min_size=1, max_size=40),
    st.floats(-0.2, 0.5),
)
def test_any_batch_equals_its_reports(strategies, rf):
    given_series = [navs_of(walk(days, seed=seed)) for seed, days in strategies]
    together = headlines([daily_track(one) for one in given_series], rf=rf)
    for one, found in zip(given_series, together, strict=True):
        whole = report(one, terms=Terms(rf=rf)).metrics
        assert found == {metric: whole[metric] for metric in found}
