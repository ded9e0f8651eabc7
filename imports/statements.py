"""Statements: the SQL by which staged records and the catalogue are compared and changed.

Every statement is built from the descriptions in `imports.tables`, names quoted by the driver.
Parameters: `run`, `now` where rows are made, `owners` (names) and `owner_ids` where they narrow,
`new` (names) where only owners count of whom the catalogue had nothing.
Aliases: `n` a staged record, `c` a row of the catalogue, `o` the owner's row, `h` a recorded
change, `g` a group of changes.
"""

from typing import LiteralString

from psycopg.sql import SQL, Composable, Identifier, Literal

from imports.tables import Column, Table

STAGED: LiteralString = "n.content"
BEFORE: LiteralString = "h.before"
GUESSED_VALUES = 200  # as many different values as a column without statistics is taken to have


def value_of(column: Column, json: LiteralString) -> Composable:
    """Take a column's value out of a record's JSON, in the type of the catalogue."""
    read = SQL(column.read).format(json=SQL(json), name=Literal(column.name))
    return SQL("({})::{}").format(read, SQL(column.type))


def stored_value_of(column: Column, json: LiteralString) -> Composable:
    """Take a column's value out of a record's JSON as the catalogue stores it: names become ids."""
    if not column.refers_to:
        return value_of(column, json)
    table = Identifier(column.refers_to)
    return SQL("(SELECT f.id FROM {} AS f WHERE f.slug = {})").format(table, value_of(column, json))


def catalogue_value_of(column: Column) -> Composable:
    """Take a column's value from the catalogue, comparable with a record's: ids become names."""
    stored = SQL("c.{}").format(Identifier(column.stored_as))
    if not column.refers_to:
        return stored
    table = Identifier(column.refers_to)
    return SQL("(SELECT f.slug FROM {} AS f WHERE f.id = {})").format(table, stored)


def has_owner_row(table: Table) -> bool:
    """Say whether rows know their owner by the id of a row, not by its name."""
    return table.owner is not None and bool(table.owner.table)


def owner_join(table: Table, owner: LiteralString) -> Composable:
    """Join the owner's row, where there is one."""
    if table.owner is None or not table.owner.table:
        return SQL("")
    return SQL("JOIN {} AS o ON o.slug = {}").format(Identifier(table.owner.table), SQL(owner))


def owner_column(table: Table) -> Composable:
    """Name the column that says whose a row is."""
    return SQL("c.{}").format(Identifier(table.owner.column if table.owner else ""))


def has_keys(table: Table, json: LiteralString) -> Composable:
    """Say that a row of the catalogue has the keys of a record."""
    return SQL(" AND ").join(
        SQL("{} = {}").format(catalogue_value_of(key), value_of(key, json)) for key in table.keys
    )


def is_same(table: Table, json: LiteralString, owner: LiteralString) -> Composable:
    """Say that a row of the catalogue is the one that a record names."""
    if table.owner is None:
        return has_keys(table, json)
    named = SQL("o.id") if has_owner_row(table) else SQL(owner)
    return SQL("{} = {} AND {}").format(owner_column(table), named, has_keys(table, json))


def is_different(table: Table, json: LiteralString) -> Composable:
    """Say that a row of the catalogue holds other values than a record."""
    ours = SQL(", ").join(catalogue_value_of(column) for column in table.values)
    theirs = SQL(", ").join(value_of(column, json) for column in table.values)
    return SQL("(ROW({}) IS DISTINCT FROM ROW({}))").format(ours, theirs)


def as_json(table: Table) -> Composable:
    """Write a row of the catalogue as the JSON of a record."""
    pairs = [
        SQL("{}, {}").format(Literal(column.name), catalogue_value_of(column))
        for column in table.columns
    ]
    return SQL("jsonb_build_object({})").format(SQL(", ").join(pairs))


def key_text(table: Table) -> Composable:
    """Write the keys of a row of the catalogue as a record's key is written."""
    parts = [
        SQL("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')").format(
            catalogue_value_of(key)
        )
        if key.type == "timestamptz"
        else catalogue_value_of(key)
        for key in table.keys
    ]
    return SQL("concat_ws(' ', {})").format(SQL(", ").join(parts))


def of_run(table: Table) -> Composable:
    """Say that a staged record is of the run and the table's kind, and counts.

    What was just staged has no statistics, and by its guess for one equality the planner expects a
    single row where hundreds of thousands are. A list of the same value over and over finds what
    an equality finds, and is expected to find everything.
    """
    return SQL(
        "n.run_id = %(run)s AND n.kind = ANY(array_fill({}::text, ARRAY[{}])) AND NOT n.is_rejected"
    ).format(Literal(table.kind.value), Literal(GUESSED_VALUES))


def of_owners(table: Table) -> Composable:
    """Narrow rows of the catalogue to the owners at hand, so that an index finds them."""
    if table.owner is None:
        return SQL("true")
    names = SQL("%(owner_ids)s") if has_owner_row(table) else SQL("%(owners)s")
    return SQL("{} = ANY({})").format(owner_column(table), names)
