"""The store of imported bytes: each file once, as it came, under the hash of what it holds.

A file is written beside its place and then put into it in one step, so a place holds all of a file
or nothing, whatever interrupts the writing. Web process and workers share the place: a folder, or a
bucket of S3 where they run on different machines.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, BinaryIO, cast

from django.conf import settings

from atlas.domain.errors import InvalidInput, NeedsHuman
from imports.buckets import Bucket
from imports.store_places import LARGEST_FILE_BYTES, BucketPlace, FolderPlace, Place
from imports.unpacking import FileContent, unpacked

CHUNK_BYTES = 1024 * 1024
LARGEST_UNPACKED_BYTES = 8 * 1024**3


class StoreUnusable(NeedsHuman):
    """The folder of imported files cannot be written or read, or a file in it is gone."""

    code = "store_unusable"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store."""

    sha256: str
    size_bytes: int


class ContentStore:
    """Keeps files by their SHA-256: in a place, and while it works on them under a folder."""

    def __init__(self, root: Path, place: Place | None = None) -> None:
        self._root = root
        self._place = place or FolderPlace(root)

    @classmethod
    def of_settings(cls) -> "ContentStore":
        """Give the store that this installation is configured for."""
        root = Path(settings.ATLAS_STORAGE_DIR) / "imports"
        name, _, prefix = settings.ATLAS_STORAGE_BUCKET.partition("/")
        if not name:
            return cls(root)
        return cls(root, BucketPlace(Bucket(name, settings.ATLAS_S3_SECRETS), prefix, root))

    def put(self, stream: BinaryIO, *, largest_bytes: int = LARGEST_FILE_BYTES) -> Stored:
        """Take a file in; one that is there already is kept and not written again.

        Raises InvalidInput where it is larger than allowed, StoreUnusable where it cannot be kept.
        """
        with self._usable("written"):
            known = self._known(stream, largest_bytes=largest_bytes)
            return known or self._write(stream, largest_bytes=largest_bytes)

    @contextmanager
    def scratch(self) -> Iterator[BinaryIO]:
        """Give an empty file that is gone afterwards, for what is to be put in once it is whole."""
        with ExitStack() as held:
            with self._usable("written"):
                file = held.enter_context(TemporaryFile(dir=self._folder("incoming")))
            yield cast("BinaryIO", file)

    @contextmanager
    def content(self, sha256: str) -> Iterator[FileContent]:
        """Give the unpacked bytes of a file.

        Raises StoreUnusable where it is gone, FileRefused where it does not unpack.
        """
        with ExitStack() as held:
            with self._usable("read"):
                path, folder = self._place.local(sha256), self._folder("unpacked")
                if path is None:
                    raise _gone(sha256)
                content = held.enter_context(
                    unpacked(path, spool_in=folder, cap_bytes=LARGEST_UNPACKED_BYTES)
                )
            yield content

    def require(self, sha256: str) -> None:
        """Make sure that a file is there. Raises StoreUnusable where it is not."""
        with self._usable("read"):
            if not self._place.holds(sha256):
                raise _gone(sha256)

    def forget(self, sha256: str) -> None:
        """Remove a file for good. Raises StoreUnusable where the disk refuses."""
        with self._usable("written"):
            self._place.forget(sha256)

    def sweep(self, *, unused_since: float) -> int:
        """Remove what killed processes left half written before a moment, in seconds since 1970.

        Gives how many bytes that was. Raises StoreUnusable where the disk refuses.
        """
        freed = 0
        with self._usable("written"):
            for path in (*self._folder("incoming").iterdir(), *self._root.glob("tmp*")):
                state = path.stat()
                if path.is_file() and state.st_mtime < unused_since:
                    path.unlink(missing_ok=True)
                    freed += state.st_size
        return freed

    def _known(self, stream: BinaryIO, *, largest_bytes: int) -> Stored | None:
        """Hash a file that can be read twice; give it if it is in the store already."""
        if not stream.seekable():
            return None
        stored = _hash_and_copy(stream, None, largest_bytes=largest_bytes)
        stream.seek(0)
        return stored if self._place.holds(stored.sha256) else None

    def _write(self, stream: BinaryIO, *, largest_bytes: int) -> Stored:
        """Write a file beside its place, then move it there."""
        with NamedTemporaryFile(dir=self._folder("incoming"), delete=False) as target:
            name = Path(target.name)
            try:
                stored = _hash_and_copy(stream, target, largest_bytes=largest_bytes)
                target.flush()
                os.fsync(target.fileno())
                self._place.keep(stored.sha256, name)
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


def _gone(sha256: str) -> StoreUnusable:
    """Say that a file is missing, and what to do."""
    return StoreUnusable(
        f"The file {sha256} is no longer in the store of imported files, or is "
        "damaged. Restore the store from its backup, or import the file again."
    )


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
