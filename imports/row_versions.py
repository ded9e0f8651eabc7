"""Row versions: which very rows of the catalogue an owner has, told without looking into them.

The database names each version of a row by the transaction that wrote it (`xmin`) and by its place
(`ctid`). Whoever changes a row, by whatever way, makes another version of it; so two equal tellings
are about the same rows with the same values. A restored or rewritten table tells something else,
which costs a comparison and nothing more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Composed, Identifier

from imports.comparison import execute, owner_ids
from imports.statements import has_owner_row, of_owners, owner_column
from imports.tables import TABLES, Table

OWNED = tuple(table for table in TABLES if table.owner is not None)
_VERSIONS = SQL(
    """
    SELECT {owner} AS owner, sum(s.counted)::bigint AS row_count,
      md5(string_agg(concat_ws(':', s.writer::text, s.counted, s.places), ','
        ORDER BY s.writer::text)) AS row_versions
    FROM (
        SELECT {owner_column} AS owner, c.xmin AS writer, count(*) AS counted,
          bit_xor(hashtidextended(c.ctid, 0)) AS places
        FROM {table} AS c WHERE {of_owners} GROUP BY {owner_column}, c.xmin
    ) AS s {owner_join}
    GROUP BY {owner}
    """
)
_WRITERS = SQL("SELECT c.xmin::text FROM {table} AS c WHERE {of_owners} GROUP BY c.xmin")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that an owner has in a table: how many, and which versions of them."""

    count: int
    versions: str


def versions_statement(table: Table) -> Composed:
    """Give owner, `row_count` and `row_versions` of the owners that have rows."""
    owner: Composable = SQL("s.owner")
    join: Composable = SQL("")
    if table.owner is not None and table.owner.table:
        owner = SQL("o.slug")
        join = SQL("JOIN {} AS o ON o.id = s.owner").format(Identifier(table.owner.table))
    return _VERSIONS.format(
        owner=owner,
        owner_column=owner_column(table),
        table=Identifier(table.name),
        of_owners=of_owners(table),
        owner_join=join,
    )


def of_owners_parameters(table: Table, owners: Collection[str]) -> dict[str, Any] | None:
    """Give what narrows a statement to some owners; None where none of them can have rows."""
    ids = owner_ids(table, owners) if owners else {}
    if not owners or (has_owner_row(table) and not ids):
        return None
    return {"owners": sorted(owners), "owner_ids": sorted(ids.values())}


def rows_of(table: Table, owners: Collection[str]) -> dict[str, Rows]:
    """Tell which rows owners have; those without any are left out."""
    parameters = of_owners_parameters(table, owners)
    if parameters is None:
        return {}
    found = execute(versions_statement(table), parameters)
    return {owner: Rows(count, versions) for owner, count, versions in found}


def writers_of(table: Table, owners: Collection[str]) -> set[str]:
    """Name the transactions that wrote the rows of some owners."""
    parameters = of_owners_parameters(table, owners)
    if parameters is None:
        return set()
    statement = _WRITERS.format(table=Identifier(table.name), of_owners=of_owners(table))
    return {writer for (writer,) in execute(statement, parameters)}
