"""Reading the lines of a chunk: all at once, and where one is wrong, the stretches around it.

Decoding line by line takes many times as long as decoding a stretch, so a few wrong lines among
many right ones must not cost more than a second look at the right ones.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from imports.formats.findings import Finding
from imports.formats.line_groups import LineGroup, has_findings, line_groups
from imports.formats.line_places import LineBounds
from imports.formats.line_records import DECODER, line_findings, read_line
from imports.formats.readers import FAILURES

# How the decoder says which of the values it stumbled over, or at which byte.
_VALUE = re.compile(r"at `\$\[(\d+)\][^`]*`$")
_BYTE = re.compile(r"\(byte (\d+)\)$")


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A line that could not be read: which one of the chunk, and all that is wrong with it."""

    index: int
    findings: list[Finding]


@dataclass(slots=True)
class Lines:
    """What the lines of a chunk hold: records and on which lines they stand, and wrong lines."""

    records: list[Any] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    wrong: list[WrongLine] = field(default_factory=list)


def read_at_once(chunk: bytes, bounds: LineBounds) -> tuple[list[Any], list[LineGroup]] | None:
    """Read lines in one go, sorted by kind and owner; None where one of them needs a closer look."""
    if not bounds.are_objects.all():
        return None
    try:
        records: list[Any] = DECODER.decode_lines(chunk)
    except FAILURES:
        return None
    if len(records) != bounds.count:
        return None
    groups = line_groups(records)
    return None if has_findings(records, groups) else (records, groups)


def read_closely(chunk: bytes, bounds: LineBounds) -> Lines:
    """Read lines of which some are wrong, blank or not one object each."""
    lines = Lines()
    reader = _Reader(chunk, bounds, lines)
    for first, stop, are_objects in _runs(bounds):
        if are_objects:
            reader.read_stretch(first, stop)
            continue
        for index in range(first, stop):
            reader.read_one(index)
    _part_wrong_ones(lines)
    return lines


def text_of(chunk: bytes, bounds: LineBounds, index: int) -> tuple[int, bytes]:
    """Give a line without the white space around it, and where that begins in the chunk."""
    start, stop = int(bounds.starts[index]), int(bounds.ends[index])
    line = chunk[start:stop]
    text = line.strip(b" \t\r")
    return start + line.find(text), text


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads stretches of the lines of one chunk."""

    chunk: bytes
    bounds: LineBounds
    lines: Lines

    def read_stretch(self, first: int, stop: int) -> None:
        """Read lines that look like one object each."""
        while first < stop:
            error = self._taken(first, stop)
            if error is None:
                return
            if stop - first == 1:
                self.read_one(first)
                return
            wrong = self._culprit(error, first, stop)
            if wrong is None:
                middle = (first + stop) // 2
                self.read_stretch(first, middle)
                first = middle
                continue
            self.read_stretch(first, wrong)
            self.read_one(wrong)
            first = wrong + 1

    def read_one(self, index: int) -> None:
        """Read a line by itself; blank ones do not count."""
        _, text = text_of(self.chunk, self.bounds, index)
        if not text:
            return
        result = read_line(text)
        if isinstance(result, list):
            self.lines.wrong.append(WrongLine(index, result))
        else:
            self.lines.records.append(result)
            self.lines.indexes.append(index)

    def _taken(self, first: int, stop: int) -> Exception | None:
        """Read all of some lines, or none and say what the decoder has against it."""
        start, end = self.bounds.starts[first], self.bounds.ends[stop - 1]
        try:
            records = DECODER.decode_lines(memoryview(self.chunk)[start:end])
        except FAILURES as error:
            return error
        if len(records) != stop - first:
            return ValueError("there are not as many values as lines")
        self.lines.records += records
        self.lines.indexes += range(first, stop)
        return None

    def _culprit(self, error: Exception, first: int, stop: int) -> int | None:
        """Find the line that the decoder stumbled over; None where it does not say."""
        said = str(error)
        value, byte = _VALUE.search(said), _BYTE.search(said)
        if value is not None:
            index = first + int(value[1])
        elif byte is not None:
            at = int(self.bounds.starts[first]) + int(byte[1])
            index = int(np.searchsorted(self.bounds.starts, at, side="right")) - 1
        else:
            return None
        return index if first <= index < stop else None


def _runs(bounds: LineBounds) -> Iterator[tuple[int, int, bool]]:
    """Give the stretches of lines that look like one object each, and those that do not."""
    changes = (np.flatnonzero(np.diff(bounds.are_objects)) + 1).tolist()
    edges = [0, *changes, bounds.count]
    for first, stop in pairwise(edges):
        yield first, stop, bool(bounds.are_objects[first])


def _part_wrong_ones(lines: Lines) -> None:
    """Take out records that are wrong beyond the types of their fields."""
    if not has_findings(lines.records, line_groups(lines.records)):
        return
    records, indexes = lines.records, lines.indexes
    lines.records, lines.indexes = [], []
    for index, record in zip(indexes, records, strict=True):
        findings = line_findings(record)
        if findings:
            lines.wrong.append(WrongLine(index, findings))
        else:
            lines.records.append(record)
            lines.indexes.append(index)
    lines.wrong.sort(key=lambda one: one.index)
