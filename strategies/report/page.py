"""The report as one self-contained page, to be read or printed: no script, nothing from elsewhere."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from django.template.loader import render_to_string

from atlas.domain.metrics import DEFINITIONS, Group, MetricId, Reason, Unit
from strategies.report.computing import InvestorReport
from strategies.report.document import Document
from strategies.report.drawn import bridge_chart, charts_of
from strategies.report.figures import MONTHS as MONTHS_SAMPLE
from strategies.report.figures import REPORTED, SAMPLE_OF, SHARED_DAYS
from strategies.report.money_words import bridge_rows, claim_rows, fee_rows
from strategies.report.wording import NOTHING, day, difference, metric, percent

TEMPLATE = "strategies/report/page.html"
# A printer's engine does not know what the second one holds.
SHEETS = {"all": "strategies/report/style.css", "screen": "strategies/report/screen.css"}
TILES = (
    MetricId.TOTAL_RETURN,
    MetricId.CAGR,
    MetricId.VOLATILITY,
    MetricId.SHARPE,
    MetricId.SORTINO,
    MetricId.MAX_DRAWDOWN,
    MetricId.CURRENT_DRAWDOWN,
    MetricId.CALMAR,
)
GROUPS = {
    Group.RETURN: "Return",
    Group.RISK: "Risk",
    Group.DRAWDOWN: "Drawdown",
    Group.RATIO: "Reward for risk",
    Group.WIN_RATE: "Win rates",
    Group.TRADES: "Trades",
    Group.BENCHMARK: "Against the benchmark",
}
MEANINGS = {reason.value: reason.meaning for reason in Reason}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Up to which return a month gets which depth of colour.
HEATS = ((0.01, 1), (0.04, 2), (0.10, 3))
DEEPEST_HEAT = 4
SAMPLE_NAMES = {
    "returns": "Daily returns",
    "months": "Months",
    "trades": "Trades",
    "shared_days": "Days shared with the benchmark",
    "benchmark": "Daily returns of the benchmark",
}


def page_of(report: InvestorReport, document: Document) -> str:
    """Write the page."""
    return render_to_string(TEMPLATE, {**_context(report, document), "sheets": sheets()})


def content_policy() -> str:
    """Give the content policy of the page: it may show its own style and nothing else at all."""
    digests = [hashlib.sha256(sheet["text"].encode()).digest() for sheet in sheets()]
    styles = " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; style-src {styles}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )


@cache
def sheets() -> tuple[dict[str, str], ...]:
    """Give the style sheets of the page, and for which media each is."""
    return tuple({"media": media, "text": render_to_string(name)} for media, name in SHEETS.items())


def _context(report: InvestorReport, document: Document) -> dict[str, Any]:
    """Bring the document into the words and rows of the page."""
    metrics: Mapping[str, Document] = document["metrics"]
    comparison = document["comparison"]
    return {
        "report": document,
        "label": (document["source"] or "no series").upper(),
        "tiles": [_row(one, metrics) for one in TILES],
        "charts": charts_of(report),
        "months": MONTHS,
        "years": [_year(row) for row in document["years"]],
        "groups": [
            {"title": title, "rows": _rows_of(group, metrics)} for group, title in GROUPS.items()
        ],
        "comparison": None if comparison is None else _comparison(comparison),
        "drawdowns": [_drawdown(fall) for fall in document["drawdowns"]],
        "fees": fee_rows(document["fees"]),
        "bridges": [
            {**bridge_rows(one), "chart": bridge_chart(one)} for one in document["bridges"]
        ],
        "claims": claim_rows(document["claims"]),
        "samples": [
            {"name": SAMPLE_NAMES[name], **sample}
            for name, sample in document["provenances"].items()
        ],
        "definitions": [DEFINITIONS[one] for one in REPORTED],
        "rf": percent(document["terms"]["rf"]),
    }


def _row(one: MetricId, metrics: Mapping[str, Document]) -> Document:
    """Give one metric as a row: its name, its words, and the exact value or why there is none."""
    told, definition = metrics[one.value], DEFINITIONS[one]
    missing = MEANINGS.get(told["reason"], "")
    return {
        "name": definition.name,
        "text": metric(told["value"], definition.unit),
        "exact": told["value"],
        "missing": missing,
        "on": None if told["on"] is None else _when(one, told["on"]),
        "is_loss": told["value"] is not None
        and definition.unit is Unit.RATIO
        and told["value"] < 0,
    }


def _when(one: MetricId, on: date) -> str:
    """Word the day that a metric belongs to, or its month."""
    return f"{on:%Y-%m}" if SAMPLE_OF.get(one) == MONTHS_SAMPLE else day(on)


def _rows_of(group: Group, metrics: Mapping[str, Document]) -> list[Document]:
    """Give the metrics of one part of the report; none of a part that has no benchmark."""
    chosen = [one for one in REPORTED if DEFINITIONS[one].group is group]
    nothing = {Reason.NO_BENCHMARK.value}
    is_absent = {metrics[one.value]["reason"] for one in chosen} == nothing
    if is_absent and SAMPLE_OF.get(chosen[0]) == SHARED_DAYS:
        return []
    return [_row(one, metrics) for one in chosen]


def _year(row: Document) -> Document:
    """Give one row of the monthly table."""
    months = [_month(month) for month in row["months"]]
    total = row["total"]
    return {
        "year": row["year"],
        "months": months,
        "total": NOTHING if total is None else percent(total, digits=1),
        "exact": total,
    }


def _month(month: Document | None) -> Document | None:
    """Give one month, coloured by what it earned; None where there is no data."""
    if month is None:
        return None
    value = month["value"]
    heat = next((heat for bound, heat in HEATS if abs(value) < bound), DEEPEST_HEAT)
    return {
        "text": percent(value, digits=1).replace("\u202f%", ""),
        "exact": value,
        "css": f"{'n' if value < 0 else 'p'}{heat}",
        "is_partial": month["is_partial"],
    }


def _comparison(told: Document) -> Document:
    """Give the headline metrics of both, and what the strategy has more."""
    rows = []
    for name, pair in told["metrics"].items():
        unit, definition = DEFINITIONS[MetricId(name)].unit, DEFINITIONS[MetricId(name)]
        values = (pair["strategy"], pair["benchmark"], pair["difference"])
        rows.append(
            {
                "name": definition.name,
                "cells": [
                    {"text": metric(values[0], unit), "exact": values[0]},
                    {"text": metric(values[1], unit), "exact": values[1]},
                    {"text": difference(values[2], unit), "exact": values[2]},
                ],
            }
        )
    return {"benchmark": told["benchmark"], "rows": rows}


def _drawdown(fall: Document) -> Document:
    """Give one drawdown in words."""
    recovery = fall["days_to_recovery"]
    return {
        **fall,
        "depth_text": percent(fall["depth"], digits=2),
        "recovered_text": day(fall["recovered_on"]) if recovery is not None else "not yet",
    }
