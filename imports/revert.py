"""Reverting: what a run changed is put back as it was, or not at all.

The change-set remembers what stood in each row. A row that is no longer what the run made it, or a
parent that something later was built on, stops the whole reversal.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState
from atlas.domain.states import IMPORT_TRANSITIONS, ImportState
from atlas.transitions import move
from imports import apply_statements
from imports.aftermath import changed_keys, publish
from imports.apply import Step, carry_out, is_mixed, lock_strategies, one_at_a_time
from imports.approval import REVERT_KIND, demand_second_person
from imports.crosschecks import PARENT_OF
from imports.formats.vocabulary import Kind
from imports.groups import staged_groups
from imports.models import ChangeGroup, ImportRun, RecordChange
from imports.moved import CatalogueMoved
from imports.named import named_in
from imports.phases import locked_run, long_statements, phase
from imports.replaced import replaced_by_reverting
from imports.tables import TABLES
from imports.vocabulary import Action
from strategies.models import Holding, ImportedTrade, MetricsSnapshot, PerformancePoint, Strategy
from strategies.revisions import forget_revisions

BACKWARD: tuple[Step, ...] = (
    Step(apply_statements.remove_new, lambda group: 0 if is_mixed(group) else group.inserted),
    Step(apply_statements.remove_noted, lambda group: group.inserted if is_mixed(group) else 0),
    Step(apply_statements.restore_updated, lambda group: group.updated),
    Step(apply_statements.restore_deleted, lambda group: group.deleted),
)
_CHILDREN = tuple(table for table in reversed(TABLES) if table.kind in PARENT_OF)
_PARENTS = tuple(table for table in reversed(TABLES) if table.kind not in PARENT_OF)


def revert(run: ImportRun, *, reason: str, actor: Actor, now: datetime) -> ImportRun:
    """Put back what an applied run changed.

    Raises ConflictingState where the run is not applied or was pruned, or where anything it brought has been
    changed or built on since, NotAllowed where a strategy that trades live would change and no
    second person has agreed; then nothing is put back.
    """
    try:
        with phase(run, "revert"), transaction.atomic():
            long_statements()
            one_at_a_time()
            locked_run(run, ImportState.APPLIED, ImportState.APPLIED_PARTIAL)
            require_unpruned(run)
            lock_strategies(named_in(run, staged_groups(run)))
            groups = list(run.change_groups.all())
            demand_second_person(run, actor=actor, now=now, kind=REVERT_KIND)
            done = carry_out(run, groups, _CHILDREN, BACKWARD, now=now)
            _clear_new_strategies(run, groups)
            carry_out(run, groups, _PARENTS, BACKWARD, now=now, done=done)
            publish(
                run,
                groups,
                replaced=replaced_by_reverting(run),
                reference=f"reversal of import {run.pk}",
                now=now,
            )
            _finish(run, reason=reason, actor=actor, now=now)
    except (IntegrityError, CatalogueMoved) as error:
        run.refresh_from_db()
        raise _built_on(run) from error
    return run


def require_unpruned(run: ImportRun) -> None:
    """Make sure that what the run changed is still noted. Raises ConflictingState where it is not."""
    if run.pruned_at is not None:
        raise ConflictingState(
            f"Import {run.pk} was pruned on {run.pruned_at:%Y-%m-%d}: what stood there before is no "
            "longer kept, so it cannot be put back. Import a corrected file.",
            detail={"run": run.pk},
        )


def _clear_new_strategies(run: ImportRun, groups: list[ChangeGroup]) -> None:
    """Drop the metrics of strategies that the run brought; refuse where they have gained a record."""
    group = next((one for one in groups if one.kind == Kind.STRATEGY), None)
    if group is None or not group.inserted:
        return
    updated = RecordChange.objects.filter(run=run, kind=Kind.STRATEGY, action=Action.UPDATE)
    brought = changed_keys(run, groups, Kind.STRATEGY) - set(updated.values_list("key", flat=True))
    new = list(Strategy.objects.filter(slug__in=brought).values_list("pk", flat=True))
    series = (PerformancePoint, Holding, ImportedTrade)
    if any(model.objects.filter(strategy_id__in=new).exists() for model in series):
        raise _built_on(run)
    MetricsSnapshot.objects.filter(strategy_id__in=new).delete()
    forget_revisions(new)


def _built_on(run: ImportRun) -> ConflictingState:
    """Say that the reversal is no longer possible, and what to do."""
    return ConflictingState(
        f"What import {run.pk} brought has been changed or built on since, so nothing was put "
        "back. Revert the later imports first, or import a corrected file.",
        detail={"run": run.pk},
    )


def _finish(run: ImportRun, *, reason: str, actor: Actor, now: datetime) -> None:
    """End the run and write the audit row."""
    move(run, ImportState.REVERTED, IMPORT_TRANSITIONS, ended_at=now)
    record(
        action="import.revert",
        subject=run,
        actor=actor,
        now=now,
        after={
            "file": run.received_from,
            "changeset_hash": run.changeset_hash,
            "kinds": run.changeset["kinds"],
        },
        reason=reason,
    )
