"""Where exports come from: what is handed to an import, and the rows that name the ways."""

import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from atlas.domain.errors import InvalidInput
from imports.folders import folder_stream
from imports.models import ImportSource
from imports.vocabulary import SourceKind

STDIN = "-"
NAME_LENGTH = 500
_COMMAND_LINE = {SourceKind.FILE: "file", SourceKind.STDIN: "stdin"}


class NoSuchFile(InvalidInput):
    """The file that was named is not there, or is none that can be read."""

    code = "no_such_file"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that is about to be received: its bytes, its name, the way it came."""

    stream: BinaryIO
    name: str
    kind: SourceKind


def ensure_defaults(*, now: datetime) -> None:
    """Create the sources of the command line where they are missing."""
    for kind, name in _COMMAND_LINE.items():
        ImportSource.objects.get_or_create(name=name, defaults={"kind": kind, "created_at": now})


def source_of(kind: SourceKind) -> ImportSource:
    """Give the command line's own source for files or for standard input."""
    return ImportSource.objects.get(name=_COMMAND_LINE[kind])


@contextmanager
def opened(name: str) -> Iterator[Incoming]:
    """Open what the command line names: a file, a strategy's folder, or `-` for standard input.

    Raises NoSuchFile where there is no such file, or it is a device or unreadable, UnusableFolder
    where a folder holds no strategy.
    """
    if name == STDIN:
        yield Incoming(sys.stdin.buffer, "standard input", SourceKind.STDIN)
        return
    path = Path(name)
    if path.is_dir() and not path.is_symlink():
        yield Incoming(folder_stream(path), path.resolve().name[:NAME_LENGTH], SourceKind.FILE)
        return
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NoSuchFile(f"{name} is not a file; name a file, or - for standard input.")
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NoSuchFile(f"{name} cannot be read: {reason}.") from None
    with stream:
        yield Incoming(stream, path.name[:NAME_LENGTH], SourceKind.FILE)
