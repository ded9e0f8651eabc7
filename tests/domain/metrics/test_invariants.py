"""What must hold for any series: properties over generated ones."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from atlas.domain.metrics import MetricId, NavSeries, ReturnSeries, Terms, date_of, report
from tests.domain.metrics.worlds import navs_of, numbers, reasons, value

STEP = st.floats(min_value=-0.3, max_value=0.4).map(lambda step: round(step, 6))
SHORT = st.lists(STEP, min_size=1, max_size=40).map(np.array)
RATES = st.floats(min_value=-0.5, max_value=2.0)


def drawn(seed, days, spread, drift, idle):
    """Draw returns that vary, some days of which are idle."""
    dice = np.random.default_rng(seed)
    returns = np.round(dice.normal(drift * spread, spread, days), 8)
    returns[dice.random(days) < idle] = 0.0
    return np.clip(returns, -0.9, 0.9)


# The days come from a seed: a list of floats long enough takes a second to draw.
RETURNS = st.builds(
    drawn,
    seed=st.integers(0, 2**32),
    days=st.integers(95, 300),
    spread=st.sampled_from([0.0005, 0.02, 0.1]),
    drift=st.floats(-0.3, 0.3),
    idle=st.sampled_from([0.0, 0.3, 0.9]),
)


def varied(returns):
    assume(returns.std() > 1e-5)
    return returns


def near(expected, tolerance=1e-9):
    return pytest.approx(expected, rel=tolerance, abs=tolerance)


def assert_alike(found, expected, tolerance=1e-9):
    """Compare all metrics: the same ones are null, for the same reason, and the rest are near."""
    assert reasons(found) == reasons(expected)
    told = {name: value for name, value in numbers(expected).items() if value is not None}
    ours = numbers(found)
    assert {name: ours[name] for name in told} == near(told, tolerance)


@given(RETURNS, st.floats(min_value=1e-6, max_value=1e6))
def test_the_scale_of_the_nav_does_not_matter(returns, scale):
    returns = varied(returns)
    one, other = navs_of(returns), navs_of(returns, opening=scale)
    expected, found = report(one), report(other)
    assert_alike(found.metrics, expected.metrics, 1e-7)
    assert [row[:3] for row in found.drawdowns] == [row[:3] for row in expected.drawdowns]


@given(RETURNS)
def test_a_power_of_two_as_scale_changes_not_even_a_bit(returns):
    one = navs_of(returns)
    other = NavSeries(one.days, one.navs * 1024.0)
    assert numbers(report(other).metrics) == numbers(report(one).metrics)


@given(SHORT | RETURNS)
def test_drawdowns_lie_between_minus_one_and_zero(returns):
    found = report(navs_of(returns))
    deepest = value(found, MetricId.MAX_DRAWDOWN)
    current = value(found, MetricId.CURRENT_DRAWDOWN)
    assert -1 <= deepest <= current <= 0
    assert ((found.underwater.falls >= -1) & (found.underwater.falls <= 0)).all()
    assert deepest == pytest.approx(found.underwater.falls.min(), abs=1e-12)
    depths = [row.depth for row in found.drawdowns]
    assert depths == sorted(depths)
    assert (depths[0] if depths else 0.0) == deepest
    assert (found.ongoing is None) == (current == 0)
    if found.ongoing:
        assert found.ongoing.recovered_on is None


@given(RETURNS, st.data())
def test_windows_that_follow_each_other_chain_to_the_whole(returns, data):
    series = navs_of(returns)
    cuts = data.draw(st.lists(st.integers(1, len(returns) - 1), max_size=4, unique=True))
    edges = [0, *sorted(cuts), len(returns)]
    on = [date_of(series.days[edge]) for edge in edges]
    growth = math.prod(
        1 + value(report(series, window=part), MetricId.TOTAL_RETURN) for part in pairwise(on)
    )
    assert growth == near(1 + value(report(series), MetricId.TOTAL_RETURN), 1e-12)


@given(RETURNS, st.data())
def test_the_metrics_of_a_window_are_those_of_a_series_cut_there(returns, data):
    series = navs_of(returns)
    first = data.draw(st.integers(0, len(returns) - 1))
    last = data.draw(st.integers(first + 1, len(returns)))
    window = (date_of(series.days[first]), date_of(series.days[last]))
    cut = NavSeries(series.days[first : last + 1], series.navs[first : last + 1])
    found, expected = report(series, window=window, benchmark=series), report(cut, benchmark=cut)
    assert found.metrics == expected.metrics
    assert (found.drawdowns, found.years) == (expected.drawdowns, expected.years)
    for one, other in zip(found.rolling, expected.rolling, strict=True):
        assert (one.days.tolist(), one.values.tolist()) == (
            other.days.tolist(),
            other.values.tolist(),
        )


@given(RETURNS, RATES, RATES)
def test_a_higher_risk_free_rate_lowers_sharpe(returns, one, other):
    assume(abs(one - other) > 1e-3)
    series = navs_of(varied(returns))
    low, high = (
        value(report(series, terms=Terms(rf=rate)), MetricId.SHARPE)
        for rate in sorted((one, other))
    )
    assert high < low


@given(RETURNS)
def test_a_strategy_that_is_its_own_benchmark_has_beta_one_and_no_alpha(returns):
    series = navs_of(varied(returns))
    found = report(series, benchmark=series).metrics
    assert found[MetricId.BETA].value == 1.0
    assert found[MetricId.ALPHA_ARITHMETIC].value == 0.0
    assert found[MetricId.ALPHA_GEOMETRIC].value == 0.0
    assert found[MetricId.CORRELATION].value == near(1.0, 1e-12)
    assert found[MetricId.TRACKING_ERROR].value == 0.0
    assert found[MetricId.INFORMATION_RATIO].value is None
    assert found[MetricId.INFORMATION_RATIO].reason == "zero_variance"
    for capture in (MetricId.UP_CAPTURE, MetricId.DOWN_CAPTURE):
        assert found[capture].value in (1.0, None)


@given(RETURNS, st.randoms(use_true_random=False))
def test_the_order_of_the_days_matters_for_the_drawdown_alone(returns, dice):
    returns = varied(returns)
    mixed = returns.tolist()
    dice.shuffle(mixed)
    one, other = (
        report(ReturnSeries(np.arange(19_000, 19_000 + len(row)), np.array(row))).metrics
        for row in (returns, mixed)
    )
    kept = (
        MetricId.VOLATILITY,
        MetricId.SHARPE,
        MetricId.SORTINO,
        MetricId.VALUE_AT_RISK_95,
        MetricId.CVAR_95,
        MetricId.TOTAL_RETURN,
        MetricId.OMEGA,
        MetricId.TAIL_RATIO,
    )
    assert_alike(
        {metric: other[metric] for metric in kept}, {metric: one[metric] for metric in kept}
    )


def test_falling_first_is_deeper_than_falling_by_turns():
    fallen = value(report(navs_of([-0.1] * 50 + [0.1] * 50)), MetricId.MAX_DRAWDOWN)
    mixed = value(report(navs_of([-0.1, 0.1] * 50)), MetricId.MAX_DRAWDOWN)
    assert fallen < mixed < 0


@given(RETURNS)
def test_navs_and_their_returns_say_the_same(returns):
    series = navs_of(varied(returns))
    given_returns = ReturnSeries(series.days[1:], series.navs[1:] / series.navs[:-1] - 1)
    one, other = report(series, benchmark=series), report(given_returns, benchmark=series)
    assert one.metrics[MetricId.SHARPE].provenance == other.metrics[MetricId.SHARPE].provenance
    assert_alike(other.metrics, one.metrics, 1e-8)


@given(RETURNS)
def test_the_shown_months_compound_to_the_total_return(returns):
    found = report(navs_of(returns))
    months = [month for year in found.years for month in year.months if month]
    total = 1 + value(found, MetricId.TOTAL_RETURN)
    assert math.prod(1 + month.value for month in months) == near(total, 1e-12)
    totals = [1 + year.total for year in found.years if year.total is not None]
    assert len(totals) == len(found.years)
    assert math.prod(totals) == near(total, 1e-12)


@given(RETURNS, st.floats(min_value=0.1, max_value=0.9))
def test_half_the_exposure_has_half_the_volatility_and_half_the_beta(returns, share):
    days = np.arange(19_000, 19_000 + len(returns))
    benchmark = navs_of(varied(returns))
    whole, part = (
        report(ReturnSeries(days, returns * size), benchmark=benchmark) for size in (1.0, share)
    )
    for metric in (MetricId.VOLATILITY, MetricId.DOWNSIDE_DEVIATION, MetricId.BETA):
        assert value(part, metric) == near(value(whole, metric) * share)
    assert value(part, MetricId.SHARPE) == near(value(whole, MetricId.SHARPE), 1e-7)
