"""Unpacking: gzip and Zstandard by their first bytes, with a cap on what may come out.

A few kilobytes can unpack to gigabytes. What comes out is counted while it comes out, and the
unpacking ends at the cap, before it fills the disk.
"""

import gzip
import io
import mmap
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from imports import zstd_frames
from imports.formats.batches import Buffer
from imports.formats.problems import refusal

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 1024 * 1024
LARGEST_WINDOW_BYTES = 64 * 1024**2  # what a Zstandard frame may make us hold in memory
GZIP_MARK = b"\x1f\x8b"


class FileContent:
    """The unpacked bytes of a file on disk; mapped into memory where they are asked for whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._descriptor = file.fileno()
        self._size = file.seek(0, os.SEEK_END)
        self._map: mmap.mmap | None = None

    @property
    def size(self) -> int:
        """Give the number of bytes."""
        return self._size

    def whole(self) -> Buffer:
        """Map the file into memory."""
        if self._size == 0:
            return b""
        if self._map is None:
            self._map = mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ)
        return memoryview(self._map)

    def stream(self) -> BinaryIO:
        """Open the bytes for reading from the start, independently of other readers."""
        return io.BufferedReader(_Positioned(self._descriptor), CHUNK_BYTES)

    def piece(self, start: int, length: int) -> bytes:
        """Read some bytes, for example those of one record."""
        return os.pread(self._descriptor, length, start)


class _Positioned(io.RawIOBase):
    """Reads a descriptor at a position of its own."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go on reading from another place."""
        if whence == os.SEEK_END:
            offset += os.fstat(self._descriptor).st_size
        elif whence == os.SEEK_CUR:
            offset += self._position
        self._position = offset
        return offset

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer from where the last reading ended."""
        count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        return count


@contextmanager
def unpacked(path: Path, *, spool_in: Path, cap_bytes: int) -> Iterator[FileContent]:
    """Give the bytes of a stored file, unpacked if it is packed.

    Raises FileRefused where the packing is broken, or more than `cap_bytes` come out of it.
    """
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if not head.startswith((GZIP_MARK, zstd_frames.MARK)):
            yield FileContent(file)
            return
        with TemporaryFile(dir=spool_in) as spool:
            plain = _gzip(file) if head.startswith(GZIP_MARK) else _zstd(file)
            _copy(plain, cast("BinaryIO", spool), cap_bytes=cap_bytes)
            spool.flush()
            yield FileContent(cast("BinaryIO", spool))


def _gzip(file: BinaryIO) -> BinaryIO:
    """Open a gzip file for reading what is in it."""
    return cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb"))


def _zstd(file: BinaryIO) -> BinaryIO:
    """Open a Zstandard file for reading what is in it; one that was cut off is refused."""
    if not zstd_frames.is_whole(file):
        raise refusal("broken_packing", "The Zstandard file is cut off or damaged; fetch it again.")
    unpacker = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW_BYTES)
    return cast("BinaryIO", unpacker.stream_reader(file, read_across_frames=True))


def _copy(plain: BinaryIO, spool: BinaryIO, *, cap_bytes: int) -> None:
    """Copy what comes out of a packed file, up to the cap."""
    written = 0
    try:
        while chunk := plain.read(CHUNK_BYTES):
            written += len(chunk)
            if written > cap_bytes:
                raise refusal(
                    "unpacks_too_large",
                    f"More than {cap_bytes:,} bytes come out of the packed file. If it is "
                    "genuine, split it into several files.",
                )
            spool.write(chunk)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            raise  # the disk's fault, not the file's
        raise refusal(
            "broken_packing", f"The packed file is cut off or damaged ({error}); fetch it again."
        ) from None
