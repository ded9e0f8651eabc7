"""Version 1.0 as lines: a header, then one typed record a line (NDJSON), for large exports.

The file is read in chunks, so that memory does not grow with it. A chunk whose lines all hold one
object each is decoded at once; one that does not, or that holds a bad record, line by line.
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import msgspec

from imports.formats.batches import Batch, KnownPlaces, Unread
from imports.formats.findings import Finding, findings_in
from imports.formats.header import Tally
from imports.formats.line_records import (
    DECODER,
    TAG,
    LinePlaces,
    has_findings,
    is_one_object_a_line,
    line_names,
    read_line,
    split_lines,
)
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
        self._line = 2

    def batches(self) -> Iterator[Batch]:
        """Give the records chunk by chunk, those of one kind and owner together.

        Raises FileRefused for a line that is too long, and at the end where the header's counts or
        checksum are wrong.
        """
        while chunk := self._next_chunk():
            yield from self._of_chunk(chunk)
            self._offset += len(chunk)
            self._line += chunk.count(b"\n")
        self.tally.verify()

    def _next_chunk(self) -> bytes:
        """Read some bytes, up to the end of a line."""
        chunk = self._stream.read(CHUNK_BYTES)
        if not chunk or chunk.endswith(b"\n"):
            return chunk
        rest = self._stream.readline(LONGEST_LINE_BYTES)
        if len(rest) == LONGEST_LINE_BYTES and not rest.endswith(b"\n"):
            number = self._line + chunk.count(b"\n")
            raise refusal(
                "line_too_long",
                f"Line {number} is longer than {LONGEST_LINE_BYTES // 2**20} MB. "
                "Put one record on each line.",
                path=f"line {number}",
            )
        return chunk + rest

    def _of_chunk(self, chunk: bytes) -> Iterator[Batch]:
        """Decode a chunk at once, or line by line where that does not work."""
        body = chunk.removesuffix(b"\n")
        records = self._all_at_once(body)
        if records is None:
            yield from self._line_by_line(chunk)
            return
        self.tally.hash_records([body])  # its lines end as the checksum has it
        yield from self._grouped(records, range(len(records)), body)

    def _all_at_once(self, body: bytes) -> list[Any] | None:
        """Decode lines in one go; None where one of them needs a closer look."""
        if not is_one_object_a_line(body):
            return None
        try:
            records: list[Any] = DECODER.decode_lines(body)
        except FAILURES:
            return None
        is_whole = len(records) == body.count(b"\n") + 1
        return records if is_whole and not has_findings(records) else None

    def _line_by_line(self, chunk: bytes) -> Iterator[Batch]:
        """Decode each line by itself; blank lines do not count."""
        records, indexes = [], []
        for index, (start, text) in enumerate(_texts(chunk)):
            if not text:
                continue
            self.tally.hash_records([text])
            result = read_line(text)
            if isinstance(result, list):
                span = Span(self._offset + start, len(text))
                yield self._unread(text, result, self._line + index, span)
                continue
            records.append(result)
            indexes.append(index)
        yield from self._grouped(records, indexes, chunk)

    def _unread(self, text: bytes, findings: list[Finding], number: int, span: Span) -> Batch:
        """Make the batch of a line that could not be read."""
        kind, owner, key = line_names(text)
        if kind is not Kind.UNKNOWN:
            self.tally.counts[NAMES[kind]] += 1
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

    def _grouped(
        self, records: Sequence[Any], indexes: Sequence[int], body: bytes
    ) -> Iterator[Batch]:
        """Gather records by kind and owner; `indexes` are their lines within the body."""
        for line_type, owner, members in split_lines(records):
            lines = records if len(members) == len(records) else [records[i] for i in members]
            places = LinePlaces([indexes[i] for i in members], body, self._line, self._offset)
            kind = line_type.kind
            to_utc(kind, lines)
            self.tally.counts[NAMES[kind]] += len(lines)
            batch = Batch(kind, owner, lines, places, plain_type=line_type.plain)
            yield as_claims(batch) if kind is Kind.CLAIM else batch


def _texts(chunk: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each line without the white space around it, and where it starts."""
    start = 0
    for line in chunk.split(b"\n"):
        text = line.strip(b" \t\r")
        yield start + line.find(text), text
        start += len(line) + 1
