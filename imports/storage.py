"""The store of imported bytes: each file once, as it came, under the hash of what it holds.

A file is written beside its place and renamed into it, so a place holds all of a file or nothing,
whatever interrupts the writing. The folder is shared by the web process and the workers.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from django.conf import settings

from atlas.domain.errors import InvalidInput, NeedsHuman
from imports.unpacking import FileContent, unpacked

CHUNK_BYTES = 1024 * 1024
LARGEST_FILE_BYTES = 4 * 1024**3
LARGEST_UNPACKED_BYTES = 8 * 1024**3
READABLE = 0o640


class StoreUnusable(NeedsHuman):
    """The folder of imported files cannot be written or read, or a file in it is gone."""

    code = "store_unusable"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store."""

    sha256: str
    size_bytes: int


class ContentStore:
    """Keeps files under a folder by their SHA-256."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @classmethod
    def of_settings(cls) -> "ContentStore":
        """Give the store that this installation is configured for."""
        return cls(Path(settings.ATLAS_STORAGE_DIR) / "imports")

    def path_of(self, sha256: str) -> Path:
        """Tell where a file lies or would lie."""
        return self._root / "objects" / sha256[:2] / sha256

    def put(self, stream: BinaryIO, *, largest_bytes: int = LARGEST_FILE_BYTES) -> Stored:
        """Take a file in; one that is there already is kept and not written again.

        Raises InvalidInput where it is larger than allowed, StoreUnusable where it cannot be kept.
        """
        with self._usable("written"):
            known = self._known(stream, largest_bytes=largest_bytes)
            return known or self._write(stream, largest_bytes=largest_bytes)

    @contextmanager
    def content(self, sha256: str) -> Iterator[FileContent]:
        """Give the unpacked bytes of a file.

        Raises StoreUnusable where it is gone, FileRefused where it does not unpack.
        """
        with ExitStack() as held:
            with self._usable("read"):
                path, folder = self.path_of(sha256), self._folder("unpacked")
                if not path.exists():
                    raise StoreUnusable(
                        f"The file {sha256} is no longer in the folder of imported files, "
                        f"{self._root}. Restore the folder from its backup, or import it again."
                    )
                content = held.enter_context(
                    unpacked(path, spool_in=folder, cap_bytes=LARGEST_UNPACKED_BYTES)
                )
            yield content

    def _known(self, stream: BinaryIO, *, largest_bytes: int) -> Stored | None:
        """Hash a file that can be read twice; give it if it is in the store already."""
        if not stream.seekable():
            return None
        stored = _hash_and_copy(stream, None, largest_bytes=largest_bytes)
        stream.seek(0)
        return stored if self.path_of(stored.sha256).exists() else None

    def _write(self, stream: BinaryIO, *, largest_bytes: int) -> Stored:
        """Write a file beside its place, then move it there."""
        with NamedTemporaryFile(dir=self._folder("incoming"), delete=False) as target:
            name = Path(target.name)
            try:
                stored = _hash_and_copy(stream, target, largest_bytes=largest_bytes)
                target.flush()
                os.fsync(target.fileno())
                place = self.path_of(stored.sha256)
                place.parent.mkdir(parents=True, exist_ok=True)
                name.chmod(READABLE)
                name.rename(place)
            finally:
                name.unlink(missing_ok=True)
        return stored

    def _folder(self, name: str) -> Path:
        """Give a working folder of the store, made where it is missing."""
        folder = self._root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def _usable(self, what: str) -> Iterator[None]:
        """Turn what the disk refuses into one sentence with its remedy."""
        try:
            yield
        except OSError as error:
            raise StoreUnusable(
                f"The folder of imported files, {self._root}, cannot be {what}: "
                f"{error.strerror or error}. Check ATLAS_STORAGE_URL, its rights and the disk."
            ) from error


def _hash_and_copy(source: BinaryIO, target: IO[bytes] | None, *, largest_bytes: int) -> Stored:
    """Hash a stream, copying it on the way; refuses one that does not end in time."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if size > largest_bytes:
            raise InvalidInput(f"The file is larger than {largest_bytes:,} bytes; split it.")
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return Stored(digest.hexdigest(), size)
