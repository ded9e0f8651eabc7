"""Reading a batch once more, and encoding records alike whatever shape they came in."""

import io
import json
import random

import pytest

from imports.formats import v1_lines
from imports.formats.content import BytesContent
from imports.formats.registry import open_export
from imports.formats.vocabulary import Kind
from imports.synthetic import document_of, lines_of, reference_spec
from imports.unpacking import FileContent
from tests.imports.builders import as_bytes, as_lines, document, point, records_of, strategy
from tests.imports.reading import read

SMALL = reference_spec(strategies=3, days=30, trades=6, holdings=4)


def batches_of(data):
    return list(open_export(BytesContent(data)).export.batches())


def told(batch):
    """What must be the same of a batch whenever it is read."""
    paths = [batch.places.path_of(index) for index in range(len(batch.records))]
    return batch.kind, batch.owner, batch.encoded(), list(batch.places.spans()), paths


@pytest.mark.parametrize("written", [document_of, lines_of], ids=["document", "lines"])
def test_every_batch_can_be_read_again_in_any_order(written, monkeypatch):
    monkeypatch.setattr(v1_lines, "CHUNK_BYTES", 2_000)
    batches = batches_of(written(SMALL))
    waiting = [(told(batch), batch.again) for batch in batches if batch.again is not None]
    kinds = {first[0] for first, _ in waiting}
    assert kinds >= {Kind.PERFORMANCE, Kind.HOLDING, Kind.TRADE, Kind.BENCHMARK_POINT}
    random.Random(7).shuffle(waiting)
    for first, again in waiting:
        assert told(again()) == first


def test_claims_and_vault_series_are_read_again_like_others():
    for data in (as_bytes(document()), as_lines(document())):
        again = {batch.kind: batch for batch in batches_of(data) if batch.again is not None}
        assert told(again[Kind.CLAIM].again()) == told(again[Kind.CLAIM])
        assert told(again[Kind.VAULT_PERFORMANCE].again()) == told(again[Kind.VAULT_PERFORMANCE])


def test_a_section_beside_a_broken_parent_is_read_again_and_a_broken_one_is_not():
    broken = strategy(category="astrology", trades=[{"external_id": "x"}])
    batches = batches_of(as_bytes(document(strategies=[broken])))
    by_kind = {batch.kind: batch for batch in batches if batch.owner == "alpha"}
    assert told(by_kind[Kind.PERFORMANCE].again()) == told(by_kind[Kind.PERFORMANCE])
    assert by_kind[Kind.TRADE].unread
    assert by_kind[Kind.TRADE].again is None


def test_an_element_that_is_too_large_to_be_held_is_read_section_by_section(monkeypatch):
    data = document_of(SMALL)
    at_once = read(data)
    monkeypatch.setattr("imports.formats.v1_elements.LARGEST_AT_ONCE_BYTES", 100)
    in_pieces = read(data)
    assert in_pieces.contents() == at_once.contents()
    assert [told(one) for one in in_pieces.batches] == [told(one) for one in at_once.batches]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_lines_of_several_owners_and_kinds_may_alternate(ending):
    """Days of two strategies by turns, as a producer writes who goes through its days."""
    whole = document(strategies=[strategy("alpha"), strategy("beta")])
    head, *rest = records_of(whole)
    rest.sort(key=lambda one: (one["record"] not in ("benchmark", "strategy", "vault"), len(one)))
    rest.sort(key=lambda one: one.get("as_of_at", ""))
    alternating = ending.join(json.dumps(one) for one in [head, *rest]).encode()
    assert read(alternating).contents() == read(as_bytes(whole)).contents()


def test_equal_records_are_encoded_alike_in_documents_and_lines():
    in_document = {(b.kind, b.owner): b.encoded() for b in batches_of(document_of(SMALL))}
    in_lines = {(b.kind, b.owner): b.encoded() for b in batches_of(lines_of(SMALL))}
    children = {key for key in in_document if key[1]}
    assert len(children) == 3 * 3 + 2
    assert {key: in_lines[key] for key in children} == {key: in_document[key] for key in children}


def test_text_that_looks_like_the_end_of_a_line_is_left_alone():
    sly = '{"record":"performance",","strategy":"alpha"}'
    whole = document(
        strategies=[strategy(name=sly, description=f"{sly}\n{sly}", performance=[point(1)])]
    )
    assert read(as_lines(whole)).contents() == read(as_bytes(whole)).contents()


def test_a_stream_of_a_stored_file_goes_back_where_it_is_told(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(200)))
    with path.open("rb") as file:
        stream = FileContent(file).stream()
        assert stream.read(3) == b"\x00\x01\x02"
        assert stream.seek(100) == 100
        assert stream.read(2) == b"de"
        assert stream.seek(-1, io.SEEK_END) == 199
        assert stream.seek(-9, io.SEEK_CUR) == 190
        assert stream.read() == bytes(range(190, 200))
