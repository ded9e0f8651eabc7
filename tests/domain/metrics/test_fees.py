"""Gross and net: what fees took is added back and taken off without a loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics import (
    Basis,
    FeesTaken,
    FeeTerms,
    MetricId,
    NavSeries,
    after_fees,
    before_fees,
    net_by_terms,
    report,
)
from tests.domain.metrics.worlds import navs_of, walk


def taken(**ratios_by_day):
    days = [int(name[1:]) for name in ratios_by_day]
    return FeesTaken(np.array(days, dtype=np.int64), np.array(list(ratios_by_day.values())))


def total(series):
    return report(series).metrics[MetricId.TOTAL_RETURN].value


def test_a_fee_that_was_taken_is_added_back_from_its_day_on():
    net = NavSeries(np.arange(4), np.array([1.0, 1.1, 1.08, 1.2]))
    gross = before_fees(net, taken(d2=0.1))
    assert gross.navs == pytest.approx([1.0, 1.1, 1.2, 1.2 / 0.9])
    assert total(gross) > total(net)


def test_a_fee_on_a_day_without_a_nav_counts_at_the_next_one():
    net = NavSeries(np.array([0, 3, 6]), np.array([1.0, 0.9, 0.9]))
    assert before_fees(net, taken(d2=0.1)).navs == pytest.approx([1.0, 1.0, 1.0])


def test_fees_before_the_opening_are_not_this_windows():
    net = NavSeries(np.arange(3), np.ones(3))
    assert before_fees(net, taken(d0=0.5)).navs.tolist() == [1, 1, 1]


def test_no_fees_change_nothing():
    net = navs_of(walk(50))
    nothing = FeesTaken(np.empty(0, dtype=np.int64), np.empty(0))
    assert before_fees(net, nothing).navs.tolist() == net.navs.tolist()


@given(st.integers(0, 2**32), st.lists(st.floats(0, 0.5), min_size=1, max_size=10))
def test_adding_back_and_taking_off_undo_each_other(seed, ratios):
    net = navs_of(walk(100, seed=seed))
    days = np.sort(np.random.default_rng(seed).permutation(150)[: len(ratios)]) + 18_980
    fees = FeesTaken(days, np.array(ratios))
    there = before_fees(net, fees)
    back = after_fees(there, fees)
    np.testing.assert_allclose(back.navs, net.navs, rtol=1e-12)
    assert (there.navs >= net.navs * (1 - 1e-12)).all()


def test_a_management_fee_alone_takes_its_share_of_a_flat_year():
    flat = NavSeries(np.arange(366), np.ones(366))
    assert total(net_by_terms(flat, FeeTerms(management_ratio=0.02))) == pytest.approx(-0.02)
    weekly = NavSeries(np.arange(0, 366, 73), np.ones(6))
    assert total(net_by_terms(weekly, FeeTerms(management_ratio=0.02))) == pytest.approx(-0.02)


def test_a_performance_fee_takes_its_share_of_new_highs_only():
    gross = NavSeries(np.arange(5), np.array([1.0, 2.0, 1.0, 2.0, 3.0]))
    net = net_by_terms(gross, FeeTerms(performance_ratio=0.1)).navs
    # 1.9 is the mark after the first fee; coming back to it costs nothing.
    assert net == pytest.approx([1.0, 1.9, 0.95, 1.9, 1.9 + 0.95 * 0.9])


def test_terms_without_fees_leave_everything():
    gross = navs_of(walk(100))
    np.testing.assert_allclose(net_by_terms(gross, FeeTerms()).navs, gross.navs, rtol=1e-12)


@given(st.integers(0, 2**32), st.floats(0, 0.05), st.floats(0, 0.3))
def test_fees_never_add(seed, management, performance):
    gross = navs_of(walk(200, seed=seed))
    net = net_by_terms(gross, FeeTerms(management, performance))
    assert (net.navs <= gross.navs * (1 + 1e-12)).all()
    assert net.navs[0] == gross.navs[0]


def test_nothing_is_left_to_charge_where_all_was_lost():
    dead = NavSeries(np.arange(4), np.array([1.0, 0.5, 0.0, 0.0]))
    net = net_by_terms(dead, FeeTerms(0.02, 0.2)).navs
    assert net[2:].tolist() == [0.0, 0.0]


def test_the_basis_is_a_word():
    assert [str(basis) for basis in Basis] == ["net", "gross"]


@pytest.mark.parametrize("ratio", [-0.1, 1.0, float("nan")])
def test_fees_that_nobody_can_take_are_refused(ratio):
    with pytest.raises(InvalidInput, match="0 to below 1"):
        taken(d1=ratio)
    with pytest.raises(InvalidInput, match="0 to below 1"):
        FeeTerms(performance_ratio=ratio)


def test_fees_need_rising_days_and_a_ratio_for_each():
    with pytest.raises(InvalidInput, match="must rise"):
        FeesTaken(np.array([2, 2]), np.array([0.1, 0.1]))
    with pytest.raises(InvalidInput, match="one ratio for each"):
        FeesTaken(np.array([1, 2]), np.array([0.1]))
