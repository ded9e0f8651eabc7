"""The report as a document of plain values: what JSON, CSV and the printed page are written from.

Nothing else is written from, so all forms agree to the last digit.
"""

from typing import Any

from atlas.domain.metrics.daily import BENCHMARK_MAX_FILL_DAYS
from atlas.domain.metrics.judge import DAYS_A_YEAR
from atlas.domain.metrics.whole import DEFAULT_TERMS
from strategies.chart_answers import notices
from strategies.packed import moment_of
from strategies.report.computing import InvestorReport, Measured
from strategies.report.facts import Facts
from strategies.report.figures import (
    BENCHMARK,
    MONTHS,
    RETURNS,
    SHARED_DAYS,
    TRADES,
    comparison_document,
    curves_document,
    drawdown_document,
    histogram_document,
    metrics_document,
    nothing_document,
    rolling_document,
    samples_document,
    year_document,
)
from strategies.report.money import bridge_document, claim_document, fees_document
from strategies.snapshots import EDITION
from strategies.vocabulary import SOURCE_LABELS

Document = dict[str, Any]


def document_of(report: InvestorReport) -> Document:
    """Write the whole report down."""
    measured = report.measured
    return {
        **_head(report),
        **(_WITHOUT_SERIES if measured is None else _measured(report, measured)),
        "fees": fees_document(report.fees),
        "bridges": [bridge_document(one) for one in report.bridges],
        "claims": [claim_document(one) for one in report.claims],
        "restatements": notices(report.facts.series.restatements),
    }


def _head(report: InvestorReport) -> Document:
    """Say what the report is about and on which terms."""
    about, series = report.facts.about, report.facts.series
    return {
        "strategy": {
            "slug": about.slug,
            "name": about.name,
            "category": about.category,
            "assets": about.assets,
            "timeframe": about.timeframe,
            "status": about.status,
            "risk_level": about.risk_level,
            "inception_on": about.inception_on,
        },
        "source": series.source,
        "source_label": SOURCE_LABELS[series.source] if series.source else None,
        "data_version": series.data_version,
        "is_current": series.data_version == series.current_version,
        "edition": EDITION,
        "terms": {
            "rf": report.wish.rf,
            "days_a_year": DAYS_A_YEAR,
            "rolling_days": DEFAULT_TERMS.rolling_days,
            "max_fill_days": DEFAULT_TERMS.max_fill_days,
            "benchmark_max_fill_days": BENCHMARK_MAX_FILL_DAYS,
        },
        "notes": [{"code": one.code, "message": one.message} for one in report.notes],
    }


def _measured(report: InvestorReport, measured: Measured) -> Document:
    """Write what follows from the series."""
    own, closes = measured.own, measured.closes
    first = next(iter(own.metrics.values()))
    return {
        "window": {
            "from": own.provenance.window_from_on,
            "to": own.provenance.window_to_on,
            "first_at": moment_of(closes.micros[0]),
            "last_at": moment_of(closes.micros[-1]),
            "points": closes.points,
        },
        "short_history": first.short_history,
        "provenances": samples_document(own.metrics, measured.benchmark, _origins(report.facts)),
        "metrics": metrics_document(own.metrics),
        "comparison": _comparison(report, measured),
        "years": [year_document(row) for row in own.years],
        "drawdowns": [drawdown_document(fall) for fall in own.drawdowns],
        "ongoing_drawdown": drawdown_document(own.ongoing),
        "histogram": histogram_document(measured.histogram),
        "curves": curves_document(measured.curves),
        "rolling": [rolling_document(one) for one in measured.rolling],
    }


def _origins(facts: Facts) -> dict[str, Document]:
    """Say whose data each sample is made of; trades that an export does not attribute are nobody's."""
    series, prices = facts.series, facts.prices
    is_told = len(facts.about.sources) <= 1
    compared = {
        "benchmark": None if prices is None else prices.slug,
        "benchmark_version": None if prices is None else facts.about.benchmark_version,
    }
    alone: Document = {"benchmark": None, "benchmark_version": None}
    own = {"source": series.source, "data_version": series.data_version}
    return {
        RETURNS: {**own, **alone},
        MONTHS: {**own, **alone},
        TRADES: {**own, **alone, "source": series.source if is_told else None},
        SHARED_DAYS: {**own, **compared},
        BENCHMARK: {**own, **compared, "source": None},
    }


def _comparison(report: InvestorReport, measured: Measured) -> Document | None:
    """Write the headline metrics beside those of the benchmark, if there is one with prices."""
    prices = report.facts.prices
    if prices is None or measured.benchmark is None:
        return None
    return {
        "benchmark": {"slug": prices.slug, "name": prices.name},
        "metrics": comparison_document(measured.own.metrics, measured.benchmark),
    }


_WITHOUT_SERIES: Document = {
    "window": None,
    "short_history": True,
    "provenances": {},
    "metrics": nothing_document(),
    "comparison": None,
    "years": [],
    "drawdowns": [],
    "ongoing_drawdown": None,
    "histogram": None,
    "curves": None,
    "rolling": [],
}
