"""The report as CSV: one number a line, each with where it comes from.

A number stands there with the very digits of the JSON document; no cell is taken for a formula.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from atlas.api.renderers import plain_decimal, utc_text
from atlas.csv_cells import write_rows
from strategies.report.document import Document

# What a number was made from, in the order of the columns.
SAMPLE_FIELDS = (
    "source",
    "data_version",
    "benchmark",
    "benchmark_version",
    "window_from_on",
    "window_to_on",
    "samples",
    "filled_days",
    "missing_days",
    "gaps",
    "first_on",
    "last_on",
)
HEADER = ("section", "name", "on", "value", "unit", "reason", "short_history", *SAMPLE_FIELDS)
_NO_SAMPLE = ("",) * len(SAMPLE_FIELDS)

Row = Sequence[object]


def csv_of(document: Document) -> bytes:
    """Write the document as lines."""
    stream = io.StringIO()
    rows = ([_cell(value) for value in row] for row in _rows(document))
    write_rows(stream, HEADER, rows)
    return stream.getvalue().encode()


def _rows(document: Document) -> Iterator[Row]:
    """Give the lines of all sections."""
    yield from _head(document)
    yield from _metrics(document)
    yield from _tables(document)
    yield from _lines(document)
    yield from _money(document)
    yield from _claims(document)


def _row(
    section: str,
    name: object,
    value: object,
    *,
    on: object = "",
    unit: str = "",
    reason: object = "",
) -> Row:
    """Give a line about something that is not made from one sample."""
    return (section, name, on, value, unit, reason, "", *_NO_SAMPLE)


def _head(document: Document) -> Iterator[Row]:
    """Say what the report is about and on which terms."""
    for name, value in document["strategy"].items():
        words = ", ".join(value) if name == "assets" else value
        yield _row("strategy", name, words)
    for name in ("source", "source_label", "data_version", "is_current", "edition"):
        yield _row("report", name, document[name])
    for name, value in document["terms"].items():
        yield _row("terms", name, value)
    for name, value in (document["window"] or {}).items():
        yield _row("window", name, value)
    for note in document["notes"]:
        yield _row("note", note["code"], note["message"])


def _metrics(document: Document) -> Iterator[Row]:
    """Give each metric with its sample, and the headline metrics of the benchmark."""
    samples = document["provenances"]
    for name, one in document["metrics"].items():
        sample = _sample(samples, one["provenance"])
        told = (one["value"], one["unit"], one["reason"], one["short_history"])
        yield ("metric", name, one["on"], *told, *sample)
    if document["comparison"] is None:
        return
    for name, pair in document["comparison"]["metrics"].items():
        unit = document["metrics"][name]["unit"]
        told = (pair["benchmark"], unit, pair["benchmark_reason"], "")
        yield ("benchmark", name, "", *told, *_sample(samples, "benchmark"))


def _sample(samples: dict[str, Document], name: str | None) -> Row:
    """Give the cells of a sample."""
    if name is None:
        return _NO_SAMPLE
    return tuple(samples[name][field] for field in SAMPLE_FIELDS)


def _tables(document: Document) -> Iterator[Row]:
    """Give months, years and drawdowns."""
    for year in document["years"]:
        for place, month in enumerate(year["months"]):
            on = f"{year['year']}-{place + 1:02d}"
            if month is not None:
                name = "partial" if month["is_partial"] else "whole"
                yield _row("month", name, month["value"], on=on, unit="ratio")
        yield _row("year", "total", year["total"], on=year["year"], unit="ratio")
    for fall in document["drawdowns"]:
        for name, value in fall.items():
            unit = "ratio" if name == "depth" else "days" if name.startswith("days") else ""
            yield _row("drawdown", name, value, on=fall["peak_on"], unit=unit)


def _lines(document: Document) -> Iterator[Row]:
    """Give the points of the charts."""
    bars = document["histogram"] or {"edges": (), "counts": ()}
    for edge, count in zip(bars["edges"], bars["counts"], strict=False):
        yield _row("histogram", edge, count, unit="count")
    curves = document["curves"] or {"on": ()}
    for name in ("return_ratio", "drawdown_ratio", "benchmark_return_ratio"):
        for on, value in zip(curves["on"], curves.get(name) or (), strict=False):
            yield _row("curve", name, value, on=on, unit="ratio")
    for one in document["rolling"]:
        for on, value in zip(one["on"], one["values"], strict=True):
            yield _row("rolling", one["metric"], value, on=on)


def _money(document: Document) -> Iterator[Row]:
    """Give gross and net, and the bridges."""
    fees = document["fees"]
    for name in ("basis", "charged_by", "management_ratio", "performance_ratio", "is_computed"):
        yield _row("fees", name, fees[name])
    for side in ("gross", "net"):
        for name, value in (fees[side] or {}).items():
            yield _row(side, name, value, unit=document["metrics"][name]["unit"])
    for told in document["bridges"]:
        section = f"bridge {told['account'] or told['of']} {told['label']}"
        opening, closing = told["opening_nav_usd"], told["closing_nav_usd"]
        yield _row(section, "opening_nav", opening, on=told["opening_at"], unit="usd")
        for step in told["steps"]:
            reason = "not_reported" if step["amount_usd"] is None else ""
            yield _row(section, step["leg"], step["amount_usd"], unit="usd", reason=reason)
        yield _row(section, "residual", told["residual_usd"], unit="usd")
        yield _row(section, "closing_nav", closing, on=told["closing_at"], unit="usd")


def _claims(document: Document) -> Iterator[Row]:
    """Give what is claimed against ours, and what was restated."""
    for one in document["claims"]:
        on, name = one["claimed_at"], one["claimed_as"]
        claimed = one["claimed_text"] if one["claimed_value"] is None else one["claimed_value"]
        yield _row("claim", name, claimed, on=on)
        for field in ("ours", "difference", "tolerance"):
            yield _row(f"claim {field}", name, one[field], on=on)
        yield _row("claim verdict", name, one["verdict"], on=on, reason=one["reason"])
    for notice in document["restatements"]:
        for name, value in notice.items():
            yield _row("restatement", name, value, on=notice["noted_at"])


def _cell(value: Any) -> object:
    """Word a value as the JSON document does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return orjson.dumps(value).decode()
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, datetime):
        return utc_text(value)
    return value.isoformat() if isinstance(value, date) else value
