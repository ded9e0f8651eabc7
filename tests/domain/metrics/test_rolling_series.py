"""Rolling series equal what each window says by itself."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.metrics import NavSeries, ReturnSeries, Terms, daily_track, report
from atlas.domain.metrics.comparison import join
from atlas.domain.metrics.rolling import rolling_beta, rolling_risk
from tests.domain.metrics.worlds import navs_of, walk, without

ROOT = math.sqrt(365)


def risk(series, window):
    return rolling_risk(daily_track(series), window_days=window)


@given(
    st.integers(2, 40),
    st.integers(0, 2**32),
    st.sampled_from([(0.0, 0.02), (0.01, 0.02), (0.001, 1e-6), (0.05, 1e-4), (0.0, 0.3)]),
)
def test_each_window_is_measured_as_if_it_stood_alone(window, seed, moments):
    mean, spread = moments
    returns = np.random.default_rng(seed).normal(mean, spread, 120)
    own = ReturnSeries(np.arange(120), np.maximum(returns, -0.9))
    sharpe, volatility = risk(own, window)
    for place, last in enumerate(range(window - 1, 120)):
        part = own.returns[last - window + 1 : last + 1]
        deviation = part.std(ddof=1)
        assert volatility.values[place] == pytest.approx(deviation * ROOT, rel=1e-9)
        ratio = part.mean() / deviation * ROOT
        assert sharpe.values[place] == pytest.approx(ratio, rel=1e-9, abs=1e-9)
    assert volatility.days.tolist() == list(range(window - 1, 120))


@pytest.mark.parametrize("window", [2, 3, 7, 64, 90, 126, 400])
def test_beta_of_each_window_is_that_of_its_days(window):
    own, other = walk(400, seed=1), walk(400, seed=2)
    own = 0.5 * other + own
    joined = join(daily_track(navs_of(own)), daily_track(navs_of(other)))
    found = rolling_beta(joined, window_days=window)
    expected = [
        np.cov(own[at : at + window], other[at : at + window])[0, 1]
        / other[at : at + window].var(ddof=1)
        for at in range(400 - window + 1)
    ]
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-9)
    assert found.days[0] == 19_000 + window - 1


def test_a_window_is_the_same_whatever_lies_before_it():
    calm = walk(200, spread=1e-5)
    wild = np.concatenate([walk(200, seed=3, spread=0.3, drift=0.05), calm])
    alone = risk(ReturnSeries(np.arange(200, 400), calm), 30)
    behind = risk(ReturnSeries(np.arange(400), np.maximum(wild, -0.5)), 30)
    for one, other in zip(alone, behind, strict=True):
        assert other.values[-len(one.values) :].tolist() == one.values.tolist()


def test_windows_with_a_gap_in_them_are_left_out():
    holed = without(navs_of(walk(100)), *range(50, 56))
    sharpe, volatility = risk(holed, 10)
    # Day 56 has no return for the six days before it are missing; whole windows begin behind it.
    assert volatility.days.tolist() == [*range(19_009, 19_049), *range(19_065, 19_099 + 1)]
    assert sharpe.days.tolist() == volatility.days.tolist()
    before, behind = navs_of(walk(100)[:49]), navs_of(walk(100)[56:], first_day=19_056)
    alone = [*risk(before, 10)[1].values, *risk(behind, 10)[1].values]
    np.testing.assert_allclose(volatility.values, alone, rtol=1e-9)


def test_windows_without_variance_have_no_sharpe_and_a_volatility_of_zero():
    returns = np.concatenate([walk(50), np.zeros(40), walk(50, seed=2)])
    sharpe, volatility = risk(navs_of(returns), 20)
    idle = set(volatility.days[volatility.values == 0.0].tolist())
    assert idle == set(range(19_069, 19_090))
    assert set(volatility.days.tolist()) - set(sharpe.days.tolist()) == idle


def test_windows_in_which_the_benchmark_rests_have_no_beta():
    other = np.concatenate([walk(50), np.full(40, 0.001), walk(50, seed=2)])
    joined = join(daily_track(navs_of(walk(140, seed=5))), daily_track(navs_of(other)))
    found = rolling_beta(joined, window_days=20)
    assert set(range(19_019, 19_140)) - set(found.days.tolist()) == set(range(19_069, 19_090))


def test_a_strategy_at_rest_has_a_beta_of_zero():
    own = np.concatenate([walk(50), np.zeros(40)])
    joined = join(daily_track(navs_of(own)), daily_track(navs_of(walk(90, seed=2))))
    assert rolling_beta(joined, window_days=30).values[-11:].tolist() == [0.0] * 11


def test_a_series_shorter_than_the_window_has_none():
    for found in report(
        navs_of(walk(50)), benchmark=navs_of(walk(50, seed=2)), terms=Terms(rolling_days=51)
    ).rolling:
        assert (len(found.days), len(found.values), found.window_days) == (0, 0, 51)
    assert all(len(one.days) == 0 for one in risk(NavSeries(np.array([5]), np.ones(1)), 2))


def test_the_rate_lowers_the_rolling_sharpe():
    one, other = (
        report(navs_of(walk(200)), terms=Terms(rf=rf, rolling_days=60)).rolling[0].values
        for rf in (0.0, 0.1)
    )
    assert (other < one).all()


def test_what_was_wiped_out_still_has_the_windows_that_it_lived_through():
    found = report(navs_of([*walk(100), -1.0]), terms=Terms(rolling_days=30)).rolling
    assert found[1].days.tolist() == list(range(19_029, 19_100))
