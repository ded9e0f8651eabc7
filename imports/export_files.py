"""Where an export goes: standard output or a file, packed as its name says, there whole or not."""

import gzip
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from atlas.domain.errors import InvalidInput

STDOUT = "-"
ZSTD_LEVEL = 10


class CannotWrite(InvalidInput):
    """The file that was named cannot be written."""

    code = "cannot_write"


@contextmanager
def written(name: str) -> Iterator[BinaryIO]:
    """Open what an export is written to.

    A file appears under its name only once it is whole; `.gz` and `.zst` are packed, the same bytes
    every time. Raises CannotWrite.
    """
    if name == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    if path.is_dir():
        raise CannotWrite(f"{name} is a folder; name a file, or - for standard output.")
    try:
        handle, spooled = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise CannotWrite(f"{name} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "wb") as raw:
            with _packed(raw, path.suffix) as stream:
                yield stream
            raw.flush()
            os.fsync(raw.fileno())
        Path(spooled).chmod(0o644)
        Path(spooled).replace(path)
    except OSError as error:
        raise CannotWrite(f"{name} cannot be written: {error.strerror}.") from error
    finally:
        Path(spooled).unlink(missing_ok=True)


@contextmanager
def _packed(raw: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    """Pack what is written, by the ending of the file's name."""
    if suffix == ".gz":
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif suffix == ".zst":
        compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        with compressor.stream_writer(raw, closefd=False) as packed_zst:
            yield cast(BinaryIO, packed_zst)
    else:
        yield raw
