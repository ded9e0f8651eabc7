"""Staging: a file's records into rows beside the catalogue, with everything that is wrong in them.

One COPY takes the records in while the file is read, so neither the file nor its records are ever
in memory as a whole. What is wrong with single records is noted with them; what is wrong with the
file turns the whole run down. Either all of this is in the database or none of it.
"""

from datetime import datetime
from functools import partial

from django.db import connection, transaction

from atlas.audit import Actor
from atlas.domain.states import IMPORT_TRANSITIONS, ImportState
from atlas.transitions import move
from imports.crosschecks import cross_check
from imports.endings import refuse_file
from imports.formats.batches import Batch
from imports.formats.checks import Checker, Thresholds
from imports.formats.problems import FileRefused
from imports.formats.registry import Export, Opened, open_export
from imports.issues import Problems, save_issues
from imports.models import ImportRun, StagedRecord
from imports.phases import locked_run, long_statements, phase
from imports.progress import report
from imports.rendering import COPY_SQL, staged_rows
from imports.storage import ContentStore

STAGE = "stage"


def stage(run: ImportRun, *, store: ContentStore, actor: Actor, now: datetime) -> ImportRun:
    """Read a received file into staged records.

    A file that is wrong as a whole leaves the run REJECTED, the reasons as its issues; one with
    single bad records leaves it STAGED with those rejected. Raises ConflictingState where the run
    is no longer RECEIVED.
    """
    try:
        with phase(run, STAGE), transaction.atomic():
            long_statements()
            locked_run(run, ImportState.RECEIVED)
            with store.content(run.sha256) as content:
                opened = open_export(content, wanted=run.wanted_format)
                _stage_opened(run, opened, size=content.size, now=now)
    except FileRefused as refusal:
        run.refresh_from_db()
        refuse_file(run, refusal, actor=actor, now=now)
    return run


def _stage_opened(run: ImportRun, opened: Opened, *, size: int, now: datetime) -> None:
    """Load the records, check them against one another and the catalogue, note what was found."""
    problems = Problems()
    count = _load(run, opened.export, problems, size=size, now=now)
    problems.add(cross_check(run))
    save_issues(run, problems.kept)
    header = opened.export.header
    move(
        run,
        ImportState.STAGED,
        IMPORT_TRANSITIONS,
        format=opened.format.label,
        mode=header.mode.value,
        producer=header.source,
        generated_at=header.generated_at,
        record_count=count,
        rejected_count=StagedRecord.objects.filter(run=run, is_rejected=True).count(),
        error_count=problems.errors,
        warning_count=problems.warnings,
        staged_at=now,
    )


def _load(run: ImportRun, export: Export, problems: Problems, *, size: int, now: datetime) -> int:
    """Copy all records in while they are read and judged; gives how many there are.

    `size` is the number of bytes of the unpacked file, for who watches.
    """
    thresholds = Thresholds(jump_ratio=float(run.source.jump_threshold_ratio))
    checker = Checker(mode=export.header.mode, now=now, thresholds=thresholds)
    count = 0
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(COPY_SQL) as copy,
    ):
        for batch in export.batches():
            for unread in batch.unread:
                problems.add(unread.problems)
            problems.add(batch.notes)
            problems.add(checker.check(batch))
            copy.write(staged_rows(run.pk, batch, batch.encoded(), first=count + 1))
            count += len(batch.records) + len(batch.unread)
            report(run.pk, STAGE, partial(_end_of, batch), size)
    problems.add(checker.finish())
    return count


def _end_of(batch: Batch) -> int:
    """Give where in the unpacked file a batch ends, or nearly so if its last records are unread."""
    places = [*batch.places.spans()[-1:], *((one.span.start, 0) for one in batch.unread[-1:])]
    return max((start + length for start, length in places), default=0)
