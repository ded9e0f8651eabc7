"""Pruning: what nobody will look at again of old imports goes, and that they happened stays.

Of a run that ended long ago its staged records, the changes as they were noted row by row and the
bytes of its file are removed. The run itself, its counts, samples, issues and audit rows remain. A
run is marked before its rows go, so that one that was interrupted is finished by the next pruning
and never looks whole; from the mark on it can no longer be put back.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from psycopg.sql import SQL, Composed, Identifier

from atlas.audit import Actor, record
from imports.apply import one_at_a_time
from imports.models import (
    OPEN_STATES,
    ImportRun,
    RecordChange,
    StagedGroup,
    StagedRecord,
)
from imports.models.runs import ImportRunQuerySet
from imports.storage import ContentStore
from imports.turns import hold_bytes

BATCH_ROWS = 20_000
LONGEST_WRITING = timedelta(days=1)  # what is still written by then is written by nobody
_ROWS = (StagedRecord, RecordChange, StagedGroup)
_REMOVE = SQL(
    "DELETE FROM {table} WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM {table} WHERE run_id = %(run)s LIMIT %(most)s))"
)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went of a run, or would go: rows of the database, and bytes of the store.

    No bytes go where another run still names the file; the last one takes them along.
    """

    run: ImportRun
    rows: int
    freed_bytes: int


def due_runs(*, keep_days: int, now: datetime) -> ImportRunQuerySet:
    """Keep the runs that are to be pruned, oldest first.

    They ended more than `keep_days` days before `now`; the newest applied run of each source stays,
    whatever its age, because it is the one that somebody may want to put back.
    """
    newest = ImportRun.objects.applied().order_by("source_id", "-ended_at", "-pk")
    return (
        ImportRun.objects.filter(pruned_at__isnull=True)
        .filter(ended_at__lt=now - timedelta(days=keep_days))
        .exclude(state__in=[state.value for state in OPEN_STATES])
        .exclude(pk__in=newest.distinct("source_id").values("pk"))
        .order_by("pk")
    )


def preview(*, keep_days: int | None = None, now: datetime) -> list[Pruned]:
    """Tell what would be pruned, and change nothing."""
    runs = list(due_runs(keep_days=_days(keep_days), now=now))
    others = ImportRun.objects.filter(pruned_at__isnull=True).exclude(
        pk__in=[run.pk for run in runs]
    )
    hashes = {run.sha256 for run in runs}
    kept = set(others.filter(sha256__in=hashes).values_list("sha256", flat=True))
    left = Counter(run.sha256 for run in runs)
    found = []
    for run in runs:
        left[run.sha256] -= 1
        is_freed = not left[run.sha256] and run.sha256 not in kept
        found.append(Pruned(run, _count(run), run.size_bytes if is_freed else 0))
    return found


def prune(
    *, store: ContentStore, keep_days: int | None = None, actor: Actor, now: datetime
) -> Iterator[Pruned]:
    """Prune all runs that are due and finish those that an earlier pruning has left half done.

    Each run is given once it is done; `keep_days` is the installation's own where it is not given.
    Raises StoreUnusable, BucketUnusable or Temporary where the store refuses; the runs before that
    are pruned, the others are as they were.
    """
    for left in _half_done():
        yield Pruned(left, _remove_rows(left), 0)
    days = _days(keep_days)
    for pk in due_runs(keep_days=days, now=now).values_list("pk", flat=True):
        run, freed = _mark(pk, days, store=store, actor=actor, now=now)
        if run is not None:
            yield Pruned(run, _remove_rows(run), freed)


def sweep(*, store: ContentStore, now: datetime) -> int:
    """Remove what killed processes left half written in the store; gives how many bytes."""
    return store.sweep(unused_since=(now - LONGEST_WRITING).timestamp())


def _days(keep_days: int | None) -> int:
    """Give the number of days that is asked for, or the installation's."""
    return settings.ATLAS_IMPORT_KEEP_DAYS if keep_days is None else keep_days


@transaction.atomic
def _mark(
    pk: int, keep_days: int, *, store: ContentStore, actor: Actor, now: datetime
) -> tuple[ImportRun | None, int]:
    """Mark a run and remove its bytes, if it is still due; gives it and how many bytes went.

    No change-set enters or leaves the catalogue meanwhile, so the newest applied run is the newest.
    """
    one_at_a_time()
    due = due_runs(keep_days=keep_days, now=now).filter(pk=pk)
    run = due.select_for_update(of=("self",), skip_locked=True).first()
    if run is None:
        return None, 0
    hold_bytes(run.sha256)
    others = ImportRun.objects.filter(sha256=run.sha256, pruned_at__isnull=True)
    freed = 0 if others.exclude(pk=run.pk).exists() else run.size_bytes
    run.pruned_at = now
    run.save(update_fields=["pruned_at"])
    record(
        action="import.prune",
        subject=run,
        actor=actor,
        now=now,
        after={"file": run.received_from, "sha256_hash": run.sha256, "freed_bytes": freed},
        reason=f"It ended more than {keep_days} days ago.",
    )
    if freed:
        store.forget(run.sha256)
    return run, freed


def _half_done() -> Sequence[ImportRun]:
    """Find the runs that were marked and have rows left."""
    left = Q()
    for model in _ROWS:
        left |= Q(Exists(model.objects.filter(run_id=OuterRef("pk"))))
    return list(ImportRun.objects.filter(left, pruned_at__isnull=False).order_by("pk"))


def _remove_rows(run: ImportRun) -> int:
    """Remove the rows of a run in batches, each for itself; gives how many there were."""
    return sum(_remove(run, model._meta.db_table) for model in _ROWS)


def _remove(run: ImportRun, table: str) -> int:
    """Remove a run's rows of one table."""
    statement: Composed = _REMOVE.format(table=Identifier(table))
    removed = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, {"run": run.pk, "most": BATCH_ROWS})
            batch = int(cursor.rowcount)
            removed += batch
            if batch < BATCH_ROWS:
                return removed


def _count(run: ImportRun) -> int:
    """Count the rows that would go."""
    return sum(model.objects.filter(run=run).count() for model in _ROWS)
