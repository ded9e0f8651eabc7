"""Version 1.0 as lines: a header, then one typed record a line (NDJSON), for large exports.

The file is read in chunks, so that memory does not grow with it. A chunk whose lines all hold one
object each is decoded at once; one that does not, or that holds a bad record, line by line.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

import msgspec

from imports.formats.batches import Batch, KnownPlaces, Unread
from imports.formats.findings import Finding, findings_in
from imports.formats.header import Tally
from imports.formats.line_groups import LineGroup, has_findings, line_groups, picked
from imports.formats.line_places import LineBounds, LinePlaces, Place, line_bounds
from imports.formats.line_records import DECODER, TAG, line_names, read_line
from imports.formats.problems import FileRefused, Problem, Span, refusal
from imports.formats.readers import FAILURES
from imports.formats.records import Header
from imports.formats.times import to_utc
from imports.formats.v1_records import NAMES, VERSION, as_claims, plain_record
from imports.formats.vocabulary import Kind

CHUNK_BYTES = 2 * 1024 * 1024
LONGEST_LINE_BYTES = 8 * 1024 * 1024


class HeaderLine(Header, tag="header", tag_field=TAG, kw_only=True):
    """The first line."""


def open_lines(stream: BinaryIO) -> "LinesExport":
    """Read the header line; raises FileRefused with everything that is wrong with it."""
    line = stream.readline(LONGEST_LINE_BYTES)
    try:
        header = msgspec.json.decode(line, type=HeaderLine)
    except FAILURES as error:
        raise FileRefused(_header_problems(line, error)) from None
    if header.schema_version != VERSION:
        raise refusal(
            "wrong_version",
            f"The header names two versions, {VERSION} and {header.schema_version}.",
            path="line 1",
            field="schema_version",
            value=header.schema_version,
        )
    return LinesExport(plain_record(Header, header), stream, len(line))


def _header_problems(line: bytes, error: Exception) -> list[Problem]:
    """Say what is wrong with the header line."""
    return [
        Problem(one.code, one.message, path="line 1", field=one.place, value=one.value)
        for one in findings_in(HeaderLine, line)
    ] or [Problem("malformed", f"The header is not as it must be: {error}.", path="line 1")]


class LinesExport:
    """A file of lines that has been opened: its header, and its records in batches."""

    def __init__(self, header: Header, stream: BinaryIO, offset: int) -> None:
        self.header = header
        self.tally = Tally(header)
        self._stream = stream
        self._offset = offset
        self._kept: tuple[Place | None, dict[tuple[Kind, str], Batch]] = (None, {})

    def batches(self) -> Iterator[Batch]:
        """Give the records chunk by chunk, those of one kind and owner together.

        Raises FileRefused for a line that is too long, and at the end where the header's counts or
        checksum are wrong.
        """
        line, offset = 2, self._offset
        while chunk := self._next_chunk(line):
            place, bounds = Place(line, offset, len(chunk)), line_bounds(chunk)
            yield from self._of_chunk(chunk, bounds, place, self.tally)
            offset += len(chunk)
            line += bounds.count
        self.tally.verify()

    def _next_chunk(self, line: int) -> bytes:
        """Read some bytes, up to the end of a line; `line` is the number of the first."""
        chunk = self._stream.read(CHUNK_BYTES)
        if not chunk or chunk.endswith(b"\n"):
            return chunk
        rest = self._stream.readline(LONGEST_LINE_BYTES)
        if len(rest) == LONGEST_LINE_BYTES and not rest.endswith(b"\n"):
            number = line + chunk.count(b"\n")
            raise refusal(
                "line_too_long",
                f"Line {number} is longer than {LONGEST_LINE_BYTES // 2**20} MB. "
                "Put one record on each line.",
                path=f"line {number}",
            )
        return chunk + rest

    def _of_chunk(
        self, chunk: bytes, bounds: LineBounds, place: Place, tally: Tally
    ) -> Iterator[Batch]:
        """Decode a chunk at once, or line by line where that does not work."""
        read = _all_at_once(chunk, bounds)
        if read is None:
            yield from self._line_by_line(chunk, bounds, place, tally)
            return
        tally.hash_records([chunk.removesuffix(b"\n")])  # its lines end as the checksum has it
        records, groups = read
        places = LinePlaces(range(len(records)), bounds, place)
        for group in groups:
            yield self._batch_of(group, records, places, tally)

    def _line_by_line(
        self, chunk: bytes, bounds: LineBounds, place: Place, tally: Tally
    ) -> Iterator[Batch]:
        """Decode each line by itself; blank lines do not count."""
        records, indexes = [], []
        for index, (start, text) in enumerate(_texts(chunk)):
            if not text:
                continue
            tally.hash_records([text])
            result = read_line(text)
            if isinstance(result, list):
                span = Span(place.offset + start, len(text))
                yield _unread(text, result, place.line + index, span, tally)
                continue
            records.append(result)
            indexes.append(index)
        places = LinePlaces(indexes, bounds, place)
        for group in line_groups(records):
            yield self._batch_of(group, records, places, tally)

    def _batch_of(
        self, group: LineGroup, records: Sequence[Any], places: LinePlaces, tally: Tally
    ) -> Batch:
        """Gather the records of one kind and owner; `places` are those of all records."""
        kind, lines = group.line_type.kind, picked(records, group.members)
        to_utc(kind, lines)
        tally.counts[NAMES[kind]] += len(lines)
        mine = LinePlaces(picked(places.indexes, group.members), places.bounds, places.chunk)
        batch = Batch(kind, group.owner, lines, mine, wrapping=group.wrapping())
        batch = as_claims(batch) if kind is Kind.CLAIM else batch
        batch.again = partial(self._again, places.chunk, kind, group.owner)
        return batch

    def _again(self, place: Place, kind: Kind, owner: str) -> Batch:
        """Read a batch once more; what else its chunk holds is kept until another one is asked for."""
        if self._kept[0] != place:
            self._stream.seek(place.offset)
            chunk = self._stream.read(place.length)
            batches = self._of_chunk(chunk, line_bounds(chunk), place, Tally(self.header))
            found = {(batch.kind, batch.owner): batch for batch in batches if batch.records}
            self._kept = (place, found)
        return self._kept[1].pop((kind, owner))


def _all_at_once(chunk: bytes, bounds: LineBounds) -> tuple[list[Any], list[LineGroup]] | None:
    """Decode lines in one go; None where one of them needs a closer look."""
    if not bounds.are_objects:
        return None
    try:
        records: list[Any] = DECODER.decode_lines(chunk)
    except FAILURES:
        return None
    if len(records) != bounds.count:
        return None
    groups = line_groups(records)
    return None if has_findings(records, groups) else (records, groups)


def _unread(text: bytes, findings: list[Finding], number: int, span: Span, tally: Tally) -> Batch:
    """Make the batch of a line that could not be read."""
    kind, owner, key = line_names(text)
    if kind is not Kind.UNKNOWN:
        tally.counts[NAMES[kind]] += 1
    problems = tuple(
        Problem(
            one.code,
            one.message,
            path=f"line {number}",
            kind=kind,
            owner=owner,
            key=key,
            field=one.place,
            value=one.value,
            span=span,
        )
        for one in findings
    )
    return Batch(kind, owner, [], KnownPlaces([], []), [Unread(span, problems, key)])


def _texts(chunk: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each line without the white space around it, and where it starts."""
    start = 0
    for line in chunk.split(b"\n"):
        text = line.strip(b" \t\r")
        yield start + line.find(text), text
        start += len(line) + 1
