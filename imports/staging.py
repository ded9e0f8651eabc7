"""Staging: a file's records into rows beside the catalogue, with everything that is wrong in them.

One COPY takes the records in while the file is read, so neither the file nor its records are ever
in memory as a whole. What is wrong with single records is noted with them; what is wrong with the
file turns the whole run down. Either all of this is in the database or none of it.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from atlas.audit import Actor
from atlas.domain.states import IMPORT_TRANSITIONS, ImportState
from atlas.transitions import move
from imports.crosschecks import cross_check
from imports.digests import remembered, unchanged
from imports.endings import refuse_file
from imports.formats.checks import Checker, Thresholds
from imports.formats.problems import FileRefused, Problem
from imports.formats.registry import Opened, open_export
from imports.groups import counted_groups, save_groups
from imports.issues import Problems, save_issues
from imports.loading import STAGE, Loader
from imports.models import ImportRun, StagedGroup
from imports.phases import locked_run, long_statements, phase
from imports.storage import ContentStore
from imports.thresholds import thresholds_of


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
    header = opened.export.header
    run.mode = header.mode.value
    loader = Loader(run, problems, remembered())
    thresholds = thresholds_of(run.source)
    loader.load(opened.export, Checker(mode=header.mode, now=now, thresholds=thresholds), size=size)
    save_groups(_settled(run, loader, problems, thresholds))
    save_issues(run, problems.kept)
    groups = StagedGroup.objects.filter(run=run)
    move(
        run,
        ImportState.STAGED,
        IMPORT_TRANSITIONS,
        format=opened.format.label,
        mode=header.mode.value,
        producer=header.source,
        generated_at=header.generated_at,
        record_count=loader.count,
        rejected_count=groups.aggregate(rejected=Sum("rejected", default=0))["rejected"],
        error_count=problems.errors,
        warning_count=problems.warnings,
        staged_at=now,
    )


def _settled(
    run: ImportRun, loader: Loader, problems: Problems, thresholds: Thresholds
) -> list[StagedGroup]:
    """Find out which groups need no staging, stage what still waits, check what was staged.

    A single mistake anywhere in the file, and everything is staged.
    """
    same_as = {} if problems.errors else unchanged(run.mode, loader.matching())
    loader.stage_waiting(loader.waiting() - same_as.keys())
    found = _cross_checked(run, loader, thresholds)
    if same_as and any(problem.is_error for problem in found):
        same_as = {}
        loader.stage_waiting(loader.waiting())
        found = list(dict.fromkeys([*found, *_cross_checked(run, loader, thresholds)]))
    problems.add(found)
    counts = {key: (group.good, group.rejected) for key, group in loader.groups.items()}
    if any(problem.is_error for problem in found):
        counts = counted_groups(run)
    doubtful = {(problem.kind, problem.owner) for problem in found}
    return [
        StagedGroup(
            run=run,
            kind=kind.value,
            owner=owner,
            good=good,
            rejected=rejected,
            digest=""
            if rejected or (kind, owner) in doubtful
            else loader.groups[kind, owner].digest,
            same_as_id=same_as.get((kind, owner)),
        )
        for (kind, owner), (good, rejected) in sorted(counts.items())
    ]


def _cross_checked(run: ImportRun, loader: Loader, thresholds: Thresholds) -> list[Problem]:
    """Check the staged records against one another and the catalogue."""
    may_repeat = {key for key, group in loader.groups.items() if group.may_repeat}
    return cross_check(
        run, groups=loader.groups.keys(), may_repeat=may_repeat, thresholds=thresholds
    )
