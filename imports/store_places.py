"""Where stored files lie: in a folder that web and workers share, or in a bucket of S3."""

import hashlib
import os
import time
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from imports.buckets import Bucket, ObjectGone

READABLE = 0o640
LARGEST_FILE_BYTES = 4 * 1024**3
KEPT_BYTES = 4 * 1024**3
USED_SECONDS = 60 * 60  # a copy that was used within this time may be open somewhere


class Place(Protocol):
    """Keeps files by their SHA-256."""

    def holds(self, sha256: str) -> bool:
        """Say whether a file is there."""

    def keep(self, sha256: str, file: Path) -> None:
        """Take over a file that is complete on the disk; it is there whole or not at all."""

    def local(self, sha256: str) -> Path | None:
        """Give a path at which the file can be read now, or None where it is gone."""

    def forget(self, sha256: str) -> None:
        """Remove a file; one that is gone already is no mistake."""


class FolderPlace:
    """A folder; each file under its hash, in subfolders by the hash's first two letters."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path_of(self, sha256: str) -> Path:
        """Tell where a file lies or would lie."""
        return self._root / "objects" / sha256[:2] / sha256

    def holds(self, sha256: str) -> bool:
        """Say whether a file is there."""
        return self.path_of(sha256).exists()

    def keep(self, sha256: str, file: Path) -> None:
        """Move the file to its place, in one step of the file system."""
        place = self.path_of(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.chmod(READABLE)
        file.rename(place)

    def local(self, sha256: str) -> Path | None:
        """Give where it lies."""
        path = self.path_of(sha256)
        return path if path.exists() else None

    def forget(self, sha256: str) -> None:
        """Remove the file."""
        self.path_of(sha256).unlink(missing_ok=True)


class BucketPlace:
    """A bucket; a folder on this machine holds copies of what was used last."""

    def __init__(self, bucket: Bucket, prefix: str, copies: Path) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._copies = FolderPlace(copies)
        self._folder = copies

    def holds(self, sha256: str) -> bool:
        """Ask the bucket: a copy on this machine says nothing to the others."""
        try:
            self._bucket.find(self._key(sha256))
        except ObjectGone:
            return False
        return True

    def keep(self, sha256: str, file: Path) -> None:
        """Write it into the bucket and keep the file as a copy."""
        self._bucket.write(self._key(sha256), file)
        self._copies.keep(sha256, file)
        self._forget_old_copies()

    def local(self, sha256: str) -> Path | None:
        """Give the copy, fetched where it is missing; what does not have its hash is not given."""
        path = self._copies.local(sha256)
        if path is None:
            return self._fetch(sha256)
        os.utime(path)
        return path

    def forget(self, sha256: str) -> None:
        """Remove the object and this machine's copy; copies of other machines give way in time."""
        self._bucket.remove(self._key(sha256))
        self._copies.forget(sha256)

    def _fetch(self, sha256: str) -> Path | None:
        """Copy an object from the bucket to its place on this machine."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._folder, delete=False) as target:
            name = Path(target.name)
            try:
                self._bucket.read(self._key(sha256), target, largest_bytes=LARGEST_FILE_BYTES)
                target.flush()
                if _sha256_of(name) != sha256:
                    return None
                self._copies.keep(sha256, name)
            except ObjectGone:
                return None
            finally:
                name.unlink(missing_ok=True)
        self._forget_old_copies()
        return self._copies.local(sha256)

    def _forget_old_copies(self) -> None:
        """Remove the copies that were used longest ago, down to what may be kept."""
        found = [(path, path.stat()) for path in (self._folder / "objects").glob("*/*")]
        total = sum(state.st_size for _, state in found)
        unused_since = time.time() - USED_SECONDS
        for path, state in sorted(found, key=lambda pair: pair[1].st_mtime):
            if total <= KEPT_BYTES or state.st_mtime > unused_since:
                return
            path.unlink(missing_ok=True)
            total -= state.st_size

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}imports/objects/{sha256[:2]}/{sha256}"


def _sha256_of(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
