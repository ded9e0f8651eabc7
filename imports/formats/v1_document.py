"""Version 1.0 as one JSON document: a header, and lists of benchmarks, strategies and vaults.

Each strategy holds its own series, holdings, trades and reports, so a file is read strategy by
strategy: what was read of one is gone before the next, however large the file is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from imports.formats.batches import Batch, Buffer, KnownPlaces, span_in
from imports.formats.findings import UNREADABLE, findings_in
from imports.formats.header import Tally
from imports.formats.problems import FileRefused, Problem, refusal
from imports.formats.readers import FAILURES, Reader
from imports.formats.records import Header
from imports.formats.times import to_utc
from imports.formats.twice import named_twice, without
from imports.formats.v1_elements import ELEMENTS, Element, Pieces, readable_fields
from imports.formats.v1_records import NAMES, VERSION, as_claims, plain_record
from imports.formats.vocabulary import Kind


class Document(Header):
    """The top of a document; the elements of its lists stay bytes until their turn comes."""

    benchmarks: list[msgspec.Raw] = []
    strategies: list[msgspec.Raw] = []
    vaults: list[msgspec.Raw] = []


DOCUMENT = msgspec.json.Decoder(Document)


def open_document(whole: Buffer) -> "DocumentExport":
    """Read the top of a document; raises FileRefused with everything that is wrong with it."""
    try:
        top = DOCUMENT.decode(whole)
    except FAILURES as error:
        raise FileRefused(top_problems(whole, error)) from None
    _require_single_names(top, whole)
    if top.schema_version != VERSION:
        raise refusal(
            "wrong_version",
            f"The header names two versions, {VERSION} and {top.schema_version}.",
            field="schema_version",
            value=top.schema_version,
        )
    return DocumentExport(top, whole)


def _require_single_names(top: Document, whole: Buffer) -> None:
    """Refuse a document in whose top a name stands twice: one of the two would go unread."""
    elements = [span_in(raw, whole) for one in ELEMENTS for raw in getattr(top, one.list_name)]
    try:
        twice = named_twice(without(whole, elements), path="/")
    except RecursionError as error:
        raise FileRefused(top_problems(whole, error)) from None
    if twice:
        raise FileRefused(twice)


def top_problems(whole: Buffer, error: Exception) -> list[Problem]:
    """Say what is wrong with the top of a document that does not decode."""
    if isinstance(error, UNREADABLE) and not isinstance(error, msgspec.ValidationError):
        return [Problem("malformed", malformed(whole, error))]
    return [
        Problem(finding.code, finding.message, path="/", field=finding.place, value=finding.value)
        for finding in findings_in(Document, bytes(whole))
    ] or [Problem("malformed", f"The document is not as it must be: {error}.")]


def malformed(whole: Buffer, error: Exception) -> str:
    """Say where bytes stop being JSON, as line and column."""
    if isinstance(error, RecursionError):
        return "The brackets are nested too deeply; an export needs no more than a few levels."
    if isinstance(error, UnicodeDecodeError):
        return "The text is not UTF-8; export the file again in UTF-8."
    what, _, place = str(error).removeprefix("JSON is malformed: ").partition(" (byte ")
    if not place:
        return "The JSON ends too early; the file was cut off. Export or fetch it again."
    offset = int(place.rstrip(")"))
    before = bytes(whole[:offset])
    line, column = before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1
    return f"This is no valid JSON: {what} at line {line}, column {column} (byte {offset})."


class DocumentExport:
    """A document that has been opened: its header, and its records in batches."""

    def __init__(self, top: Document, whole: Buffer) -> None:
        self.header: Header = plain_record(Header, top)
        self._top = top
        self._whole = whole
        self.tally = Tally(self.header)

    def batches(self) -> Iterator[Batch]:
        """Give the records, parents before their children.

        Raises FileRefused at the end where the header's counts or checksum are wrong.
        """
        for element in ELEMENTS:
            for index, raw in enumerate(getattr(self._top, element.list_name)):
                self.tally.counts[NAMES[element.kind]] += 1
                yield from self._element(element, raw, f"/{element.list_name}/{index}")
        for element in ELEMENTS:
            self.tally.hash_records(getattr(self._top, element.list_name))
        self.tally.verify()

    def _element(self, element: Element, raw: msgspec.Raw, path: str) -> Iterator[Batch]:
        """Give a parent, then all that belongs to it."""
        read = element.read_whole(raw)
        if read is None:
            yield from self._taken_apart(element, raw, path)
            return
        yield self._parent(element, read, raw, path)
        owner, pieces = element.owner_of(read), Pieces(element, raw)
        for name, reader in element.sections:
            records = getattr(read, name)
            if records:
                section = Section(pieces, reader, name, owner, f"{path}/{name}", self._whole)
                yield self._counted(reader, section.batch_of(records))

    def _taken_apart(self, element: Element, raw: msgspec.Raw, path: str) -> Iterator[Batch]:
        """Give a parent as far as it can be read, then each of its sections by itself."""
        result = element.pieces.read_one(raw)
        given = readable_fields(raw) if isinstance(result, list) else result
        owner = element.owner_of(given)
        if isinstance(result, list):
            span = span_in(raw, self._whole)
            lost = element.pieces.unread(result, span=span, owner="", path=path, key=owner)
            yield Batch(element.kind, "", [], KnownPlaces([], []), [lost])
        else:
            yield self._parent(element, result, raw, path)
        for name, reader in element.sections:
            array = given.get(name) if isinstance(given, dict) else getattr(given, name)
            if not isinstance(array, msgspec.Raw):
                continue
            section = Section(
                Pieces(element, raw), reader, name, owner, f"{path}/{name}", self._whole
            )
            batch = self._counted(reader, section.read(array))
            if batch.records or batch.unread:
                yield batch

    def _parent(self, element: Element, read: Any, raw: msgspec.Raw, path: str) -> Batch:
        """Make the batch of one parent."""
        span = span_in(raw, self._whole)
        record = plain_record(element.plain, read)
        to_utc(element.kind, [record])
        places = KnownPlaces([path], [(span.start, span.length)])
        return Batch(element.kind, "", [record], places)

    def _counted(self, reader: Reader[Any], batch: Batch) -> Batch:
        """Count the records of a section, whether or not they could be read."""
        self.tally.counts[NAMES[reader.kind]] += len(batch.records) + len(batch.unread)
        return as_claims(batch) if reader.kind is Kind.CLAIM else batch


@dataclass(frozen=True, slots=True)
class Section:
    """One list within an element, and how it is read; `owner` names the parent."""

    pieces: Pieces
    reader: Reader[Any]
    name: str
    owner: str
    path: str
    whole: Buffer

    def batch_of(self, records: Sequence[Any]) -> Batch:
        """Make the batch of records that were read with the whole element."""
        batch = self.reader.batch_of(
            records, self.array, owner=self.owner, path=self.path, whole=self.whole
        )
        batch.again = lambda: self.read(self.array())
        return batch

    def read(self, array: msgspec.Raw) -> Batch:
        """Read the section by itself; one that can be read entirely can be read again."""
        batch = self.reader.read_array(array, owner=self.owner, path=self.path, whole=self.whole)
        batch.again = None if batch.unread else lambda: self.read(array)
        return batch

    def array(self) -> msgspec.Raw:
        """Find the section's bytes."""
        return self.pieces.section(self.name)
