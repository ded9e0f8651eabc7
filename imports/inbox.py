"""Inboxes: folders in which producers leave files, and from which each file is taken once.

The producer may write into the folder, so nothing in it is trusted: folders are opened without
following links and everything is done relative to them, links and devices are never read, and a
name is only ever a name. A file is moved aside before it is read; whoever fails to move it does not
have it. Moving is a rename within one file system: a killed worker leaves a file in one place.

    inbox/NAME        files arrive; hidden ones and ones with a temporary suffix are left alone
    inbox/NAME/working      being imported; what a killed worker leaves is taken first
    inbox/NAME/done         imported, with the time and the run in front of the name
    inbox/NAME/quarantine   not imported, each with a `.reason.txt` beside it
"""

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from atlas.domain.errors import InvalidInput, NeedsHuman

SETTLE_SECONDS = 5.0
MOST_FILES = 100  # in one look; the next look takes the next ones
TEMPORARY = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")
NAME_BYTES = 180  # what is put before and behind it still fits a file system's 255
FOLDER_MODE = 0o770
WORKING, DONE, QUARANTINE = "working", "done", "quarantine"
REASON = ".reason.txt"


class InboxUnusable(NeedsHuman):
    """The folder of an inbox is not there, is a link, or may not be written."""

    code = "inbox_unusable"


class UnfitFile(InvalidInput):
    """A file of an inbox cannot be read as an export: a link, a device, or still being written."""

    code = "unfit_file"


class StillWritten(UnfitFile):
    """A file changed while it was read; it stays aside and is taken again at the next look."""

    code = "still_written"


@dataclass(frozen=True, slots=True)
class Folders:
    """Open descriptors of an inbox and of its three folders."""

    arriving: int
    working: int
    done: int
    quarantine: int


class Inbox:
    """One inbox, held open for one look."""

    def __init__(self, path: Path, folders: Folders, *, now: datetime) -> None:
        self._path = path
        self._at = folders
        self._now = now

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, *, now: datetime) -> Iterator["Inbox"]:
        """Open an inbox, making its folders where they are missing. Raises InboxUnusable."""
        held: list[int] = []
        try:
            try:
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                held.append(_folder(str(folder)))
                for name in (WORKING, DONE, QUARANTINE):
                    _make(name, held[0])
                    held.append(_folder(name, within=held[0]))
            except OSError as error:
                raise _unusable(folder, error) from error
            yield cls(folder, Folders(*held), now=now)
        finally:
            for descriptor in held:
                os.close(descriptor)

    def take(self) -> list[str]:
        """Move what is ready aside and give its names: what was left behind first, then by age.

        Raises InboxUnusable where nothing may be moved.
        """
        with self._worded():
            taken = [name for _, name in sorted(self._settled(self._at.working))]
            for _, name in sorted(self._settled(self._at.arriving, hidden=False)):
                if len(taken) >= MOST_FILES:
                    break
                if name not in taken and self._moved_aside(name):
                    taken.append(name)
            return taken[:MOST_FILES]

    @contextmanager
    def reading(self, name: str, *, largest_bytes: int) -> Iterator[BinaryIO]:
        """Open a file that was taken.

        Raises UnfitFile for a link, a device or a file that is too large, and StillWritten, after
        it was read, where it has changed meanwhile.
        """
        try:
            descriptor = os.open(
                name,
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                dir_fd=self._at.working,
            )
        except OSError as error:
            raise UnfitFile(f"It cannot be read: {error.strerror}.") from error
        with os.fdopen(descriptor, "rb") as stream:
            before = os.fstat(descriptor)
            _require_plain(before, largest_bytes=largest_bytes)
            yield stream
            after = os.fstat(descriptor)
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise StillWritten("It changed while it was read.")

    def finish(self, name: str, run: int) -> None:
        """Put a file away that was imported."""
        self._away(name, self._at.done, f"run{run}-")

    def quarantine(self, name: str, reason: str) -> str:
        """Put a file away that was not imported, and why; gives its new name."""
        kept = self._away(name, self._at.quarantine, "")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with self._worded():
            descriptor = os.open(f"{kept}{REASON}", flags, 0o640, dir_fd=self._at.quarantine)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as note:
                note.write(f"{readable(name)}\n{self._now:%Y-%m-%d %H:%M:%S} UTC\n\n{reason}\n")
        return readable(kept)

    def _settled(self, folder: int, *, hidden: bool = True) -> Iterator[tuple[int, str]]:
        """Give times and names of what lies in a folder and has not been touched for a while."""
        with os.scandir(folder) as entries:
            for entry in entries:
                if not hidden and is_unfinished(entry.name):
                    continue
                try:
                    state = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # its producer took it back
                # The time of the last change of anything: a producer may set the other times.
                is_settled = self._now.timestamp() - state.st_ctime >= SETTLE_SECONDS
                if is_settled and (hidden or not stat.S_ISDIR(state.st_mode)):
                    yield state.st_mtime_ns, entry.name

    def _moved_aside(self, name: str) -> bool:
        """Take a file; gives False where it is no longer there."""
        try:
            os.rename(name, name, src_dir_fd=self._at.arriving, dst_dir_fd=self._at.working)
        except FileNotFoundError:
            return False
        return True

    def _away(self, name: str, folder: int, mark: str) -> str:
        """Move a file that was taken under a name that is free; gives that name."""
        short = os.fsencode(name)[-NAME_BYTES:].decode(errors="surrogateescape")
        base = f"{self._now:%Y%m%dT%H%M%SZ}-{mark}{short}"
        with self._worded():
            taken = set(os.listdir(folder))
            names = itertools.chain([base], (f"{base}.{n}" for n in itertools.count(2)))
            kept = next(one for one in names if one not in taken)
            os.rename(name, kept, src_dir_fd=self._at.working, dst_dir_fd=folder)
        return kept

    @contextmanager
    def _worded(self) -> Iterator[None]:
        """Turn what the disk refuses into one sentence with its remedy."""
        try:
            yield
        except OSError as error:
            raise _unusable(self._path, error) from error


def readable(name: str) -> str:
    """Write the name of a file for people: what is no text or would steer a terminal is replaced."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def is_unfinished(name: str) -> bool:
    """Say whether a name tells that its producer is not done with it."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY)


def _folder(name: str, *, within: int | None = None) -> int:
    """Open a folder that is one and no link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, dir_fd=within)


def _make(name: str, within: int) -> None:
    """Make a folder where it is missing."""
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=within)
    except FileExistsError:
        return


def _require_plain(state: os.stat_result, *, largest_bytes: int) -> None:
    """Refuse what is no plain file of its own, or too large."""
    if not stat.S_ISREG(state.st_mode):
        raise UnfitFile("It is no plain file: links, folders, pipes and devices are not read.")
    if state.st_nlink != 1:
        raise UnfitFile("It is another name of a file that also lies elsewhere; copy it instead.")
    if state.st_size > largest_bytes:
        raise UnfitFile(f"It is larger than {largest_bytes:,} bytes.")


def _unusable(folder: Path, error: OSError) -> InboxUnusable:
    return InboxUnusable(
        f"The inbox {folder} cannot be used: {error.strerror or error}. "
        "It and its folders must be folders, no links, that Atlas may write."
    )
