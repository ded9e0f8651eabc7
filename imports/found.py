"""What a look at a source gives: files in the store, and how to be done with each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from imports.models import FetchedObject, ImportRun, ImportSource
from imports.storage import ContentStore, Stored


@dataclass(frozen=True, slots=True)
class Found:
    """A file that has come: what it was called, its bytes in the store, and how to be done with it.

    `settle` puts the file away; it gives where it lies now if it was put into quarantine.
    """

    name: str
    stored: Stored
    settle: Callable[[ImportRun], str]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Something that has come and is no export; it was put into quarantine."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one source; `again` takes also what was taken before."""

    source: ImportSource
    store: ContentStore
    now: datetime
    again: bool = False


def known_version(asked: Look, name: str) -> FetchedObject | None:
    """Give what was taken last under a name."""
    if asked.again:
        return None
    return asked.source.fetched_objects.select_related("run").filter(name=name).first()


def remembering(version: FetchedObject) -> Callable[[ImportRun], str]:
    """Make what remembers a version once its run is known."""

    def settle(run: ImportRun) -> str:
        remember(version, run)
        return ""

    return settle


def remember(version: FetchedObject, run: ImportRun) -> None:
    """Note which version of a file was taken last, and which run it became."""
    values = ("etag", "modified", "version", "size_bytes", "fetched_at")
    FetchedObject.objects.update_or_create(
        source=version.source,
        name=version.name,
        defaults={"run": run, **{name: getattr(version, name) for name in values}},
    )
