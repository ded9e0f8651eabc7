"""Looking at a source: what has come since the last look, each file safely in the store.

A look gives one file after another. Once a file has been brought as far as it goes, its `settle` is
called with the run: only then is the file put away, or its version remembered. Whatever interrupts
a look in between, the file is found again at the next one, and its bytes are the same run.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from atlas.domain.errors import InvalidInput
from atlas.domain.states import ImportState
from imports.bucket_looks import look_into_bucket
from imports.found import Found, Look, Unfit
from imports.inbox import Inbox, StillWritten, readable
from imports.models import ImportRun
from imports.source_addresses import inbox_folder, require_address
from imports.vocabulary import SourceKind
from imports.web_looks import look_at_web

USELESS = (ImportState.REJECTED, ImportState.FAILED)
MOST_ISSUES = 20


def look(asked: Look) -> Iterator[Found | Unfit]:
    """Give what has come.

    Raises DomainRefusal or NeedsHuman where the source cannot be read as it is set up, Temporary
    where it does not answer now.
    """
    kind = SourceKind(asked.source.kind)
    if kind not in _LOOKS:
        raise InvalidInput(f"Files of {asked.source.name} are handed in; there is nowhere to look.")
    require_address(kind, asked.source.address)
    yield from _LOOKS[kind](asked)


def reason_of(run: ImportRun) -> str:
    """Write why a file did not become anything, with the first of its issues."""
    issues = run.issues.filter(severity="error").order_by("pk")[:MOST_ISSUES]
    lines = [f"{issue.path} {issue.owner} {issue.key}: {issue.message}".strip() for issue in issues]
    return "\n".join([f"Import {run.pk} is {run.state}. {run.failure}", *lines])


def _look_into_inbox(asked: Look) -> Iterator[Found | Unfit]:
    """Take the files of an inbox."""
    largest = asked.source.largest_bytes
    with Inbox.opened(inbox_folder(asked.source.address), now=asked.now) as inbox:
        for name in inbox.take():
            try:
                with inbox.reading(name, largest_bytes=largest) as stream:
                    stored = asked.store.put(stream, largest_bytes=largest)
            except StillWritten:
                continue
            except InvalidInput as unfit:
                inbox.quarantine(name, unfit.message)
                yield Unfit(readable(name), unfit.message)
                continue
            yield Found(readable(name), stored, _away(inbox, name))


def _away(inbox: Inbox, name: str) -> Callable[[ImportRun], str]:
    """Make what puts a file of an inbox away once its run is known."""

    def settle(run: ImportRun) -> str:
        if run.state in USELESS:
            return inbox.quarantine(name, reason_of(run))
        inbox.finish(name, run.pk)
        return ""

    return settle


_LOOKS: Mapping[SourceKind, Callable[[Look], Iterator[Found | Unfit]]] = MappingProxyType(
    {
        SourceKind.INBOX: _look_into_inbox,
        SourceKind.HTTP: look_at_web,
        SourceKind.S3: look_into_bucket,
    }
)
