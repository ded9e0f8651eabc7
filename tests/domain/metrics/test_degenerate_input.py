"""Degenerate input gives null with a reason: never infinity, NaN or a guess."""

import math
from decimal import Decimal
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics import (
    DEFINITIONS,
    MetricId,
    NavSeries,
    Reason,
    ReturnSeries,
    Terms,
    daily_track,
    headlines,
    report,
)
from tests.domain.metrics.worlds import navs_of, numbers, reasons, walk

YEARLY = {"cagr", "calmar"}
ALPHAS = {"alpha_arithmetic", "alpha_geometric", "treynor"}
SAMPLED = {"volatility", "sharpe", "sortino", "downside_deviation", "value_at_risk_95", "cvar_95"}


def compared(count, **terms):
    series = navs_of(walk(count))
    return report(series, benchmark=navs_of(walk(count, seed=2)), terms=Terms(**terms)).metrics


@pytest.mark.parametrize(("count", "is_given"), [(89, False), (90, True)])
def test_yearly_growth_needs_ninety_days(count, is_given):
    found = numbers(compared(count))
    for metric in YEARLY | ALPHAS:
        assert (found[metric] is not None) == is_given, metric
        if not is_given:
            assert reasons(compared(count))[metric] == "insufficient_history"
    assert found["total_return"] is not None


@pytest.mark.parametrize(("count", "is_given"), [(29, False), (30, True)])
def test_statistics_of_a_sample_need_thirty_observations(count, is_given):
    found = numbers(compared(count))
    for metric in SAMPLED | {"beta", "correlation", "skewness"}:
        assert (found[metric] is not None) == is_given, metric
        if not is_given:
            assert reasons(compared(count))[metric] == "insufficient_history"


def test_filled_days_are_no_observations():
    days = np.arange(0, 120, 4)  # each fourth day, carried forward over three
    series = NavSeries(days, np.cumprod(1 + walk(len(days))))
    found = report(series).metrics
    assert found[MetricId.VOLATILITY].provenance.samples == 116
    assert reasons(found)["volatility"] == "insufficient_history"


def test_observations_that_gaps_ate_are_told_as_gaps():
    days = np.arange(0, 400, 10)
    found = reasons(report(NavSeries(days, np.cumprod(1 + walk(len(days))))).metrics)
    assert found["volatility"] == found["sharpe"] == found["best_day"] == "gaps"
    assert "cagr" not in found


@pytest.mark.parametrize(
    ("count", "is_short"), [(10, True), (29, True), (89, True), (90, False), (400, False)]
)
def test_what_is_short_is_flagged_on_every_number(count, is_short):
    flags = {one.short_history for one in report(navs_of(walk(count))).metrics.values()}
    assert flags == {is_short}


def test_one_nav_alone_has_no_metric_at_all():
    found = report(navs_of([]))
    assert set(numbers(found.metrics).values()) == {None}
    assert reasons(found.metrics)["total_return"] == "insufficient_history"
    assert (found.years, found.drawdowns, found.ongoing) == ((), (), None)


def test_a_flat_nav_has_no_ratio_but_zeros_where_zero_is_true():
    found = report(navs_of(np.zeros(200)), benchmark=navs_of(walk(200))).metrics
    told, why = numbers(found), reasons(found)
    for metric in ("total_return", "cagr", "volatility", "max_drawdown", "downside_deviation"):
        assert told[metric] == 0.0
    assert why["sharpe"] == why["correlation"] == why["skewness"] == "zero_variance"
    assert why["sortino"] == why["omega"] == "no_downside"
    assert why["calmar"] == "no_drawdown"
    assert why["win_rate_days_nonzero"] == why["win_rate_months"] == why["kelly"] == "no_moves"
    assert why["tail_ratio"] == "zero_tail"
    assert why["treynor"] == "zero_beta"
    assert told["beta"] == 0.0


def test_a_constant_return_has_no_sharpe_ratio_in_spite_of_floating_point():
    found = report(navs_of(np.full(400, 0.001))).metrics
    assert np.std(np.diff(np.cumprod(np.full(400, 1.001)))) > 0  # its NAV holds noise
    assert reasons(found)["sharpe"] == "zero_variance"
    assert numbers(found)["volatility"] == 0.0
    assert reasons(found)["kelly"] == "no_losses"


def test_a_series_that_only_falls_has_no_win_and_a_kelly_without_value():
    found = report(navs_of(-0.001 - 0.0005 * np.abs(np.sin(np.arange(100))))).metrics
    assert numbers(found)["win_rate_days_nonzero"] == 0.0
    assert reasons(found)["kelly"] == "no_wins"
    assert numbers(found)["omega"] == 0.0


def test_a_benchmark_that_never_moves_has_no_beta():
    flat = NavSeries(np.arange(18_999, 19_200), np.full(201, 5.0))
    why = reasons(report(navs_of(walk(200)), benchmark=flat).metrics)
    for metric in ("beta", "alpha_arithmetic", "alpha_geometric", "treynor", "correlation"):
        assert why[metric] == "zero_variance"
    assert (why["up_capture"], why["down_capture"]) == ("no_up_days", "no_down_days")


def test_a_result_too_large_to_be_written_down_is_out_of_range():
    returns = walk(120)
    returns[60] = 1e30
    found = report(
        ReturnSeries(np.arange(19_000, 19_120), returns), benchmark=navs_of(walk(120, seed=2))
    ).metrics
    assert reasons(found)["alpha_geometric"] == "out_of_range"
    assert numbers(found)["alpha_arithmetic"] > 1e29


def test_more_than_everything_lost_each_day_has_no_yearly_alpha():
    benchmark = 0.05 + 0.01 * np.tile([1.0, -1.0], 60)
    own = np.tile([0.9, -0.4], 60)
    found = report(navs_of(own), benchmark=navs_of(benchmark)).metrics
    assert numbers(found)["alpha_arithmetic"] < -365
    assert reasons(found)["alpha_geometric"] == "out_of_range"


def test_captures_of_swings_whose_product_no_float_holds_are_still_right():
    swings = np.tile([1e10 - 1, 1e-10 - 1], 60)
    series = navs_of(np.tile([1.0, -0.5], 60))
    found = numbers(report(series, benchmark=navs_of(swings)).metrics)
    assert found["up_capture"] == pytest.approx(1 / (1e10 - 1))
    assert found["down_capture"] == pytest.approx(0.5)


def test_without_a_benchmark_each_comparison_says_so():
    found = report(navs_of(walk(200))).metrics
    compared_ones = {metric for metric, one in DEFINITIONS.items() if one.group == "benchmark"}
    assert {found[metric].reason for metric in compared_ones} == {Reason.NO_BENCHMARK}
    assert {found[metric].provenance.samples for metric in compared_ones} == {0}


def test_a_benchmark_of_other_years_shares_no_day():
    elsewhere = navs_of(walk(200), first_day=30_000)
    found = report(navs_of(walk(200)), benchmark=elsewhere).metrics
    assert reasons(found)["beta"] == "insufficient_history"
    origin = found[MetricId.BETA].provenance
    assert (origin.samples, origin.first_on, origin.last_on) == (0, None, None)


def test_a_price_of_the_benchmark_is_carried_for_one_day_and_no_longer():
    series, prices = navs_of(walk(200)), navs_of(walk(200, seed=2))
    kept = np.delete(np.arange(201), [50, 100, 101])
    found = report(series, benchmark=NavSeries(prices.days[kept], prices.navs[kept])).metrics
    origin = found[MetricId.BETA].provenance
    # The two missing prices take three returns away: both days and the one behind.
    assert (origin.samples, origin.missing_days, origin.gaps) == (197, 3, 1)
    assert origin.filled_days == 1


def test_a_vault_that_stays_below_its_opening_is_no_return_series():
    returns = np.append(-0.02, walk(400, seed=8, drift=-0.003, spread=0.02))
    series = navs_of(returns)
    assert series.navs[1:].max() < 1
    told = numbers(report(series).metrics)
    assert told["volatility"] == pytest.approx(returns.std(ddof=1) * math.sqrt(365), rel=1e-9)
    assert -1 < told["max_drawdown"] < -0.3
    assert told["sharpe"] < 0


@pytest.mark.parametrize("rf", [-1.0, -2.0, 10.1, float("nan"), float("inf")])
def test_a_rate_that_nobody_means_is_refused(rf):
    with pytest.raises(InvalidInput, match="risk-free rate"):
        report(navs_of(walk(10)), terms=Terms(rf=rf))


def test_a_rolling_window_of_one_day_is_refused():
    with pytest.raises(InvalidInput, match="2 or more"):
        report(navs_of(walk(10)), terms=Terms(rolling_days=1))


NAVS = st.lists(
    st.sampled_from([1e-18, 1e-9, 0.5, 1.0, 1.0 + 1e-15, 2.0, 1e9, 1e20])
    | st.floats(1e-18, 1e20)
    | st.floats(-1.0, 3.0),
    min_size=1,
    max_size=60,
)
STEPS = st.lists(st.sampled_from([1, 1, 1, 1, 2, 4, 5, 40]), min_size=60, max_size=60)
RETURNS = st.lists(
    st.sampled_from([0.0, -1.0, -1.5, 1e-300, 1e-17, -0.999999999, 0.1]) | st.floats(-0.5, 0.6),
    min_size=1,
    max_size=60,
)


def assert_sound(found):
    for one in found.metrics.values():
        if one.value is None:
            assert isinstance(one.reason, Reason)
        else:
            assert one.reason is None
            assert isinstance(one.value, float | int | Decimal)
            assert math.isfinite(one.value)
    series = [found.underwater.falls, *(one.values for one in found.rolling)]
    assert all(np.isfinite(values).all() for values in series)
    months = chain(*(year.months for year in found.years))
    assert all(math.isfinite(month.value) for month in months if month)
    assert all(math.isfinite(year.total) for year in found.years if year.total is not None)


@given(NAVS, STEPS, NAVS)
def test_no_navs_whatsoever_make_a_number_that_is_none(navs, steps, prices):
    navs, prices = [abs(navs[0]) or 1.0, *navs[1:]], [abs(prices[0]) or 1.0, *prices[1:]]
    navs = [nav if nav <= 0 else max(nav, 1e-18) for nav in navs]
    prices = [price if price <= 0 else max(price, 1e-18) for price in prices]
    series = NavSeries(np.cumsum(steps[: len(navs)]), np.array(navs))
    benchmark = NavSeries(np.arange(len(prices)), np.array(prices))
    assert_sound(report(series, benchmark=benchmark, terms=Terms(rolling_days=5)))
    (headline,) = headlines([daily_track(series)])
    assert all(one.value is None or math.isfinite(one.value) for one in headline.values())


@given(RETURNS, STEPS)
def test_no_returns_whatsoever_make_a_number_that_is_none(returns, steps):
    series = ReturnSeries(np.cumsum(steps[: len(returns)]), np.array(returns))
    assert_sound(report(series, terms=Terms(rf=0.02, rolling_days=3)))
