"""Metrics, tables and lines as plain values; each number names the sample that it was made from."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from atlas.domain.histogram import Histogram
from atlas.domain.metrics import (
    DEFINITIONS,
    Drawdown,
    Group,
    MetricId,
    MetricValue,
    MetricValues,
    MonthReturn,
    Reason,
    YearReturn,
    date_of,
)
from atlas.domain.metrics.comparison import METRICS as COMPARED
from atlas.domain.metrics.headline import METRICS as HEADLINES
from atlas.domain.metrics.trades import METRICS as TRADED
from strategies.packed import FloatArray, IntArray
from strategies.report.curves import Curves, Rolling

Plain = dict[str, Any]

# The samples that numbers are made from; the daily returns where nothing else is said.
RETURNS, MONTHS, TRADES = "returns", "months", "trades"
SHARED_DAYS, BENCHMARK = "shared_days", "benchmark"
SAMPLES = (RETURNS, MONTHS, TRADES, SHARED_DAYS, BENCHMARK)
SAMPLE_OF: Mapping[MetricId, str] = {
    MetricId.BEST_MONTH: MONTHS,
    MetricId.WORST_MONTH: MONTHS,
    MetricId.WIN_RATE_MONTHS: MONTHS,
    **dict.fromkeys(TRADED, TRADES),
    **dict.fromkeys(COMPARED, SHARED_DAYS),
}
# Tables and lines have no single value.
REPORTED = tuple(
    metric
    for metric, one in DEFINITIONS.items()
    if one.group is not Group.ROLLING
    and metric not in (MetricId.MONTHLY_RETURN, MetricId.YEARLY_RETURN)
)
UNITS = {metric: definition.unit.value for metric, definition in DEFINITIONS.items()}


def metrics_document(values: MetricValues) -> Plain:
    """Write metrics by their ids, in the order of the definitions."""
    return {metric.value: _metric(values[metric]) for metric in REPORTED}


def nothing_document() -> Plain:
    """Write every metric as missing, where there is no series to measure."""
    return {
        metric.value: {
            "value": None,
            "unit": UNITS[metric],
            "reason": Reason.INSUFFICIENT_HISTORY.value,
            "short_history": True,
            "on": None,
            "provenance": None,
        }
        for metric in REPORTED
    }


def _metric(one: MetricValue) -> Plain:
    """Write one metric."""
    return {
        "value": one.value,
        "unit": UNITS[one.metric],
        "reason": None if one.reason is None else one.reason.value,
        "short_history": one.short_history,
        "on": one.on,
        "provenance": SAMPLE_OF.get(one.metric, RETURNS),
    }


def samples_document(
    values: MetricValues, benchmark: MetricValues | None, origins: Mapping[str, Plain]
) -> dict[str, Plain]:
    """Write down what each sample is; `origins` says whose data each of them is made of."""
    first_of = {SAMPLE_OF.get(metric, RETURNS): values[metric] for metric in reversed(REPORTED)}
    if benchmark is not None:
        first_of[BENCHMARK] = benchmark[HEADLINES[0]]
    return {
        name: {**origins[name], **first_of[name].provenance._asdict()}
        for name in SAMPLES
        if name in first_of
    }


def comparison_document(own: MetricValues, benchmark: MetricValues) -> Plain:
    """Put the headline metrics of both beside each other."""
    return {
        metric.value: {
            "strategy": own[metric].value,
            "benchmark": benchmark[metric].value,
            "benchmark_reason": benchmark[metric].reason,
            "difference": _difference(own[metric], benchmark[metric]),
        }
        for metric in HEADLINES
    }


def _difference(own: MetricValue, benchmark: MetricValue) -> float | None:
    """Give what the strategy has more; None where either is missing."""
    if own.value is None or benchmark.value is None:
        return None
    return float(own.value) - float(benchmark.value)


def year_document(row: YearReturn) -> Plain:
    """Write one row of the monthly table."""
    months = [None if month is None else _month(month) for month in row.months]
    return {"year": row.year, "months": months, "total": row.total}


def _month(month: MonthReturn) -> Plain:
    """Write one month."""
    return {"value": month.value, "is_partial": month.is_partial}


def drawdown_document(fall: Drawdown | None) -> Plain | None:
    """Write one drawdown."""
    return None if fall is None else fall._asdict()


def histogram_document(bars: Histogram) -> Plain:
    """Write the bars of the daily returns."""
    return {"edges": bars.edges, "counts": bars.counts}


def curves_document(curves: Curves) -> Plain:
    """Write growth and drawdown."""
    return {
        "on": dates_of(curves.days),
        "return_ratio": curves.returns.tolist(),
        "drawdown_ratio": curves.drawdowns.tolist(),
        "benchmark_return_ratio": None
        if curves.benchmark is None
        else _numbers_or_none(curves.benchmark),
        "days_before_thinning": curves.whole,
    }


def rolling_document(one: Rolling) -> Plain:
    """Write one rolling metric."""
    return {
        "metric": one.series.metric.value,
        "window_days": one.series.window_days,
        "on": dates_of(one.series.days),
        "values": one.series.values.tolist(),
        "values_before_thinning": one.whole,
    }


def dates_of(days: IntArray) -> list[str]:
    """Write day numbers as dates."""
    return [_date(day) for day in days.tolist()]


@lru_cache(maxsize=65_536)
def _date(day: int) -> str:
    """Write one day; most reports are of the same ones."""
    return date_of(day).isoformat()


def _numbers_or_none(numbers: FloatArray) -> list[float | None]:
    """List numbers, None in the place of what is none."""
    listed: list[float | None] = numbers.tolist()
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        listed[place] = None
    return listed
