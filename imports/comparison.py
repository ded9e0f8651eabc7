"""Comparing staged records with the catalogue, kind by kind and owner by owner."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composed, Identifier

from imports import diff_statements
from imports.formats.vocabulary import Kind, Mode
from imports.groups import GroupKey, Groups
from imports.models import ChangeGroup, ImportRun
from imports.named import STRATEGY_KINDS, Named
from imports.statements import has_owner_row
from imports.tables import Table

_OWNER_IDS = SQL("SELECT slug, id FROM {} WHERE slug = ANY(%(owners)s)")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run's records, counted by kind and owner, against the catalogue.

    `repeated` are the groups that were not staged because the catalogue has just these records.
    """

    run: ImportRun
    groups: Groups
    repeated: Mapping[GroupKey, int]
    named: Named

    def of_kind(self, table: Table) -> list[ChangeGroup]:
        """Note what changes in one table; gives a group for each owner."""
        repeated = {owner: n for (kind, owner), n in self.repeated.items() if kind is table.kind}
        staged = {
            owner: good
            for (kind, owner), (good, _) in self.groups.items()
            if kind is table.kind and good and owner not in repeated
        }
        complete = self._complete_owners(table) - repeated.keys()
        changes = self._compared(table, staged, complete) if staged or complete else []
        changes += [self._group(table, owner, n, (n, 0), {}) for owner, n in repeated.items()]
        return sorted(changes, key=lambda change: change.owner)

    def _compared(
        self, table: Table, staged: Mapping[str, int], complete: Collection[str]
    ) -> list[ChangeGroup]:
        """Compare what was staged of some owners; of `complete` ones nothing else is to stay."""
        parameters = self._parameters(table, {*staged, *complete})
        known = self._matches(table, parameters)
        mixed = [owner for owner, good in staged.items() if 0 < known.get(owner, (0, 0))[0] < good]
        if mixed:
            execute(diff_statements.note_inserts(table), {**parameters, "mixed": mixed})
        deleted = self._note_deletes(table, complete, known)
        return [
            self._group(table, owner, staged.get(owner, 0), known.get(owner, (0, 0)), deleted)
            for owner in staged.keys() | deleted.keys()
        ]

    def _matches(self, table: Table, parameters: dict[str, Any]) -> dict[str, tuple[int, int]]:
        """Note updates; gives how many rows both sides have and how many of them differ."""
        if has_owner_row(table) and not parameters["owner_ids"]:
            return {}  # all owners are new, so nothing of theirs can be there
        rows = execute(diff_statements.compare(table), parameters)
        return {owner: (both, differing) for owner, both, differing in rows}

    def _complete_owners(self, table: Table) -> set[str]:
        """Give the strategies of which the file says all there is, so that what it lacks is gone.

        Where any record of theirs could not be taken, nothing is: it may be the very row that
        would be missed.
        """
        if self.run.mode != Mode.SNAPSHOT.value or table.kind not in STRATEGY_KINDS:
            return set()
        doubtful = {
            owner
            for (kind, owner), (_, bad) in self.groups.items()
            if bad and kind in (table.kind, Kind.UNKNOWN)
        }
        return set() if "" in doubtful else self.named.stated - doubtful

    def _note_deletes(
        self, table: Table, complete: Collection[str], known: dict[str, tuple[int, int]]
    ) -> dict[str, int]:
        """Note the rows that are gone; gives their number by owner."""
        if not complete:
            return {}
        parameters = self._parameters(table, complete)
        counted = dict(execute(diff_statements.count_rows(table), parameters))
        shrunk = {
            owner: count - known.get(owner, (0, 0))[0]
            for owner, count in counted.items()
            if count > known.get(owner, (0, 0))[0]
        }
        if shrunk:
            execute(diff_statements.note_deletes(table), self._parameters(table, shrunk))
        return shrunk

    def _parameters(self, table: Table, owners: Collection[str]) -> dict[str, Any]:
        """Give a statement's parameters: the run, the owners, and their ids if they have any."""
        ids = owner_ids(table, owners)
        return {"run": self.run.pk, "owners": sorted(owners), "owner_ids": sorted(ids.values())}

    def _group(
        self,
        table: Table,
        owner: str,
        staged: int,
        known: tuple[int, int],
        deleted: dict[str, int],
    ) -> ChangeGroup:
        """Make the group of one owner from what is staged, what is known and what is gone."""
        both, differing = known
        return ChangeGroup(
            run=self.run,
            kind=table.kind,
            owner=owner,
            inserted=staged - both,
            updated=differing,
            unchanged=both - differing,
            deleted=deleted.get(owner, 0),
        )


def owner_ids(table: Table, owners: Collection[str]) -> dict[str, int]:
    """Give the ids of those owners that have a row in the catalogue."""
    if table.owner is None or not table.owner.table:
        return {}
    statement = _OWNER_IDS.format(Identifier(table.owner.table))
    return dict(execute(statement, {"owners": sorted(owners)}))


def execute(statement: Composed, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement; gives its rows, none where it has no result."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
