"""Where Atlas means not to say what empyrical says, both numbers stand in docs/metrics.md.

Each row of the table there is computed here, ours and theirs, and must say what comes out.
"""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from empyrical import stats as empyrical

from atlas.domain.metrics import MetricId, NavSeries, Terms, report
from atlas.domain.metrics.series import ReturnSeries
from tests.domain.metrics.worlds import Reference, navs_of, walk, without

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
REFERENCE = Reference.load()
YEAR = {"annualization": 365}
R = pd.Series(REFERENCE.returns, index=pd.date_range("2024-01-01", periods=730))
B = pd.Series(REFERENCE.benchmark, index=R.index)
DIFFERENCES: dict[str, Any] = {}


def difference(compute):
    DIFFERENCES[compute.__name__.replace("_", "-")] = compute
    return compute


def told(series, metric, **given):
    found = report(series, **given).metrics[MetricId(metric)]
    return f"null, `{found.reason}`" if found.reason else f"{found.value:.8g}"


def of_reference(metric, rf=0.0):
    return told(
        REFERENCE.nav_series, metric, benchmark=REFERENCE.benchmark_series, terms=Terms(rf=rf)
    )


def theirs(number):
    return f"{float(number):.8g}"


def returns_of(values):
    return ReturnSeries(np.arange(19_000, 19_000 + len(values)), np.asarray(values))


@difference
def year_length():
    return of_reference("cagr"), theirs(empyrical.cagr(R))


@difference
def risk_free_rate():
    return of_reference("sharpe", rf=0.05), theirs(empyrical.sharpe_ratio(R, 0.05, **YEAR))


@difference
def information_ratio():
    return of_reference("information_ratio"), theirs(empyrical.excess_sharpe(R, B))


@difference
def alpha():
    return of_reference("alpha_arithmetic"), theirs(empyrical.alpha(R, B, **YEAR))


@difference
def capture():
    return of_reference("up_capture"), theirs(empyrical.up_capture(R, B))


@difference
def no_downside():
    rising = 0.001 + 0.0005 * np.sin(np.arange(100))
    return told(returns_of(rising), "sortino"), theirs(
        empyrical.sortino_ratio(pd.Series(rising), **YEAR)
    )


@difference
def no_variance():
    steady = np.full(100, 0.001)
    return told(returns_of(steady), "sharpe"), theirs(
        empyrical.sharpe_ratio(pd.Series(steady), **YEAR)
    )


@difference
def no_drawdown():
    rising = 0.001 + 0.0005 * np.sin(np.arange(100))
    return told(returns_of(rising), "calmar"), theirs(
        empyrical.calmar_ratio(pd.Series(rising), **YEAR)
    )


@difference
def flat_benchmark():
    flat = NavSeries(REFERENCE.nav_series.days, np.ones(731))
    return told(REFERENCE.nav_series, "beta", benchmark=flat), theirs(
        empyrical.beta(R, pd.Series(0.0, index=R.index))
    )


@difference
def three_days():
    values = [0.01, 0.02, 0.01]
    return told(returns_of(values), "cagr"), theirs(empyrical.cagr(pd.Series(values), **YEAR))


@difference
def four_points_a_year():
    days, navs = np.array([19_000, 19_100, 19_200, 19_365]), np.array([1.0, 1.02, 1.01, 1.05])
    seen = pd.Series(navs).pct_change().dropna()
    return told(NavSeries(days, navs), "cagr"), theirs(empyrical.cagr(seen, **YEAR))


@difference
def sparse_sharpe():
    days, navs = np.array([19_000, 19_100, 19_200, 19_365]), np.array([1.0, 1.02, 1.01, 1.05])
    seen = pd.Series(navs).pct_change().dropna()
    return told(NavSeries(days, navs), "sharpe"), theirs(empyrical.sharpe_ratio(seen, **YEAR))


@difference
def missing_days():
    holed = without(navs_of(walk(200, seed=9)), *range(10, 190, 10))
    seen = pd.Series(holed.navs, index=holed.days).reindex(range(18_999, 19_200))
    returns = seen.pct_change(fill_method=None).iloc[1:]
    return told(holed, "total_return"), theirs(empyrical.cum_returns_final(returns))


@difference
def missing_values_in_the_tail():
    holed = without(navs_of(walk(200, seed=9)), *range(10, 190, 10))
    seen = pd.Series(holed.navs, index=holed.days).reindex(range(18_999, 19_200))
    returns = seen.pct_change(fill_method=None).iloc[1:]
    return told(holed, "value_at_risk_95"), theirs(empyrical.value_at_risk(returns))


@difference
def wiped_out():
    values = [*walk(100, seed=2), -1.0, *walk(10, seed=3)]
    return told(returns_of(values), "cagr"), theirs(empyrical.cagr(pd.Series(values), **YEAR))


@difference
def more_than_all_lost():
    values = [*walk(100, seed=2), -1.2, -1.1, *walk(10, seed=3)]
    return told(returns_of(values), "total_return"), theirs(
        empyrical.cum_returns_final(pd.Series(values))
    )


def rows():
    """Read the table: id, case, ours, theirs, why."""
    text = DOCUMENT.read_text().split("## Intended differences", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0].strip("`"): row for row in cells}


def test_the_document_lists_exactly_the_differences_that_are_tested():
    assert list(rows()) == list(DIFFERENCES)


@pytest.mark.parametrize("name", list(DIFFERENCES))
def test_both_numbers_of_a_difference_are_those_of_the_document(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # they divide by zero
        ours, other = DIFFERENCES[name]()
    assert ours != other
    _, _, told_ours, told_theirs, why = rows()[name]
    assert (told_ours, told_theirs) == (ours, other)
    assert why
