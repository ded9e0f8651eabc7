"""Looking at an address of the web; `atlas.http` decides where that may lead."""

from collections.abc import Iterator
from typing import BinaryIO

from atlas.http import Answer
from atlas.http import fetch as download
from imports.found import Found, Look, Unfit, known_version, remember, remembering
from imports.issues import storable
from imports.models import FetchedObject, ImportSource
from imports.source_access import authorization
from imports.source_addresses import shown_name

DOWNLOAD_SECONDS = 15 * 60.0
NO_CONTENT, NOT_MODIFIED = 204, 304
ETAG_LENGTH, MODIFIED_LENGTH = 200, 60


def look_at_web(asked: Look) -> Iterator[Found | Unfit]:
    """Download what an address of the web gives, unless it is what it gave before."""
    source, address = asked.source, asked.source.address
    known = known_version(asked, address)
    with asked.store.scratch() as sink:
        answer = _downloaded(source, known, sink)
        if answer.status in {NOT_MODIFIED, NO_CONTENT}:
            return
        answer.require_success()
        sink.seek(0)
        stored = asked.store.put(sink, largest_bytes=source.largest_bytes)
    version = FetchedObject(
        source=source,
        name=address,
        etag=_told(answer, "etag", ETAG_LENGTH),
        modified=_told(answer, "last-modified", MODIFIED_LENGTH),
        size_bytes=stored.size_bytes,
        fetched_at=asked.now,
    )
    if known is not None and known.run.sha256 == stored.sha256:
        remember(version, known.run)  # the host does not know that nothing has changed
        return
    yield Found(storable(shown_name(address), 200), stored, remembering(version))


def _downloaded(source: ImportSource, known: FetchedObject | None, sink: BinaryIO) -> Answer:
    """Ask the host for the file, unless it is the version that is known."""
    headers = authorization(source)
    if known is not None and known.etag:
        headers["if-none-match"] = known.etag
    if known is not None and known.modified:
        headers["if-modified-since"] = known.modified
    return download(
        source.address,
        headers=headers,
        timeout_seconds=DOWNLOAD_SECONDS,
        max_bytes=source.largest_bytes,
        sink=sink,
    )


def _told(answer: Answer, header: str, longest: int) -> str:
    """Give a header that may be sent back, or nothing where it is not fit for that."""
    value = answer.headers.get(header, "")
    return value if len(value) <= longest and value.isascii() and value.isprintable() else ""
