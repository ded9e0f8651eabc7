"""The statements that carry a change-set into the catalogue, and those that take it out again.

Each changes a row only while it still is what the change-set says it was; the caller compares the
number of rows with what was reviewed and gives everything up where they differ.
"""

from typing import LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from imports.statements import (
    BEFORE,
    STAGED,
    as_json,
    is_different,
    is_same,
    of_owners,
    of_run,
    owner_join,
    stored_value_of,
)
from imports.tables import Table

# Records of owners of whom the catalogue had none of the kind, and records noted one by one.
_STAGED_RECORDS = SQL("imports_stagedrecord AS n")
_OF_NEW_OWNERS = SQL("n.owner = ANY(%(new)s)")
_NOTED_STAGED: LiteralString = (
    "imports_stagedrecord AS n JOIN imports_recordchange AS h"
    " ON (h.run_id, h.kind, h.ordinal) = (n.run_id, n.kind, n.ordinal) AND h.action = {action}"
)
_INSERT = SQL(
    "INSERT INTO {table} ({columns}) SELECT {values} FROM {source} {owner_join} WHERE {which}"
)
_UPDATE = SQL(
    "UPDATE {table} AS c SET {assignments} FROM {source} {owner_join}"
    " WHERE {which} AND {of_owners} AND {same} AND {as_expected}"
)
_DELETE = SQL(
    "DELETE FROM {table} AS c USING {source} {owner_join}"
    " WHERE {which} AND {of_owners} AND {same} AND {as_expected}"
)


def insert_new(table: Table) -> Composed:
    """Insert the records of owners of which the catalogue has none of this kind."""
    return _insert(table, _STAGED_RECORDS, STAGED, "n.owner", _of_new_owners(table))


def insert_noted(table: Table) -> Composed:
    """Insert the new records of owners of which the catalogue has others."""
    return _insert(table, _noted_staged("insert"), STAGED, "n.owner", of_run(table))


def update_noted(table: Table) -> Composed:
    """Bring rows that differ to what the file says."""
    return _UPDATE.format(
        table=Identifier(table.name),
        assignments=_assignments(table, STAGED),
        source=_noted_staged("update"),
        owner_join=owner_join(table, "n.owner"),
        which=of_run(table),
        of_owners=of_owners(table),
        same=is_same(table, STAGED, "n.owner"),
        as_expected=_is_as_before(table),
    )


def delete_noted(table: Table) -> Composed:
    """Delete the rows that a snapshot no longer has."""
    return _DELETE.format(
        table=Identifier(table.name),
        source=SQL("imports_recordchange AS h"),
        owner_join=owner_join(table, "h.owner"),
        which=_noted(table, "delete"),
        of_owners=of_owners(table),
        same=is_same(table, BEFORE, "h.owner"),
        as_expected=_is_as_before(table),
    )


def remove_new(table: Table) -> Composed:
    """Take back what `insert_new` brought."""
    return _remove(table, _STAGED_RECORDS, _of_new_owners(table))


def remove_noted(table: Table) -> Composed:
    """Take back what `insert_noted` brought."""
    return _remove(table, _noted_staged("insert"), of_run(table))


def restore_updated(table: Table) -> Composed:
    """Bring rows that were updated back to what they were."""
    return _UPDATE.format(
        table=Identifier(table.name),
        assignments=_assignments(table, BEFORE),
        source=_noted_staged("update"),
        owner_join=owner_join(table, "n.owner"),
        which=of_run(table),
        of_owners=of_owners(table),
        same=is_same(table, STAGED, "n.owner"),
        as_expected=SQL("NOT {}").format(is_different(table, STAGED)),
    )


def restore_deleted(table: Table) -> Composed:
    """Bring rows back that were deleted."""
    source = SQL("imports_recordchange AS h")
    return _insert(table, source, BEFORE, "h.owner", _noted(table, "delete"))


def _remove(table: Table, source: Composable, which: Composable) -> Composed:
    """Delete rows that are what staged records made them."""
    return _DELETE.format(
        table=Identifier(table.name),
        source=source,
        owner_join=owner_join(table, "n.owner"),
        which=which,
        of_owners=of_owners(table),
        same=is_same(table, STAGED, "n.owner"),
        as_expected=SQL("NOT {}").format(is_different(table, STAGED)),
    )


def _insert(
    table: Table,
    source: Composable,
    json: LiteralString,
    owner: LiteralString,
    which: Composable,
) -> Composed:
    """Insert rows made of records."""
    columns = [Identifier(column.stored_as) for column in table.columns]
    values = [stored_value_of(column, json) for column in table.columns]
    if table.owner is not None:
        columns.append(Identifier(table.owner.column))
        values.append(SQL("o.id") if table.owner.table else SQL(owner))
    columns += [Identifier(name) for name in table.fixed]
    values += [SQL(value) for value in table.fixed.values()]
    return _INSERT.format(
        table=Identifier(table.name),
        columns=SQL(", ").join(columns),
        values=SQL(", ").join(values),
        source=source,
        owner_join=owner_join(table, owner),
        which=which,
    )


def _assignments(table: Table, json: LiteralString) -> Composable:
    """Set the values of a row, and the time of its last change if it has one."""
    assignments: list[Composable] = [
        SQL("{} = {}").format(Identifier(column.stored_as), stored_value_of(column, json))
        for column in table.values
    ]
    if table.touched:
        assignments.append(SQL("{} = %(now)s").format(Identifier(table.touched)))
    return SQL(", ").join(assignments)


def _is_as_before(table: Table) -> Composable:
    """Say that a row is what the review saw.

    Not as an equality, for the planner would join by it and write every row of the table as JSON.
    """
    return SQL("({} IS NOT DISTINCT FROM h.before)").format(as_json(table))


def _of_new_owners(table: Table) -> Composable:
    """Say that a staged record counts, and is of an owner of whom there was none of the kind."""
    return SQL("{} AND {}").format(of_run(table), _OF_NEW_OWNERS)


def _noted(table: Table, action: LiteralString) -> Composable:
    """Say that a recorded change is of the run, the table's kind and the action."""
    return SQL("h.run_id = %(run)s AND h.kind = {} AND h.action = {}").format(
        Literal(table.kind.value), Literal(action)
    )


def _noted_staged(action: LiteralString) -> Composable:
    """Join staged records with the changes of one action that were noted of them."""
    return SQL(_NOTED_STAGED).format(action=Literal(action))
