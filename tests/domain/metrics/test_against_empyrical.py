"""Where Atlas and empyrical define a metric alike, their numbers are equal to 1e-9."""

import numpy as np
import pandas as pd
import pytest
from empyrical import stats as empyrical

from atlas.domain.metrics import MetricId, Terms, report
from atlas.domain.metrics.series import ReturnSeries
from atlas.domain.metrics.sums import daily_rate
from tests.domain.metrics.worlds import Reference, navs_of, walk

YEAR = {"annualization": 365}
WINDOW = 60


def worlds():
    """Name pairs of strategy and benchmark that differ in length, drift and spread."""
    reference = Reference.load()
    yield "reference", reference.returns, reference.benchmark
    for seed, days, drift, spread in (
        (3, 90, 0.0, 0.01),
        (4, 400, -0.002, 0.04),
        (5, 1825, 0.001, 0.0004),
        (6, 1000, 0.003, 0.2),
    ):
        benchmark = walk(days, seed=seed, spread=spread)
        own = 0.7 * benchmark + walk(days, seed=100 + seed, drift=drift, spread=spread)
        yield f"seed {seed}", np.maximum(own, -0.6), np.maximum(benchmark, -0.6)


WORLDS = {name: (own, benchmark) for name, own, benchmark in worlds()}


def dated(returns):
    return pd.Series(returns, index=pd.date_range("2022-01-10", periods=len(returns)))


def alike(r, b, rf):
    """Give empyrical's number for each metric that both define alike."""
    daily = daily_rate(rf)
    active = r - b
    return {
        "total_return": empyrical.cum_returns_final(r),
        "cagr": empyrical.cagr(r, **YEAR),
        "volatility": empyrical.annual_volatility(r, **YEAR),
        "downside_deviation": empyrical.downside_risk(r, daily, **YEAR),
        "sharpe": empyrical.sharpe_ratio(r, daily, **YEAR),
        "sortino": empyrical.sortino_ratio(r, daily, **YEAR),
        "max_drawdown": empyrical.max_drawdown(r),
        "calmar": empyrical.calmar_ratio(r, **YEAR),
        "omega": empyrical.omega_ratio(r, required_return=rf, **YEAR),
        "value_at_risk_95": empyrical.value_at_risk(r),
        "cvar_95": empyrical.conditional_value_at_risk(r),
        "tail_ratio": empyrical.tail_ratio(r),
        "beta": empyrical.beta(r, b, daily),
        "alpha_geometric": empyrical.alpha(r, b, daily, **YEAR),
        "information_ratio": empyrical.excess_sharpe(r, b) * 365**0.5,
        "tracking_error": empyrical.annual_volatility(active, **YEAR),
        "up_capture": empyrical.up_capture(r, b, period="yearly"),
        "down_capture": empyrical.down_capture(r, b, period="yearly"),
        "best_month": empyrical.aggregate_returns(r, "monthly").max(),
        "worst_month": empyrical.aggregate_returns(r, "monthly").min(),
    }


def ours(r, b, rf):
    first_day = (r.index[0] - pd.Timestamp("1970-01-01")).days
    days = np.arange(first_day, first_day + len(r))
    terms = Terms(rf=rf, rolling_days=WINDOW)
    series = ReturnSeries(days, r.to_numpy())
    return report(series, benchmark=navs_of(b, first_day=first_day), terms=terms)


@pytest.mark.parametrize("rf", [0.0, 0.05])
@pytest.mark.parametrize("world", sorted(WORLDS))
def test_every_metric_that_is_defined_alike_is_equal(world, rf):
    r, b = map(dated, WORLDS[world])
    metrics = ours(r, b, rf).metrics
    expected = alike(r, b, rf)
    found = {name: metrics[MetricId(name)].value for name in expected}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_the_rolling_series_are_equal(world):
    r, b = map(dated, WORLDS[world])
    sharpe, volatility, beta = ours(r, b, 0.0).rolling
    for found, expected in (
        (sharpe, empyrical.roll_sharpe_ratio(r, window=WINDOW, **YEAR)),
        (volatility, empyrical.roll_annual_volatility(r, window=WINDOW, **YEAR)),
        (beta, empyrical.roll_beta(r, b, window=WINDOW)),
    ):
        assert found.days.astype("datetime64[D]").tolist() == [one.date() for one in expected.index]
        np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_shape_and_correlation_equal_pandas(world):
    r, b = map(dated, WORLDS[world])
    metrics = ours(r, b, 0.0).metrics
    expected = {"skewness": r.skew(), "excess_kurtosis": r.kurt(), "correlation": r.corr(b)}
    found = {name: metrics[MetricId(name)].value for name in expected}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_the_monthly_table_equals_the_aggregate(world):
    r, b = map(dated, WORLDS[world])
    expected = empyrical.aggregate_returns(r, "monthly")
    found = {
        (month.month_on.year, month.month_on.month): month.value
        for year in ours(r, b, 0.0).years
        for month in year.months
        if month
    }
    assert found == pytest.approx(expected.to_dict(), rel=1e-9, abs=1e-9)
    totals = {year.year: year.total for year in ours(r, b, 0.0).years}
    yearly = empyrical.aggregate_returns(r, "yearly").to_dict()
    assert totals == pytest.approx(yearly, rel=1e-9, abs=1e-9)
