"""Digests: what a group of records is, in a few bytes, and whether the catalogue was made from it.

A group is the records of one kind and owner. It is digested while it is read, in the form in which
equal records are written alike. The catalogue remembers the digest that its rows were made from
together with the row versions that this made (`imports.row_versions`). Where both are still the
same, there is nothing to stage, to compare or to apply; where anything is different, or was never
proved, everything is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from django.db.models import QuerySet
from psycopg.sql import SQL, Composable, Composed, Literal

from imports.comparison import execute
from imports.formats.vocabulary import Kind, Mode
from imports.groups import GroupKey
from imports.models import ContentDigest, ImportRun, StagedGroup
from imports.models.digests import DIGEST_LENGTH
from imports.named import STRATEGY_KINDS
from imports.row_versions import (
    OWNED,
    of_owners_parameters,
    rows_of,
    versions_statement,
    writers_of,
)
from imports.tables import Table

DIGEST_BYTES = DIGEST_LENGTH // 2
# How records become rows is part of what a digest says: another mapping makes other digests.
_MAPPINGS = {
    table.kind: blake2b(repr(table).encode(), digest_size=DIGEST_BYTES).digest() for table in OWNED
}
_UNCHANGED = SQL(
    """
    SELECT d.owner, d.run_id FROM imports_contentdigest AS d
    JOIN unnest(%(owners)s::text[], %(digests)s::text[]) AS w (owner, digest)
      ON (w.owner, w.digest) = (d.owner, d.digest)
    JOIN ({versions}) AS v
      ON (v.owner, v.row_count, v.row_versions) = (d.owner, d.row_count, d.row_versions)
    WHERE d.kind = {kind} AND {is_all}
    """
)
_NOTE_VERSIONS = SQL(
    """
    UPDATE imports_stagedgroup AS g
    SET row_count = v.row_count, row_versions = v.row_versions
    FROM ({versions}) AS v
    WHERE g.run_id = %(run)s AND g.kind = {kind} AND g.owner = v.owner
    """
)
# The rows are exactly as many as they were plus what the change-set has brought.
_REMEMBER = SQL(
    """
    INSERT INTO imports_contentdigest
      (kind, owner, digest, records, row_count, row_versions, run_id)
    SELECT g.kind, g.owner, g.digest, g.good, v.row_count, v.row_versions, g.run_id
    FROM imports_stagedgroup AS g
    JOIN imports_changegroup AS h ON (h.run_id, h.kind, h.owner) = (g.run_id, g.kind, g.owner)
    JOIN ({versions}) AS v ON v.owner = g.owner
    WHERE g.run_id = %(run)s AND g.kind = {kind} AND g.digest <> '' AND g.same_as_id IS NULL
      AND v.row_count = g.row_count + h.inserted - h.deleted
      AND g.good BETWEEN 1 AND v.row_count
    ON CONFLICT (kind, owner) DO UPDATE SET digest = excluded.digest, records = excluded.records,
      row_count = excluded.row_count, row_versions = excluded.row_versions,
      run_id = excluded.run_id
    """
)
_OWN_WRITER = Composed(
    [SQL("UPDATE imports_importrun SET state = state WHERE id = %(run)s RETURNING xmin::text")]
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the catalogue's rows of a group were last made from."""

    digest: str
    records: int


def hasher_of(kind: Kind) -> blake2b | None:
    """Begin the digest of a group; None for parents, which are few and always looked at."""
    mapping = _MAPPINGS.get(kind)
    return None if mapping is None else blake2b(digest_size=DIGEST_BYTES, key=mapping)


def remembered() -> dict[GroupKey, Remembered]:
    """Give all digests that the catalogue remembers, whether or not they still hold."""
    known = ContentDigest.objects.values_list("kind", "owner", "digest", "records")
    return {
        (Kind(kind), owner): Remembered(digest, records)
        for kind, owner, digest, records in known.iterator()
    }


def unchanged(run_mode: str, digests: Mapping[GroupKey, str]) -> dict[GroupKey, int]:
    """Find the groups of which the catalogue holds just these records; gives the run that staged them.

    A snapshot is all there is of a strategy, so there the catalogue may not hold more either.
    """
    found: dict[GroupKey, int] = {}
    for table in OWNED:
        wanted = {owner: one for (kind, owner), one in digests.items() if kind is table.kind}
        parameters = of_owners_parameters(table, wanted)
        if parameters is None:
            continue
        is_all = run_mode == Mode.SNAPSHOT.value and table.kind in STRATEGY_KINDS
        statement = _UNCHANGED.format(
            versions=versions_statement(table),
            kind=Literal(table.kind.value),
            is_all=SQL("d.records = d.row_count") if is_all else SQL("true"),
        )
        parameters["digests"] = [wanted[owner] for owner in parameters["owners"]]
        for owner, run_id in execute(statement, parameters):
            found[table.kind, owner] = run_id
    return found


def stands(run: ImportRun) -> bool:
    """Say whether the catalogue still holds what the run did not stage for that reason."""
    repeated = StagedGroup.objects.filter(run=run, same_as__isnull=False)
    digests = {
        (Kind(kind), owner): digest
        for kind, owner, digest in repeated.values_list("kind", "owner", "digest")
    }
    return len(unchanged(run.mode, digests)) == len(digests)


def note_row_versions(run: ImportRun) -> None:
    """Note which rows the catalogue has of the run's groups, before they are compared."""
    for table in OWNED:
        _execute_for(table, run, _owners(run, table), _NOTE_VERSIONS)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The rows that a review has looked at, just before they are changed: who wrote them."""

    writers: Mapping[Kind, set[str]]


def look_again(run: ImportRun) -> Reviewed | None:
    """Make sure that the rows are those that the review has seen; None where any is not."""
    writers: dict[Kind, set[str]] = {}
    for table in OWNED:
        seen = {
            owner: (count, versions)
            for owner, count, versions in _groups(run, table)
            .exclude(row_versions="")
            .values_list("owner", "row_count", "row_versions")
        }
        now = rows_of(table, seen)
        if {owner: (rows.count, rows.versions) for owner, rows in now.items()} != seen:
            return None
        writers[table.kind] = writers_of(table, seen)
    return Reviewed(writers) if stands(run) else None


def remember(run: ImportRun, reviewed: Reviewed) -> None:
    """Remember what the catalogue's rows are made from now that the change-set is in it.

    Left out are groups that somebody else has written to meanwhile: they have other numbers of
    rows than they must have, or rows by a writer that is neither us nor known from the review.
    """
    ((own,),) = execute(_OWN_WRITER, {"run": run.pk})
    for table in OWNED:
        owners = _owners(run, table)
        mixed = _groups(run, table).exclude(row_versions="").values_list("owner", flat=True)
        if writers_of(table, set(mixed)) <= reviewed.writers[table.kind] | {own}:
            _execute_for(table, run, owners, _REMEMBER)


def _groups(run: ImportRun, table: Table) -> QuerySet[StagedGroup]:
    """Keep the groups of one kind that were staged."""
    return StagedGroup.objects.filter(run=run, kind=table.kind, same_as__isnull=True)


def _owners(run: ImportRun, table: Table) -> set[str]:
    """Name the owners of the records of one kind that were staged."""
    return set(_groups(run, table).filter(good__gt=0).values_list("owner", flat=True))


def _execute_for(table: Table, run: ImportRun, owners: set[str], statement: SQL) -> None:
    """Execute a statement about the rows of some owners, if they can have any."""
    parameters = of_owners_parameters(table, owners)
    if parameters is not None:
        kind: Composable = Literal(table.kind.value)
        composed = statement.format(versions=versions_statement(table), kind=kind)
        execute(composed, {**parameters, "run": run.pk})
