"""Samples of a change-set: a few of each kind of change, with what was and what will be."""

from collections.abc import Iterable
from typing import Any

from imports.models import ChangeGroup, ImportRun, RecordChange, StagedRecord
from imports.vocabulary import Action

SAMPLES = 3


def samples_of(run: ImportRun, changes: Iterable[ChangeGroup]) -> dict[str, dict[str, Any]]:
    """Pick the first few inserts, updates and deletes of each kind."""
    samples: dict[str, dict[str, Any]] = {}
    for change in changes:
        of_kind = samples.setdefault(change.kind, {})
        if change.inserted and Action.INSERT not in of_kind:
            of_kind[Action.INSERT] = _inserts(run, change)
        if change.updated and Action.UPDATE not in of_kind:
            of_kind[Action.UPDATE] = _noted(run, change, Action.UPDATE)
        if change.deleted and Action.DELETE not in of_kind:
            of_kind[Action.DELETE] = _noted(run, change, Action.DELETE)
    return samples


def _inserts(run: ImportRun, change: ChangeGroup) -> list[dict[str, Any]]:
    """Show new records; a group that only inserts has them all in staging."""
    if change.unchanged or change.updated:
        return _noted(run, change, Action.INSERT)
    staged = StagedRecord.objects.filter(
        run=run, kind=change.kind, owner=change.owner, is_rejected=False
    ).order_by("ordinal")
    return [{"owner": one.owner, "key": one.key, "after": one.content} for one in staged[:SAMPLES]]


def _noted(run: ImportRun, change: ChangeGroup, action: Action) -> list[dict[str, Any]]:
    """Show changes that were written down one by one."""
    noted = list(
        RecordChange.objects.filter(
            run=run, kind=change.kind, owner=change.owner, action=action
        ).order_by("pk")[:SAMPLES]
    )
    ordinals = [one.ordinal for one in noted if one.ordinal is not None]
    staged = StagedRecord.objects.filter(run=run, kind=change.kind, ordinal__in=ordinals)
    after = dict(staged.values_list("ordinal", "content"))
    return [
        {
            "owner": one.owner,
            "key": one.key,
            "before": one.before,
            "after": after.get(one.ordinal) if one.ordinal else None,
        }
        for one in noted
    ]
