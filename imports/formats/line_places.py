"""Where lines stand: their numbers, and their bytes in the unpacked file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LINE_FEED, _RETURN, _OPENING, _CLOSING = b"\n\r{}"


@dataclass(frozen=True, slots=True)
class LineBounds:
    """The first byte of each line of some bytes, and the byte behind its last.

    `are_objects` says of each line whether it begins and ends an object.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    are_objects: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Give the number of lines."""
        return len(self.starts)


def line_bounds(chunk: bytes) -> LineBounds:
    """Find the lines of a chunk; its last one may lack its line feed.

    A carriage return before a line feed belongs to the line's end. A value cannot run over a line
    end between `}` and `{`, so where lines that follow one another begin and end objects, and a
    decoder finds as many values as there are lines, the lines and the values are the same things.
    """
    codes = np.frombuffer(chunk, dtype=np.uint8)
    feeds = np.flatnonzero(codes == _LINE_FEED)
    if not chunk.endswith(b"\n"):
        feeds = np.append(feeds, len(chunk))
    starts = np.concatenate(([0], feeds[:-1] + 1))
    ends = np.maximum(starts, feeds - (codes[feeds - 1] == _RETURN))
    are_objects = (codes[starts] == _OPENING) & (codes[ends - 1] == _CLOSING)
    return LineBounds(starts, ends, are_objects)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk stands: the number of its first line, its first byte, and its length."""

    line: int
    offset: int
    length: int


@dataclass(slots=True)
class LinePlaces:
    """Places of lines of a chunk; `indexes` are the lines that the batch holds."""

    indexes: Sequence[int]
    bounds: LineBounds
    chunk: Place
    _spans: list[tuple[int, int]] | None = None

    def path_of(self, index: int) -> str:
        """Give the number of the line."""
        return f"line {self.chunk.line + self.indexes[index]}"

    def spans(self) -> list[tuple[int, int]]:
        """Give the places in the whole file; found once, when somebody asks."""
        if self._spans is None:
            mine = np.asarray(self.indexes)
            starts, ends = self.bounds.starts[mine], self.bounds.ends[mine]
            places = zip(
                (starts + self.chunk.offset).tolist(), (ends - starts).tolist(), strict=True
            )
            self._spans = list(places)
        return self._spans
