"""Version 1.0 as lines: a header, then one typed record a line (NDJSON), for large exports.

The file is read in chunks, so that memory does not grow with it. A chunk whose lines all hold one
object each is decoded at once; one that does not, or that holds a bad record, line by line.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

import msgspec

from imports.formats.batches import Batch, KnownPlaces, Unread
from imports.formats.findings import findings_in
from imports.formats.header import Tally
from imports.formats.line_groups import LineGroup, line_groups, picked
from imports.formats.line_places import LineBounds, LinePlaces, Place, line_bounds
from imports.formats.line_reading import WrongLine, read_at_once, read_closely, text_of
from imports.formats.line_records import TAG, line_names
from imports.formats.problems import FileRefused, Problem, Span, refusal
from imports.formats.readers import FAILURES
from imports.formats.records import Header
from imports.formats.times import to_utc
from imports.formats.twice import named_twice
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
        twice = named_twice(line, path="line 1")
    except FAILURES as error:
        raise FileRefused(_header_problems(line, error)) from None
    if twice:
        raise FileRefused(twice)
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
        """Decode a chunk at once, or where a line is wrong, piece by piece."""
        tally.hash_records(_as_written(chunk, bounds))
        read = read_at_once(chunk, bounds)
        if read is not None:
            records, groups = read
            places = LinePlaces(range(len(records)), bounds, place)
        else:
            lines = read_closely(chunk, bounds)
            yield from _unread_batches(chunk, lines.wrong, bounds, place, tally)
            records, groups = lines.records, line_groups(lines.records)
            places = LinePlaces(lines.indexes, bounds, place)
        for group in groups:
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


def _as_written(chunk: bytes, bounds: LineBounds) -> Iterator[bytes]:
    """Give the bytes that a checksum takes: lines as they are, blank ones and white space left out."""
    body = chunk.removesuffix(b"\n")
    if bounds.are_objects.all() and b"\r" not in body:
        yield body
        return
    for index in range(bounds.count):
        _, text = text_of(chunk, bounds, index)
        if text:
            yield text


def _unread_batches(
    chunk: bytes, wrong: Sequence[WrongLine], bounds: LineBounds, place: Place, tally: Tally
) -> Iterator[Batch]:
    """Make the batches of lines that could not be read, one a kind and owner."""
    batches: dict[tuple[Kind, str], Batch] = {}
    for one in wrong:
        start, text = text_of(chunk, bounds, one.index)
        kind, owner, key = line_names(text)
        if kind is not Kind.UNKNOWN:
            tally.counts[NAMES[kind]] += 1
        if (kind, owner) not in batches:
            batches[kind, owner] = Batch(kind, owner, [], KnownPlaces([], []))
        span = Span(place.offset + start, len(text))
        problems = tuple(
            Problem(
                finding.code,
                finding.message,
                path=f"line {place.line + one.index}",
                kind=kind,
                owner=owner,
                key=key,
                field=finding.place,
                value=finding.value,
                span=span,
            )
            for finding in one.findings
        )
        batches[kind, owner].unread.append(Unread(span, problems, key))
    yield from batches.values()
