"""Lines right and wrong, blank and crooked, in any order: each is judged as it would be by itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.formats import line_reading, v1_lines
from imports.formats.line_places import line_bounds
from imports.formats.line_reading import read_closely, text_of
from imports.formats.line_records import read_line
from tests.imports.builders import as_lines, document, header, point, records_of, strategy, trade
from tests.imports.reading import read

HEADER = json.dumps({"record": "header", **header()}).encode()
GOOD = [json.dumps(record).encode() for record in records_of(document())[1:]]
POINT = json.dumps({"record": "performance", "strategy": "alpha", **point()}).encode()
CROOKED = [
    b"",
    b"   ",
    b"\t" + POINT + b" ",
    POINT + b"\r",
    b"\r",
    POINT[:-1],
    POINT + POINT,
    POINT[: len(POINT) // 2] + b"\n" + POINT[len(POINT) // 2 :],
    POINT.replace(b"backtest", b"back\xfftest"),
    POINT.replace(b"backtest", b"dreamt"),
    POINT.replace(b"1.0", b"-1.0"),
    POINT.replace(b"1.0", b"NaN"),
    POINT.replace(b"strategy", b"at `$[7]"),
    POINT.replace(b'"strategy": "alpha"', b'"aum_usd": 1'),
    b'{"record":"performance","x":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    b'{"record":"dividend"}',
    b"[1]",
    b"{}",
    b"}",
    json.dumps({"record": "strategy", **strategy(parameters={"x": {"y": {"z": 1}}})}).encode(),
    json.dumps({"record": "trade", "strategy": "alpha", **trade(size_usd="much")}).encode(),
]


@given(
    st.lists(st.one_of(st.sampled_from(GOOD), st.sampled_from(CROOKED)), min_size=1, max_size=30),
    st.booleans(),
)
def test_each_line_is_judged_as_by_itself(lines, ends_with_a_line_feed):
    chunk = b"\n".join(lines) + b"\n" * ends_with_a_line_feed
    if not chunk:
        return
    found = read_closely(chunk, line_bounds(chunk))
    texts = [line.strip(b" \t\r") for line in chunk.split(b"\n")]
    alone = {index: read_line(text) for index, text in enumerate(texts) if text}
    records = {index: one for index, one in alone.items() if not isinstance(one, list)}
    wrong = {index: one for index, one in alone.items() if isinstance(one, list)}
    assert dict(zip(found.indexes, found.records, strict=True)) == records
    assert {one.index: one.findings for one in found.wrong} == wrong
    assert [one.index for one in found.wrong] == sorted(wrong)


@given(st.lists(st.sampled_from([*GOOD, *CROOKED]), min_size=1, max_size=12))
def test_the_bytes_of_a_line_are_found(lines):
    chunk = b"\n".join(lines)
    if not chunk:
        return
    bounds = line_bounds(chunk)
    split = chunk.split(b"\n")[: bounds.count]
    for index, line in enumerate(split):
        start, text = text_of(chunk, bounds, index)
        assert text == line.strip(b" \t\r")
        assert chunk[start : start + len(text)] == text


def test_a_file_with_returns_before_its_line_feeds_is_read_at_once(monkeypatch):
    monkeypatch.setattr(v1_lines, "read_closely", None)
    plain = as_lines(document())
    assert read(plain.replace(b"\n", b"\r\n")).contents() == read(plain).contents()


@pytest.mark.parametrize("spoiled", [b"-1.0", b'"', b"\xff"], ids=["value", "syntax", "encoding"])
def test_many_wrong_lines_cost_no_line_by_line_reading_of_the_right_ones(monkeypatch, spoiled):
    lines = [POINT.replace(b"-01T", b"-%02dT" % (1 + day % 28)) for day in range(2_000)]
    for number in range(0, 2_000, 100):
        lines[number] = POINT.replace(b"1.0", spoiled)
    alone = []

    def noted(text):
        alone.append(text)
        return read_line(text)

    monkeypatch.setattr(line_reading, "read_line", noted)
    found = read(b"\n".join([HEADER, *lines]))
    unread = [one for batch in found.batches for one in batch.unread]
    assert len(unread) == len(alone) == 20


def test_wrong_lines_of_one_owner_come_together():
    lines = [POINT.replace(b"1.0", b"-1.0")] * 50
    found = read(b"\n".join([HEADER, *lines]))
    assert [(batch.owner, len(batch.unread)) for batch in found.batches] == [("alpha", 50)]
    assert [problem.path for problem in found.problems] == [f"line {n}" for n in range(2, 52)]
