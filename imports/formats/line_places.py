"""Where lines stand: their numbers, and their bytes in the unpacked file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LINE_FEED, _OPENING, _CLOSING = b"\n{}"


@dataclass(frozen=True, slots=True)
class LineBounds:
    """The first byte of each line of some bytes, and the byte behind its last."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    are_objects: bool

    @property
    def count(self) -> int:
        """Give the number of lines."""
        return len(self.starts)


def line_bounds(chunk: bytes) -> LineBounds:
    """Find the lines of a chunk; its last one may lack its line feed.

    `are_objects` says whether each line begins and ends an object. A value cannot run over a line
    end between `}` and `{`, so if it does, and a decoder finds as many values as there are lines,
    the lines and the values are the same things.
    """
    codes = np.frombuffer(chunk, dtype=np.uint8)
    ends = np.flatnonzero(codes == _LINE_FEED)
    if not chunk.endswith(b"\n"):
        ends = np.append(ends, len(chunk))
    starts = np.concatenate(([0], ends[:-1] + 1))
    are_objects = bool((codes[starts] == _OPENING).all() and (codes[ends - 1] == _CLOSING).all())
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
