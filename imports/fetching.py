"""Fetching: what has come at a source is imported, and what goes wrong is told to people.

The same function serves the schedule, the command line and the console. One fetch of a source runs
at a time, whoever starts it; a second one gives way at once.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.errors import (
    AtlasError,
    ConflictingState,
    NeedsHuman,
    NotAllowed,
    Temporary,
)
from atlas.domain.states import ImportState
from atlas.redaction import redact_text
from imports.alert_rules import FAILED, QUARANTINED, TURNED_DOWN, UNREACHABLE, WAITING
from imports.approval import live_strategies
from imports.found import Found, Look, Unfit
from imports.looks import USELESS, look
from imports.models import ImportRun, ImportSource
from imports.moved import CatalogueMoved
from imports.pipeline import Outcome, Wish, import_stored
from imports.storage import ContentStore
from imports.turns import turn_of
from imports.vocabulary import SourceKind, SourcePolicy

log = structlog.get_logger(__name__)

TRIES = 3  # another source may change the catalogue between a review and its application


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one file: its run, or why it never became one."""

    name: str
    outcome: Outcome | None
    problem: str = ""


def fetch(
    source: ImportSource, *, store: ContentStore, actor: Actor, now: datetime, again: bool = False
) -> list[Fetched]:
    """Import what has come at a source since the last look; `again` takes what it gave before too.

    Raises ConflictingState for a source that is disabled and Temporary where another fetch of it is
    running. Where the source cannot be read, its reason stays with it and becomes an alert, and
    Temporary, DomainRefusal or NeedsHuman is raised.
    """
    if not source.enabled:
        raise ConflictingState(f"The source {source.name} is disabled; enable it first.")
    asked = Look(source, store, now, again=again)
    with turn_of(source, patience_seconds=0), closing(_looked(asked, actor=actor)) as found:
        done = [_taken(source, one, store=store, actor=actor, now=now) for one in found]
    log.info(
        "import_source_looked_at",
        source=source.name,
        files=len(done),
        useless=sum(bool(one.problem) for one in done),
    )
    return done


def run_due_sources(
    *, store: ContentStore, actor: Actor, now: datetime
) -> dict[str, list[Fetched]]:
    """Fetch from every source whose cadence says that it is time, one after the other.

    For installations whose clock is not beat. A source that cannot be read has its alert and does
    not keep the others from being read.
    """
    done = {}
    for source in ImportSource.objects.scheduled():
        if not _is_due(source, now=now):
            continue
        try:
            done[source.name] = fetch(source, store=store, actor=actor, now=now)
        except AtlasError as error:
            log.warning("import_source_not_read", source=source.name, error=error)
            done[source.name] = [Fetched(source.name, None, error.message)]
    return done


def _is_due(source: ImportSource, *, now: datetime) -> bool:
    """Say whether a source has not been looked at for as long as its cadence says."""
    if source.looked_at is None or source.cadence_seconds is None:
        return True
    return source.looked_at + timedelta(seconds=source.cadence_seconds) <= now


def _looked(asked: Look, *, actor: Actor) -> Generator[Found | Unfit]:
    """Look, and note how it went; what the importing of a file raises passes by here untouched."""
    source, now = asked.source, asked.now
    try:
        yield from look(asked)
    except AtlasError as error:
        _note_failure(source, error, now=now)
        raise
    ImportSource.objects.filter(pk=source.pk).update(looked_at=now, look_failure="")
    resolve_by_itself(
        UNREACHABLE, subject=source, reason="The source was read again.", actor=actor, now=now
    )


def _note_failure(source: ImportSource, error: AtlasError, *, now: datetime) -> None:
    """Leave the reason with the source; a first time-out is not worth an alert."""
    if not isinstance(error, Temporary) or source.look_failure:
        message = f"The source {source.name} cannot be read: {error.message}"
        raise_alert(UNREACHABLE, subject=source, message=message, now=now)
    failure = redact_text(error.message)
    ImportSource.objects.filter(pk=source.pk).update(looked_at=now, look_failure=failure)


def _taken(
    source: ImportSource, one: Found | Unfit, *, store: ContentStore, actor: Actor, now: datetime
) -> Fetched:
    """Import one file and be done with it."""
    if isinstance(one, Unfit):
        rule = QUARANTINED if source.kind == SourceKind.INBOX else TURNED_DOWN
        message = f"{one.name} of the source {source.name} was not imported: {one.reason}"
        raise_alert(rule, subject=source, message=message, now=now)
        return Fetched(one.name, None, one.reason)
    try:
        outcome = _imported(source, one, store=store, actor=actor, now=now)
    except NeedsHuman as error:
        message = f"{one.name} from {source.name} cannot be imported now: {error.message}"
        raise_alert(FAILED, subject=source, message=message, now=now)
        raise
    except AtlasError:
        raise  # a service is away or busy; the file is found again at the next look
    except Exception:
        _tell_broken(source, one, now=now)
        raise
    kept = one.settle(outcome.run)
    if outcome.run.state in USELESS:
        _tell_useless(source, one, outcome.run, kept, now=now)
        return Fetched(one.name, outcome, outcome.run.failure)
    _tell_usable(source, outcome.run, actor=actor, now=now)
    return Fetched(one.name, outcome)


def _imported(
    source: ImportSource, one: Found, *, store: ContentStore, actor: Actor, now: datetime
) -> Outcome:
    """Bring a file as far as its source lets it go.

    A change-set that needs a second person stays reviewed and waits for one.
    """
    wish = Wish(
        is_dry_run=source.policy == SourcePolicy.REVIEW,
        allow_partial=source.allow_partial,
        wanted_format=source.wanted_format,
    )
    given = (source, one.stored, one.name)
    for _ in range(TRIES - 1):
        try:
            return import_stored(*given, wish, store=store, actor=actor, now=now)
        except CatalogueMoved:
            continue  # reviewed anew by the next try
        except NotAllowed:
            break
    review = Wish(is_dry_run=True, wanted_format=source.wanted_format)
    return import_stored(*given, review, store=store, actor=actor, now=now)


def _tell_broken(source: ImportSource, one: Found, *, now: datetime) -> None:
    """Put a file away that our own code stumbled over, and tell; its run says what it was."""
    run = ImportRun.objects.of_bytes(source, one.stored.sha256).order_by("-pk").first()
    if run is None or run.state != ImportState.FAILED:
        return
    one.settle(run)
    message = f"Import {run.pk} of {one.name} from {source.name} failed: {run.failure}"
    raise_alert(FAILED, subject=source, message=message, now=now)


def _tell_useless(
    source: ImportSource, one: Found, run: ImportRun, kept: str, *, now: datetime
) -> None:
    """Tell of a file that was turned down, and of where it lies."""
    message = f"{one.name} of the source {source.name} was turned down by import {run.pk}"
    if kept:
        words = f"{message} and lies in quarantine as {kept}: {run.failure}"
        raise_alert(QUARANTINED, subject=source, message=words, now=now)
        return
    raise_alert(TURNED_DOWN, subject=source, message=f"{message}: {run.failure}", now=now)


def _tell_usable(source: ImportSource, run: ImportRun, *, actor: Actor, now: datetime) -> None:
    """End the alerts that a good file ends; tell where a person is waited for."""
    reason = f"Import {run.pk} is good."
    for rule in (TURNED_DOWN, FAILED):
        resolve_by_itself(rule, subject=source, reason=reason, actor=actor, now=now)
    if run.state != ImportState.REVIEWED:
        return
    live = ", ".join(live_strategies(run))
    words = f" It changes {live}, which trades live: a second person must agree." if live else ""
    message = f"Import {run.pk} of {run.received_from} from {source.name} is reviewed.{words}"
    raise_alert(WAITING, subject=run, message=message, now=now)
