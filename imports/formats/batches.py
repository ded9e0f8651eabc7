"""Batches: what a parser hands on, a run of records of one kind and owner with their places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Protocol

import msgspec
import numpy as np

from imports.formats.keys import key_of
from imports.formats.problems import Problem, Span, shortened
from imports.formats.vocabulary import Kind, Severity

Buffer = bytes | memoryview
RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ENCODER = msgspec.json.Encoder()


class Places(Protocol):
    """Where the records of a batch stand in the file."""

    def path_of(self, index: int) -> str:
        """Say in the file's own terms where record `index` of the batch stands."""

    def spans(self) -> Sequence[tuple[int, int]]:
        """Give start and length of each record's bytes in the unpacked file."""


@dataclass(slots=True)
class Unread:
    """A record that could not be read into its type; its key where that much could be read."""

    span: Span
    problems: tuple[Problem, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What a shape writes around each record of a batch: a line's tag before it, its owner behind."""

    head: bytes
    tail: bytes

    def removed_from(self, lines: bytes) -> bytes:
        """Take it off encoded records.

        A line feed in a text is written as two characters, so one that stands for itself ends a
        record, and the head and the tail can be nowhere but beside it.
        """
        plain = lines.replace(self.tail + b"\n", b"}\n") if self.tail != b"}" else lines
        return plain.replace(b"\n" + self.head, b"\n{").replace(self.head, b"{", 1)


@dataclass(slots=True)
class Batch:
    """Records of one kind and one owner in the order of the file.

    `owner` is the slug of the strategy or benchmark, or the CAIP-10 account of the vault; it is
    empty for the parents themselves. `notes` are warnings of the parser. `bad` holds the indexes that a check has turned down. `again`
    reads the same records from the file once more, so that they need not be held in memory until
    it is known whether anybody wants them; None where a shape does not offer that.
    """

    kind: Kind
    owner: str
    records: Sequence[Any]
    places: Places
    unread: list[Unread] = field(default_factory=list)
    notes: tuple[Problem, ...] = ()
    bad: set[int] = field(default_factory=set)
    wrapping: Wrapping | None = None
    again: "Callable[[], Batch] | None" = None

    def encoded(self) -> bytes:
        """Write the records as lines of JSON: equal records alike, whatever shape they came in."""
        lines = _ENCODER.encode_lines(self.records)
        return lines if self.wrapping is None else self.wrapping.removed_from(lines)

    def span_of(self, index: int) -> Span:
        """Give the place of one record's bytes."""
        return Span(*self.places.spans()[index])

    def problem(
        self,
        index: int,
        code: str,
        message: str,
        field: str,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """Make the problem of one of its records, with everything that says which one."""
        record = self.records[index]
        return Problem(
            code,
            message,
            severity,
            path=self.places.path_of(index),
            kind=self.kind,
            owner=self.owner,
            key=key_of(self.kind, record),
            field=field,
            value=shortened(str(getattr(record, field, ""))),
            span=self.span_of(index),
        )


@dataclass(slots=True)
class ListPlaces:
    """Places of the elements of a JSON array within one buffer.

    The bytes are found by their addresses: a decoder that hands out raw pieces gives views into
    the buffer that it was given. `array` gives the array's bytes, which costs a reading of what is
    around them. `indexes` are the elements that the batch holds, None for all.
    """

    path: str
    array: Callable[[], msgspec.Raw]
    whole: Buffer
    indexes: Sequence[int] | None = None
    _spans: list[tuple[int, int]] | None = None

    def path_of(self, index: int) -> str:
        """Give the JSON pointer of the element."""
        return f"{self.path}/{index if self.indexes is None else self.indexes[index]}"

    def spans(self) -> Sequence[tuple[int, int]]:
        """Find the elements' bytes; done once, when somebody asks."""
        if self._spans is None:
            found = spans_of(RAW_LIST.decode(self.array()), self.whole)
            self._spans = found if self.indexes is None else [found[i] for i in self.indexes]
        return self._spans


@dataclass(frozen=True, slots=True)
class KnownPlaces:
    """Places that the parser came by anyway."""

    paths: Sequence[str]
    known: Sequence[tuple[int, int]]

    def path_of(self, index: int) -> str:
        """Give the path as it was noted."""
        return self.paths[index]

    def spans(self) -> Sequence[tuple[int, int]]:
        """Give the spans as they were noted."""
        return self.known


def spans_of(elements: Sequence[msgspec.Raw], whole: Buffer) -> list[tuple[int, int]]:
    """Give start and length of consecutive array elements within the buffer they came from."""
    if not elements:
        return []
    base = _address(whole)
    lengths = [len(element) for element in elements]
    first, last = _address(elements[0]) - base, _address(elements[-1]) - base
    # One byte between neighbours is the least there can be, so if that adds up, each gap is one.
    if first + sum(lengths[:-1]) + len(lengths) - 1 == last:
        starts = accumulate((length + 1 for length in lengths[:-1]), initial=first)
        return list(zip(starts, lengths, strict=True))
    return [(_address(one) - base, size) for one, size in zip(elements, lengths, strict=True)]


def span_in(piece: msgspec.Raw, whole: Buffer) -> Span:
    """Give the place of one raw piece within the buffer it came from."""
    return Span(_address(piece) - _address(whole), len(piece))


def _address(piece: msgspec.Raw | Buffer) -> int:
    """Give the memory address of the first byte."""
    interface = np.frombuffer(piece, dtype=np.uint8).__array_interface__
    return int(interface["data"][0])
