"""Content: the unpacked bytes of a file, as a whole for documents and as a stream for lines."""

import io
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from imports.formats.batches import Buffer


class Content(Protocol):
    """What a parser reads from; the same bytes whichever way they are asked for."""

    @property
    def size(self) -> int:
        """Give the number of bytes."""

    def whole(self) -> Buffer:
        """Give all bytes at once; they stay valid while the content is held."""

    def stream(self) -> BinaryIO:
        """Open the bytes for reading from the start."""


@dataclass(frozen=True, slots=True)
class BytesContent:
    """Content that lies in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Give the number of bytes."""
        return len(self.data)

    def whole(self) -> Buffer:
        """Give the bytes."""
        return self.data

    def stream(self) -> BinaryIO:
        """Open the bytes for reading."""
        return io.BytesIO(self.data)
