"""The catalogue as it will be: what a reviewed run brings, and what of ours it leaves in place.

Only after the comparison: that has noted which rows go.
"""

from collections.abc import Iterable

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from imports.comparison import owner_ids
from imports.formats.vocabulary import Kind
from imports.models import ImportRun
from imports.statements import (
    BEFORE,
    STAGED,
    catalogue_value_of,
    has_keys,
    of_owners,
    of_run,
    owner_column,
    value_of,
)
from imports.tables import TABLES, Table

_OURS = SQL(
    """
    SELECT o.slug AS owner, {columns}, NULL::bigint AS byte_start, NULL::bigint AS byte_length
    FROM {table} AS c JOIN {owners} AS o ON o.id = {owner_column}
    WHERE {of_owners} AND NOT EXISTS (
      SELECT FROM imports_recordchange AS h
      WHERE h.run_id = %(run)s AND h.kind = {kind} AND h.action = 'delete'
        AND h.owner = o.slug AND {deleted_keys}
    )
    """
)
_NOT_REPLACED = SQL(
    """
    AND NOT EXISTS (
      SELECT FROM imports_stagedrecord AS n
      WHERE {of_run} AND n.owner = o.slug AND {same_keys}
    )
    """
)
_THEIRS = SQL(
    """
    UNION ALL
    SELECT n.owner, {columns}, n.byte_start, n.byte_length
    FROM imports_stagedrecord AS n WHERE {of_run} AND n.owner = ANY(%(owners)s)
    """
)


def table_of(kind: Kind) -> Table:
    """Give the description of the table that records of a kind become rows of."""
    return next(table for table in TABLES if table.kind is kind)


def merged_rows(table: Table, *, has_staged: bool) -> Composed:
    """Write the rows of some owners as they will be: `owner`, the columns, and where they stand.

    Rows that stay as they are have no place in the file. `has_staged` says whether the run has any
    record of the kind at all; if not, the many of other kinds need not be looked through.
    """
    parts: list[Composable] = [
        _OURS.format(
            columns=_named(table, {one.name: catalogue_value_of(one) for one in table.columns}),
            table=Identifier(table.name),
            owners=Identifier(table.owner.table if table.owner else ""),
            owner_column=owner_column(table),
            of_owners=of_owners(table),
            kind=Literal(table.kind.value),
            deleted_keys=has_keys(table, BEFORE),
        )
    ]
    if has_staged:
        staged = {one.name: value_of(one, STAGED) for one in table.columns}
        parts += [
            _NOT_REPLACED.format(of_run=of_run(table), same_keys=has_keys(table, STAGED)),
            _THEIRS.format(columns=_named(table, staged), of_run=of_run(table)),
        ]
    return Composed(parts)


def parameters_for(run: ImportRun, table: Table, owners: Iterable[str]) -> dict[str, object]:
    """Give the parameters of `merged_rows`."""
    names = sorted(owners)
    return {
        "run": run.pk,
        "owners": names,
        "owner_ids": sorted(owner_ids(table, names).values()),
    }


def _named(table: Table, values: dict[str, Composable]) -> Composable:
    """List columns under the names that records give them."""
    return SQL(", ").join(
        SQL("{} AS {}").format(values[one.name], Identifier(one.name)) for one in table.columns
    )
