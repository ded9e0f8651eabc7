"""The change-set: what a staged file would change in the catalogue, worked out once.

It is a diff and not a rehearsal: nothing of the catalogue is touched. What it holds is hashed, and
exactly that is applied later, or nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from atlas.domain.digest import digest
from atlas.domain.states import IMPORT_TRANSITIONS, ImportState
from atlas.transitions import move
from imports.change_samples import samples_of
from imports.claims import note_claims
from imports.comparison import Comparison
from imports.diff_statements import DIGEST_CHANGES
from imports.digests import note_row_versions, stands
from imports.groups import repeated_groups, staged_groups
from imports.models import ChangeGroup, ImportRun
from imports.moved import moved
from imports.named import catalogue_mark, named_in
from imports.phases import locked_run, long_statements, phase
from imports.progress import advance
from imports.tables import TABLES

HASH_LABEL = "atlas/import-changeset/1"


def review(run: ImportRun, *, now: datetime) -> ImportRun:
    """Work out the change-set of a staged run and store it with its hash.

    Raises ConflictingState where the run is no longer STAGED, CatalogueMoved where the catalogue
    no longer holds what was left unstaged because it did.
    """
    with phase(run, "review"), transaction.atomic():
        long_statements()
        locked_run(run, ImportState.STAGED)
        groups = staged_groups(run)
        named = named_in(run, groups)
        note_row_versions(run)
        if not stands(run):
            raise moved(run)
        comparison = Comparison(run, groups, repeated_groups(run), named)
        changes = []
        for number, table in enumerate(TABLES, 1):
            changes += comparison.of_kind(table)
            advance(run.pk, number, len(TABLES))
        ChangeGroup.objects.bulk_create(changes, batch_size=2_000)
        note_claims(run, groups)
        move(
            run,
            ImportState.REVIEWED,
            IMPORT_TRANSITIONS,
            changeset={"kinds": totals_of(changes), "samples": samples_of(run, changes)},
            changeset_hash=_hash_of(run, changes),
            catalogue_mark=catalogue_mark(named),
            warning_count=run.warning_count,
            reviewed_at=now,
        )
    return run


def totals_of(changes: Iterable[ChangeGroup]) -> dict[str, dict[str, int]]:
    """Add the groups up by kind."""
    totals: dict[str, dict[str, int]] = {}
    for change in changes:
        total = totals.setdefault(
            change.kind, {"insert": 0, "update": 0, "unchanged": 0, "delete": 0}
        )
        total["insert"] += change.inserted
        total["update"] += change.updated
        total["unchanged"] += change.unchanged
        total["delete"] += change.deleted
    return totals


def _hash_of(run: ImportRun, changes: Iterable[ChangeGroup]) -> str:
    """Name the change-set: the file's bytes, what of them counts, and every row that would change."""
    with connection.cursor() as cursor:
        cursor.execute(DIGEST_CHANGES, {"run": run.pk})
        rows: Any = cursor.fetchone()
    groups = [
        (one.kind, one.owner, one.inserted, one.updated, one.unchanged, one.deleted)
        for one in changes
    ]
    return digest(
        {
            "file": run.sha256,
            "format": run.format,
            "rejected": run.rejected_count,
            "groups": groups,
            "changes": list(rows),
        },
        label=HASH_LABEL,
    )
