"""Applying: the reviewed change-set into the catalogue, in one transaction, exactly as reviewed.

Each statement changes only rows that still are what the review saw, and the number of rows is
compared with the review. Where anything differs, nothing is applied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from psycopg.sql import Composed

from atlas.audit import Actor, record
from atlas.domain.errors import InvalidInput
from atlas.domain.states import IMPORT_TRANSITIONS, ImportState
from atlas.transitions import move
from imports import apply_statements
from imports.aftermath import publish
from imports.approval import demand_second_person
from imports.comparison import owner_ids
from imports.digests import look_again, remember
from imports.groups import staged_groups
from imports.models import ChangeGroup, ImportRun
from imports.moved import moved
from imports.named import Named, catalogue_mark, named_in
from imports.phases import locked_run, long_statements, phase
from imports.progress import advance
from imports.replaced import replaced_by
from imports.tables import TABLES, Table
from strategies.models import Strategy

APPLY_LOCK = 0x41746C61_00000001  # advisory: change-sets enter the catalogue one at a time


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of statement, and how many rows of a table the review promises for it."""

    statement: Callable[[Table], Composed]
    promised: Callable[[ChangeGroup], int]


FORWARD: tuple[Step, ...] = (
    Step(apply_statements.delete_noted, lambda group: group.deleted),
    Step(apply_statements.update_noted, lambda group: group.updated),
    Step(apply_statements.insert_new, lambda group: 0 if is_mixed(group) else group.inserted),
    Step(apply_statements.insert_noted, lambda group: group.inserted if is_mixed(group) else 0),
)


def is_mixed(group: ChangeGroup) -> bool:
    """Say whether the catalogue has some of the group's records already."""
    return bool(group.unchanged or group.updated)


def apply(run: ImportRun, *, allow_partial: bool = False, actor: Actor, now: datetime) -> ImportRun:
    """Carry a reviewed change-set into the catalogue.

    Raises InvalidInput where records were rejected and `allow_partial` is not given,
    CatalogueMoved where the catalogue has changed since the review, NotAllowed where a strategy
    that trades live would change and no second person has agreed, ConflictingState where the run
    is not REVIEWED. In each case nothing is changed.
    """
    try:
        with phase(run, "apply"), transaction.atomic():
            long_statements()
            one_at_a_time()
            locked_run(run, ImportState.REVIEWED)
            if run.rejected_count and not allow_partial:
                raise partial_refusal(run)
            named = named_in(run, staged_groups(run))
            lock_strategies(named)
            reviewed = look_again(run) if catalogue_mark(named) == run.catalogue_mark else None
            if reviewed is None:
                raise moved(run)
            groups = list(run.change_groups.all())
            demand_second_person(run, actor=actor, now=now)
            carry_out(run, groups, TABLES, FORWARD, now=now)
            remember(run, reviewed)
            publish(
                run,
                groups,
                replaced=replaced_by(run, groups),
                reference=f"import {run.pk}",
                now=now,
            )
            _finish(run, named, actor=actor, now=now)
    except IntegrityError as error:
        run.refresh_from_db()
        raise moved(run) from error
    return run


def one_at_a_time() -> None:
    """Wait until no other change-set is being applied; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [APPLY_LOCK])


def lock_strategies(named: Named) -> None:
    """Keep everybody else from changing the strategies at hand, in one order for all."""
    strategies = Strategy.objects.filter(slug__in=named.strategies).order_by("pk")
    list(strategies.select_for_update().values_list("pk", flat=True))


def carry_out(
    run: ImportRun,
    groups: list[ChangeGroup],
    tables: tuple[Table, ...],
    steps: tuple[Step, ...],
    *,
    now: datetime,
    done: int = 0,
) -> int:
    """Execute the steps table by table; raises CatalogueMoved where other rows than promised change.

    Gives how many of the run's rows are done now, `done` of which were before.
    """
    by_kind: dict[str, list[ChangeGroup]] = {}
    for group in groups:
        by_kind.setdefault(group.kind, []).append(group)
    total = sum(step.promised(group) for step in steps for group in groups)
    for table in tables:
        of_kind = by_kind.get(table.kind, [])
        parameters = {"run": run.pk, "now": now, **_owners(table, of_kind)}
        for step in steps:
            promised = sum(map(step.promised, of_kind))
            if promised and _changed(step.statement(table), parameters) != promised:
                raise moved(run)
            done += promised
            advance(run.pk, done, total)
    return done


def _owners(table: Table, groups: list[ChangeGroup]) -> dict[str, Any]:
    """Name the owners of whose rows any change, and those of them of whom there are none yet."""
    changed = [one for one in groups if one.inserted or one.updated or one.deleted]
    owners = [one.owner for one in changed]
    return {
        "new": [one.owner for one in changed if one.inserted and not is_mixed(one)],
        "owners": owners,
        "owner_ids": list(owner_ids(table, owners).values()) if owners else [],
    }


def _changed(statement: Composed, parameters: dict[str, Any]) -> int:
    """Execute a statement; gives the number of rows that it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def partial_refusal(run: ImportRun) -> InvalidInput:
    """Say that a file with bad records is applied only to those who ask for the rest."""
    return InvalidInput(
        f"{run.rejected_count:,} of {run.record_count:,} records are wrong, so nothing was "
        "applied. Mend them, or apply the others with --allow-partial.",
        detail={"run": run.pk, "rejected": run.rejected_count},
    )


def _finish(run: ImportRun, named: Named, *, actor: Actor, now: datetime) -> None:
    """End the run and write the audit row."""
    state = ImportState.APPLIED_PARTIAL if run.rejected_count else ImportState.APPLIED
    move(run, state, IMPORT_TRANSITIONS, applied_mark=catalogue_mark(named), ended_at=now)
    record(
        action="import.apply",
        subject=run,
        actor=actor,
        now=now,
        after={
            "file": run.received_from,
            "sha256_hash": run.sha256,
            "changeset_hash": run.changeset_hash,
            "kinds": run.changeset["kinds"],
            "rejected": run.rejected_count,
        },
    )
