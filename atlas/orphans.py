"""Rows whose parent is gone, in tables that have no foreign key in the database.

The large series tables trade the key's check on every row for speed. A guard at the parent keeps
rows from being orphaned; this look, once a night, tells whether the guard was passed by.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from django.apps import apps
from django.db import connection, models

from atlas.alert_codes import ORPHANS
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor, record
from atlas.models import Alert

log = structlog.get_logger(__name__)

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Orphans:
    """Parents that children of one table name although they are not there."""

    child: str
    parent: str
    missing: int
    sample: tuple[str, ...]


def find_orphans() -> list[Orphans]:
    """Look through every table whose parent the database does not check.

    Reads the distinct parents of a table through its index; no row is locked.
    """
    found = [_orphans_of(child, key) for child, key in unchecked_keys()]
    return [one for one in found if one is not None]


def unchecked_keys() -> Iterator[tuple[type[models.Model], "models.ForeignKey[models.Model]"]]:
    """Give every foreign key that exists in the models alone, with its table."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey) and not getattr(field, "db_constraint", True):
                yield model, field


def report_orphans(*, now: datetime) -> list[Orphans]:
    """Look, and leave an audit row, a log line and an alert for each table with orphans.

    The alert about a table ends by itself once a look finds none there.
    """
    found = find_orphans()
    _tell(found, now=now)
    for one in found:
        log.error("orphans_found", **asdict(one))
        record(
            action="series.orphans",
            subject=("table", one.child),
            actor=Actor.system("orphan check"),
            now=now,
            after=asdict(one),
            reason=f"{one.missing} parents in {one.parent} are gone",
        )
    return found


def _tell(found: list[Orphans], *, now: datetime) -> None:
    """Raise an alert for each table with orphans, and end those of tables without."""
    for one in found:
        raise_alert(
            ORPHANS,
            subject=("table", one.child),
            key=one.child,
            message=(
                f"Rows of {one.child} name {one.missing} rows of {one.parent} that are gone, "
                f"such as {', '.join(one.sample)}."
            ),
            now=now,
        )
    told = Alert.objects.unresolved().filter(rule=ORPHANS).values_list("dedupe_key", flat=True)
    for table in set(told) - {one.child for one in found}:
        resolve_by_itself(
            ORPHANS,
            subject=("table", table),
            key=table,
            reason="no row is without its parent any more",
            actor=Actor.system("orphan check"),
            now=now,
        )


def _orphans_of(
    child: type[models.Model], key: "models.ForeignKey[models.Model]"
) -> Orphans | None:
    """Count the parents that are named and not there; None where all are."""
    parent = key.remote_field.model
    quote = connection.ops.quote_name
    statement = (
        # The names come from the models, never from a caller.
        f"SELECT named.parent FROM (SELECT DISTINCT {quote(str(key.column))} AS parent "  # noqa: S608
        f"FROM {quote(child._meta.db_table)}) AS named "
        f"WHERE named.parent IS NOT NULL AND NOT EXISTS (SELECT FROM "
        f"{quote(parent._meta.db_table)} AS there "
        f"WHERE there.{quote(str(key.target_field.column))} = named.parent) ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        gone = [str(row[0]) for row in cursor.fetchall()]
    if not gone:
        return None
    return Orphans(child._meta.label, parent._meta.label, len(gone), tuple(gone[:SAMPLE]))
