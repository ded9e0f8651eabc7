"""Groups: staged records counted by kind and owner."""

from django.db import connection

from imports.formats.vocabulary import Kind
from imports.models import ImportRun

_COUNTS = """
    SELECT kind, owner, count(*) FILTER (WHERE NOT is_rejected),
      count(*) FILTER (WHERE is_rejected)
    FROM imports_stagedrecord WHERE run_id = %(run)s
    GROUP BY kind, owner
"""


def staged_groups(run: ImportRun) -> dict[tuple[Kind, str], tuple[int, int]]:
    """Count the records that count and those that were rejected, by kind and owner."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"run": run.pk})
        return {(Kind(kind), owner): (good, bad) for kind, owner, good, bad in cursor.fetchall()}
