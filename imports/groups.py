"""Groups: staged records counted by kind and owner."""

from collections.abc import Iterable, Mapping

from django.db import connection

from imports.formats.vocabulary import Kind
from imports.models import ImportRun, StagedGroup

GroupKey = tuple[Kind, str]
Groups = Mapping[GroupKey, tuple[int, int]]
_COUNTS = """
    SELECT kind, owner, count(*) FILTER (WHERE NOT is_rejected),
      count(*) FILTER (WHERE is_rejected)
    FROM imports_stagedrecord WHERE run_id = %(run)s
    GROUP BY kind, owner
"""
_COPY_SQL = (
    "COPY imports_stagedgroup (run_id, kind, owner, good, rejected, digest, same_as_id,"
    " row_count, row_versions) FROM STDIN"
)


def counted_groups(run: ImportRun) -> dict[GroupKey, tuple[int, int]]:
    """Count the staged records that count and those that were rejected, by kind and owner."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"run": run.pk})
        return {(Kind(kind), owner): (good, bad) for kind, owner, good, bad in cursor.fetchall()}


def staged_groups(run: ImportRun) -> dict[GroupKey, tuple[int, int]]:
    """Give the counts as staging noted them, those of records among them that an earlier run staged.

    Runs of a time when nothing was noted are counted.
    """
    noted = StagedGroup.objects.filter(run=run)
    return {
        (Kind(kind), owner): (good, bad)
        for kind, owner, good, bad in noted.values_list("kind", "owner", "good", "rejected")
    } or counted_groups(run)


def repeated_groups(run: ImportRun) -> dict[GroupKey, int]:
    """Give the number of records of the groups that were not staged because nothing has changed."""
    repeated = StagedGroup.objects.filter(run=run, same_as__isnull=False)
    return {
        (Kind(kind), owner): good
        for kind, owner, good in repeated.values_list("kind", "owner", "good")
    }


def save_groups(groups: Iterable[StagedGroup]) -> None:
    """Write groups, in the caller's transaction."""
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(_COPY_SQL) as copy,
    ):
        for one in groups:
            copy.write_row(
                (
                    one.run_id,
                    one.kind,
                    one.owner,
                    one.good,
                    one.rejected,
                    one.digest,
                    one.same_as_id,
                    one.row_count,
                    one.row_versions,
                )
            )
