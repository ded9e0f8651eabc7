"""The published schema and the importer judge the same document alike, valid or mutated."""

import copy
import re
from datetime import date, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imports.formats.content import BytesContent
from imports.formats.problems import FileRefused
from imports.formats.registry import open_export
from imports.schema import published_schema
from imports.synthetic import SAMPLE_SPEC, generate
from tests.imports.builders import as_bytes, document, header, records_of

SCHEMA = published_schema("1.0")
PROMISES = {"wrong_count", "wrong_checksum"}  # about the file, not about its form
TIMES = jsonschema.FormatChecker(formats=[])


@TIMES.checks("date-time")
def is_time(value: object) -> bool:
    """Say whether a text of the schema's pattern is a moment that there is."""
    if not isinstance(value, str):
        return True
    found = re.match(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(.+)$", value)
    return found is not None and _parses(
        datetime.fromisoformat, f"{found[1]}T{found[2]}{found[3].upper()}"
    )


@TIMES.checks("date")
def is_date(value: object) -> bool:
    """Say whether a text is a day that there is."""
    return not isinstance(value, str) or _parses(date.fromisoformat, value)


def _parses(parse, text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def validator(definition: str = "") -> Any:
    """Make a validator of documents, or of one definition."""
    schema = {**SCHEMA, "$ref": f"#/$defs/{definition}"} if definition else SCHEMA
    if definition:
        schema = {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{definition}"}
    return jsonschema.Draft202012Validator(schema, format_checker=TIMES)


DOCUMENTS, HEADERS, RECORDS = validator(), validator("header_line"), validator("record_line")


def importer_accepts(data: bytes) -> bool:
    """Say whether the importer finds nothing wrong with the form of a file."""
    try:
        batches = list(open_export(BytesContent(data)).export.batches())
    except FileRefused as refusal:
        return all(problem.code in PROMISES for problem in refusal.problems)
    return not any(batch.unread for batch in batches)


VALUES = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, 1e-12, 1e-13, 1e15, 1.1e15, 10**15, 10**16),
        *(42161.0, 2**53 - 1, 2**53, 2**64, 1e9, 1.1e9, 1e300, 1.1e300, 10**30),
        *(
            "",
            " ",
            "x",
            "a-b",
            "a--b",
            "-a",
            "A",
            "é",
            "a\nb",
            "a\n",
            "\t",
            "\x00",
            "\x7f",
            "\ud800",
        ),
        *("x" * 40, "x" * 41, "x" * 80, "x" * 81, "x" * 120, "x" * 121, "x" * 160, "x" * 161),
        *("backtest", "live", "snapshot", "long", "open", "1.0", "1.1", "1h", "1000h", "0h"),
        *("2025-01-31", "2025-02-30", "2025-1-31", "20250131"),
        *("2025-01-31T00:00:00Z", "2025-01-31t00:00:00.123456789z", "2025-01-31 23:59:59+02:00"),
        *("2025-01-31T00:00:00", "2025-02-30T00:00:00Z", "2025-01-31T24:00:00Z"),
        *("2025-01-31T00:00:60Z", "2025-01-31T00:00:00+0530", "2025-01-31T00:00:00+24:00"),
        *(
            "2025-01-31T00:00Z",
            "2025-01-31T00:00:00.Z",
            "2025-01-31T00:00:00Z\n",
            "0000-01-01T00:00:00Z",
        ),
        *(
            "0x" + "a" * 40,
            "0x" + "g" * 40,
            "0x" + "a" * 39,
            "eip155:1:0x" + "A" * 40,
            "eip155:0:0x" + "a" * 40,
        ),
        *("sha256:" + "0" * 64, "sha256:" + "0" * 63),
        *([], {}, [1], ["x"], [["x"]], [None], {"a": 1}, {"a": None}, {"A": "x"}, {"a": [1, "x"]}),
        *(
            {"a": {"b": 1}},
            {"a": {"b": [1]}},
            {"a b": 1},
            {"trade": 1},
            {"trade": -1},
            {"trade": 1.5},
        ),
        *(["x"] * 100, ["x"] * 101, {f"a{i}": i for i in range(101)}, {"a": list(range(101))}),
    ]
)
NAMES = st.sampled_from(
    [
        "surprise",
        "record",
        "slug",
        "strategy",
        "vault",
        "source",
        "points",
        "note",
        "counts",
        "checksum",
        "source_code",
        "parameters",
        "metrics",
        "aum_usd",
        "trades",
        "tags",
    ]
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of everything in a JSON value."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, item in items:
        found += places_in(item, (*path, name))
    return found


@st.composite
def mutated(draw, content: Any) -> Any:
    """Bend a JSON value in up to three places."""
    bent = copy.deepcopy(content)
    for _ in range(draw(st.integers(0, 3))):
        paths = places_in(bent)
        path = draw(st.sampled_from(paths))
        parent = bent
        for step in path[:-1]:
            parent = parent[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[path[-1]] = copy.deepcopy(draw(VALUES))
            case "remove":
                del parent[path[-1]]
            case _ if isinstance(parent, dict):
                parent[draw(NAMES)] = copy.deepcopy(draw(VALUES))
            case _:
                parent.append(copy.deepcopy(draw(VALUES)))
    return bent


def minimal() -> dict[str, Any]:
    """Make a document with one record of each kind, so that mutations hit all of them."""
    made = document()
    made["strategies"][0]["performance"] = made["strategies"][0]["performance"][:1]
    return made


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@settings(max_examples=120, deadline=None)
@given(mutated(minimal()))
@example(minimal())
@example(header())
@example(header(benchmarks=None))
@example(header(strategies={}))
@example({**minimal(), "counts": {"trade": 1.0}})
def test_documents_are_judged_alike(content):
    assert importer_accepts(as_bytes(content)) == DOCUMENTS.is_valid(content)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(records_of(minimal())[1:]).flatmap(mutated))
def test_lines_are_judged_alike(line):
    data = as_bytes({"record": "header", **header()}) + b"\n" + as_bytes(line)
    assert importer_accepts(data) == RECORDS.is_valid(line)


@settings(max_examples=40, deadline=None)
@given(mutated({"record": "header", **header(counts={"trade": 1}, note="x", checksum=None)}))
def test_header_lines_are_judged_alike(line):
    # Without its tag the line is an empty document.
    is_valid = HEADERS.is_valid(line) or DOCUMENTS.is_valid(line)
    assert importer_accepts(as_bytes(line)) == is_valid


@pytest.mark.parametrize("index", range(len(SAMPLE_SPEC.strategies)))
def test_the_synthetic_strategies_are_valid(index):
    element = generate(SAMPLE_SPEC).strategies[index]
    shortened = {
        name: value[-3:] if isinstance(value, list) else value for name, value in element.items()
    }
    content = header(strategies=[shortened])
    assert list(DOCUMENTS.iter_errors(content)) == []


def test_every_field_of_the_schema_says_what_it_is():
    for name, definition in SCHEMA["$defs"].items():
        for field, described in definition.get("properties", {}).items():
            assert described.get("description") or "$ref" in described, f"{name}.{field}"
        amounts = [f for f in definition.get("properties", {}) if f.endswith(("_usd", "_ratio"))]
        assert all("x-unit" in definition["properties"][field] for field in amounts), name
