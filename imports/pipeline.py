"""The whole way of a file: received, staged, reviewed, and applied if that was asked for."""

from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from atlas.audit import Actor, record
from atlas.domain.errors import AtlasError
from atlas.domain.states import ImportState
from imports.apply import apply, partial_refusal
from imports.changeset import review
from imports.digests import stands
from imports.endings import fail, reject
from imports.formats.registry import AUTO
from imports.groups import staged_groups
from imports.models import OPEN_STATES, ImportRun, ImportSource
from imports.named import catalogue_mark, named_in
from imports.sources import NAME_LENGTH, Incoming, source_of
from imports.staging import stage
from imports.storage import ContentStore, Stored
from imports.turns import hold_bytes, turn_of

USABLE_STATES = (ImportState.REVIEWED, ImportState.APPLIED, ImportState.APPLIED_PARTIAL)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with a file."""

    is_dry_run: bool = False
    allow_partial: bool = False
    wanted_format: str = AUTO


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a file has got to; `is_repeat` says that the same bytes had got there before."""

    run: ImportRun
    is_repeat: bool = False


def import_file(
    incoming: Incoming, wish: Wish, *, store: ContentStore, actor: Actor, now: datetime
) -> Outcome:
    """Take a file that was handed to us into the store, and bring it as far as is wished.

    Raises what `import_stored` raises, InvalidInput where the file is too large for the store.
    """
    source = source_of(incoming.kind)
    stored = store.put(incoming.stream)
    return import_stored(source, stored, incoming.name, wish, store=store, actor=actor, now=now)


def import_stored(
    source: ImportSource,
    stored: Stored,
    name: str,
    wish: Wish,
    *,
    store: ContentStore,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Bring a file of the store as far as is wished; `name` is what it was called where it was.

    A run that the file's own mistakes end is given back REJECTED. Raises CatalogueMoved or
    NotAllowed where the change-set may not be applied now, Temporary or NeedsHuman where the
    machinery is at fault; the run then stays where it is and the same bytes go on from there.
    """
    with turn_of(source):
        outcome = receive_stored(source, stored, name, wish, store=store, actor=actor, now=now)
        try:
            if not outcome.is_repeat:
                _advance(outcome.run, wish, store=store, actor=actor, now=now)
        finally:
            _note_arrival(outcome.run, now=now)
        return outcome


@transaction.atomic
def receive_stored(
    source: ImportSource,
    stored: Stored,
    name: str,
    wish: Wish,
    *,
    store: ContentStore,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Begin the run of a file of the store, or find it, and leave its steps to `go_on_with`.

    Waits for no turn: whoever hands a file in does not stand behind one that is being read. Two who
    bring the same bytes at once get the same run. Raises StoreUnusable where the bytes are gone:
    they may have been pruned since they were put into the store.
    """
    hold_bytes(stored.sha256)
    ImportSource.objects.select_for_update(no_key=True).get(pk=source.pk)
    runs = ImportRun.objects.of_bytes(source, stored.sha256)
    unfinished = runs.unfinished().first()
    if unfinished is not None:
        if _may_go_on(unfinished):
            return Outcome(unfinished)
        why = "The catalogue has moved since the review; the file is reviewed anew."
        reject(unfinished, why, actor=actor, now=now)
    applied = runs.applied().filter(pruned_at__isnull=True).first()
    if applied is not None and _stands_at(applied.applied_mark, applied):
        return Outcome(applied, is_repeat=True)
    store.require(stored.sha256)
    run = ImportRun.objects.create(
        source=source,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        received_from=name[:NAME_LENGTH],
        received_at=now,
        requested_by=actor.name,
        wanted_format=wish.wanted_format,
    )
    record(
        action="import.receive",
        subject=run,
        actor=actor,
        now=now,
        after={"file": run.received_from, "sha256_hash": run.sha256, "bytes": run.size_bytes},
    )
    return Outcome(run)


def go_on_with(
    run: ImportRun, wish: Wish, *, store: ContentStore, actor: Actor, now: datetime
) -> ImportRun:
    """Take the steps of a run that are still to be taken; raises what `import_stored` raises."""
    with turn_of(run.source):
        run.refresh_from_db()
        try:
            _advance(run, wish, store=store, actor=actor, now=now)
        finally:
            _note_arrival(run, now=now)
    return run


def _note_arrival(run: ImportRun, *, now: datetime) -> None:
    """Note that its source has brought something that can be used, whatever becomes of it."""
    if run.state in USABLE_STATES:
        ImportSource.objects.filter(pk=run.source_id).update(arrived_at=now)


def _may_go_on(run: ImportRun) -> bool:
    """Say whether the catalogue is still what an unfinished run was made for."""
    if run.state == ImportState.REVIEWED:
        return _stands_at(run.catalogue_mark, run) and stands(run)
    return run.state == ImportState.RECEIVED or stands(run)


def _stands_at(mark: str, run: ImportRun) -> bool:
    """Say whether what the run speaks of still looks as it did at the mark."""
    return catalogue_mark(named_in(run, staged_groups(run))) == mark


def _advance(
    run: ImportRun, wish: Wish, *, store: ContentStore, actor: Actor, now: datetime
) -> None:
    """Take the steps that are still to be taken; an unforeseen error ends the run as FAILED."""
    try:
        if run.state == ImportState.RECEIVED:
            stage(run, store=store, actor=actor, now=now)
        if run.state == ImportState.STAGED:
            review(run, now=now)
        if run.state == ImportState.REVIEWED and not wish.is_dry_run:
            _apply(run, wish, actor=actor, now=now)
    except (AtlasError, OperationalError, InterfaceError):
        raise  # foreseen, or a server that is away: the same bytes go on from here
    except Exception as error:
        run.refresh_from_db()
        if run.state in OPEN_STATES:
            fail(run, f"{type(error).__name__}: {error}", actor=actor, now=now)
        raise


def _apply(run: ImportRun, wish: Wish, *, actor: Actor, now: datetime) -> None:
    """Apply what was reviewed; a file with bad records is turned down unless the rest is wanted."""
    if run.rejected_count and not wish.allow_partial:
        reject(run, partial_refusal(run).message, actor=actor, now=now)
        return
    apply(run, allow_partial=wish.allow_partial, actor=actor, now=now)
