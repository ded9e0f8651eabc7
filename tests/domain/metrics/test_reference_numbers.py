"""The metrics of a published series equal its reference numbers to eight digits."""

from datetime import date
from itertools import chain

import pytest

from atlas.domain.metrics import MetricId, Terms, headlines, report
from atlas.domain.metrics.daily import daily_track
from tests.domain.metrics.worlds import Reference

REFERENCE = Reference.load()
TOLD = REFERENCE.told
INPUTS = {"navs": REFERENCE.nav_series, "returns": REFERENCE.return_series}


def near(number):
    return pytest.approx(number, rel=0, abs=1e-8)


def whole(given, rf=0.0):
    terms = Terms(rf=rf, rolling_days=126)
    return report(INPUTS[given], benchmark=REFERENCE.benchmark_series, terms=terms)


@pytest.mark.parametrize("metric", sorted(TOLD["metrics"]))
@pytest.mark.parametrize("given", sorted(INPUTS))
def test_a_metric_equals_its_reference_number(given, metric):
    assert whole(given).metrics[MetricId(metric)].value == near(TOLD["metrics"][metric])


@pytest.mark.parametrize("metric", sorted(TOLD["metrics_at_rf_5_percent"]))
def test_a_metric_at_a_yearly_risk_free_rate_equals_its_reference_number(metric):
    expected = TOLD["metrics_at_rf_5_percent"][metric]
    assert whole("navs", rf=0.05).metrics[MetricId(metric)].value == near(expected)


def test_the_deepest_drawdown_has_the_days_of_the_reference():
    deepest = whole("navs").drawdowns[0]
    expected = {name: date.fromisoformat(on) for name, on in TOLD["max_drawdown_dates"].items()}
    assert {name: getattr(deepest, name) for name in expected} == expected
    assert deepest.depth == near(TOLD["metrics"]["max_drawdown"])
    assert deepest.days == (expected["recovered_on"] - expected["peak_on"]).days
    assert whole("navs").metrics[MetricId.MAX_DRAWDOWN_DAYS].value == deepest.days


def test_months_and_years_equal_the_reference():
    years = whole("returns").years
    months = {
        f"{one.month_on:%Y-%m}": one.value for one in chain(*(year.months for year in years)) if one
    }
    assert len(months) == 24
    assert {name: months[name] for name in TOLD["months"]} == near(TOLD["months"])
    totals = {str(year.year): year.total for year in years}
    assert {name: totals[name] for name in TOLD["years"]} == near(TOLD["years"])


@pytest.mark.parametrize(("rf", "suffix"), [(0.0, ""), (0.05, "_at_rf_5_percent")])
def test_the_last_rolling_sharpe_equals_the_reference(rf, suffix):
    sharpe = whole("navs", rf).rolling[0]
    assert (sharpe.metric, sharpe.window_days) == (MetricId.ROLLING_SHARPE, 126)
    assert sharpe.values[-1] == near(TOLD["rolling_126_last"][f"rolling_sharpe{suffix}"])


def test_the_last_rolling_volatility_and_beta_equal_the_reference():
    last = {one.metric.value: one.values[-1] for one in whole("navs").rolling[1:]}
    expected = TOLD["rolling_126_last"]
    assert last == near({name: expected[name] for name in ("rolling_volatility", "rolling_beta")})


def test_the_headlines_equal_the_reference_too():
    (found,) = headlines([daily_track(INPUTS["navs"])])
    shared = {name: found[MetricId(name)].value for name in TOLD["metrics"] if name in found}
    assert len(shared) == 10
    assert shared == near({name: TOLD["metrics"][name] for name in shared})


def test_treynor_is_the_yearly_growth_over_beta():
    metrics = whole("navs", rf=0.05).metrics
    expected = (metrics[MetricId.CAGR].value - 0.05) / metrics[MetricId.BETA].value
    assert metrics[MetricId.TREYNOR].value == near(expected)
