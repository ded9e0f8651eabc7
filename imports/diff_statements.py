"""The statements that compare staged records with the catalogue and note what would change."""

from psycopg.sql import SQL, Composed, Identifier, Literal

from imports.statements import (
    STAGED,
    as_json,
    has_keys,
    is_different,
    is_same,
    key_text,
    of_owners,
    of_run,
    owner_column,
    owner_join,
)
from imports.tables import Table

# Every row that both sides have is visited once; only those that differ are written down.
_COMPARE = SQL(
    """
    WITH matched AS MATERIALIZED (
        SELECT n.ordinal, n.owner, n.key, CASE WHEN {different} THEN {json} END AS before
        FROM imports_stagedrecord AS n {owner_join} JOIN {table} AS c ON {same}
        WHERE {of_run} AND {of_owners}
    ), noted AS (
        INSERT INTO imports_recordchange (run_id, kind, action, owner, key, ordinal, before)
        SELECT %(run)s, {kind}, 'update', owner, key, ordinal, before
        FROM matched WHERE before IS NOT NULL ORDER BY ordinal
    )
    SELECT owner, count(*), count(before) FROM matched GROUP BY owner
    """
)
_NOTE_INSERTS = SQL(
    """
    INSERT INTO imports_recordchange (run_id, kind, action, owner, key, ordinal)
    SELECT %(run)s, {kind}, 'insert', n.owner, n.key, n.ordinal
    FROM imports_stagedrecord AS n {owner_join}
    WHERE {of_run} AND n.owner = ANY(%(mixed)s)
      AND NOT EXISTS (SELECT FROM {table} AS c WHERE {same} AND {of_owners})
    ORDER BY n.ordinal
    """
)
_COUNT_ROWS = SQL(
    "SELECT o.slug, count(*) FROM {table} AS c JOIN {owners} AS o ON o.id = {owner_column}"
    " WHERE {of_owners} GROUP BY o.slug"
)
_NOTE_DELETES = SQL(
    """
    INSERT INTO imports_recordchange (run_id, kind, action, owner, key, before)
    SELECT %(run)s, {kind}, 'delete', o.slug, {key}, {json}
    FROM {table} AS c JOIN {owners} AS o ON o.id = {owner_column}
    WHERE {of_owners}
      AND NOT EXISTS (
        SELECT FROM imports_stagedrecord AS n
        WHERE {of_run} AND n.owner = o.slug AND {same_keys})
    ORDER BY o.slug, {key}
    """
)
# The order of rows does not matter to a sum and an exclusive or, so nothing need be sorted.
DIGEST_CHANGES = """
    SELECT count(*), sum(h)::text, bit_xor(h) FROM (
        SELECT hashtextextended(
            concat_ws(chr(31), kind, action, owner, key, ordinal::text, before::text), 0) AS h
        FROM imports_recordchange WHERE run_id = %(run)s
    ) AS hashed
"""


def compare(table: Table) -> Composed:
    """Note updates; gives owner, rows that both sides have, and those that differ."""
    return _COMPARE.format(
        different=is_different(table, STAGED),
        json=as_json(table),
        owner_join=owner_join(table, "n.owner"),
        table=Identifier(table.name),
        same=is_same(table, STAGED, "n.owner"),
        of_run=of_run(table),
        of_owners=of_owners(table),
        kind=Literal(table.kind.value),
    )


def note_inserts(table: Table) -> Composed:
    """Note the new records of owners (`mixed`) of which the catalogue has some already."""
    return _NOTE_INSERTS.format(
        kind=Literal(table.kind.value),
        owner_join=owner_join(table, "n.owner"),
        of_run=of_run(table),
        of_owners=of_owners(table),
        table=Identifier(table.name),
        same=is_same(table, STAGED, "n.owner"),
    )


def count_rows(table: Table) -> Composed:
    """Count the rows that owners have in the catalogue."""
    return _COUNT_ROWS.format(
        table=Identifier(table.name),
        owners=Identifier(table.owner.table if table.owner else ""),
        owner_column=owner_column(table),
        of_owners=of_owners(table),
    )


def note_deletes(table: Table) -> Composed:
    """Note the rows of owners that no record speaks of."""
    return _NOTE_DELETES.format(
        kind=Literal(table.kind.value),
        key=key_text(table),
        json=as_json(table),
        table=Identifier(table.name),
        owners=Identifier(table.owner.table if table.owner else ""),
        owner_column=owner_column(table),
        of_owners=of_owners(table),
        of_run=of_run(table),
        same_keys=has_keys(table, STAGED),
    )
