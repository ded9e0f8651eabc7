"""The metrics of imports, read from runs and sources."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Sum

from atlas.domain.states import ImportState
from atlas.registries import Family
from imports.models import ImportRun, ImportSource

_PHASES_SQL = (
    "SELECT source.name, phase.key, sum(phase.value::double precision), count(*)"
    " FROM imports_importrun run"
    " JOIN imports_importsource source ON source.id = run.source_id,"
    " LATERAL jsonb_each_text(run.seconds) AS phase(key, value)"
    " GROUP BY source.name, phase.key"
)
APPLIED = (ImportState.APPLIED, ImportState.APPLIED_PARTIAL)


def families(now: datetime) -> Iterable[Family]:
    """Read the figures of imports from their rows."""
    yield from _of_runs(now)
    yield from _of_phases()
    yield from _of_sources(now)


def _of_runs(now: datetime) -> Iterable[Family]:
    """Add the runs of each source up."""
    rows: Any = list(
        ImportRun.objects.order_by()
        .values("source__name", "state")
        .annotate(
            runs=Count("pk"),
            size=Sum("size_bytes"),
            records=Sum("record_count"),
            rejected=Sum("rejected_count"),
            errors=Sum("error_count"),
            warnings=Sum("warning_count"),
            newest=Max("ended_at"),
        )
    )
    yield Family(
        "atlas_import_runs",
        "gauge",
        "Runs by source and state.",
        ("source", "state"),
        [((row["source__name"], row["state"]), row["runs"]) for row in rows],
    )
    for name, help_text, column in (
        ("atlas_import_received_bytes", "Bytes of the files that were received.", "size"),
        ("atlas_import_records", "Records that were read.", "records"),
        ("atlas_import_rejected_records", "Records that were turned down.", "rejected"),
        ("atlas_import_errors", "Errors that were found in files.", "errors"),
        ("atlas_import_warnings", "Warnings that were found in files.", "warnings"),
    ):
        summed = _added(rows, column)
        yield Family(name, "counter", help_text, ("source",), summed)
    yield Family(
        "atlas_import_newest_applied_age_seconds",
        "gauge",
        "How long ago the newest applied run of each source was applied.",
        ("source",),
        _newest(rows, now),
    )


def _added(rows: list[dict[str, Any]], column: str) -> list[tuple[tuple[str, ...], float]]:
    """Add a column up by source."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["source__name"]] = totals.get(row["source__name"], 0) + row[column]
    return [((name,), total) for name, total in totals.items()]


def _newest(rows: list[dict[str, Any]], now: datetime) -> list[tuple[tuple[str, ...], float]]:
    """Give the age of each source's newest applied run."""
    newest: dict[str, datetime] = {}
    for row in rows:
        if row["state"] in APPLIED and row["newest"] is not None:
            name = row["source__name"]
            newest[name] = max(newest.get(name, row["newest"]), row["newest"])
    return [((name,), (now - at).total_seconds()) for name, at in newest.items()]


def _of_phases() -> Iterable[Family]:
    """Add up how long the phases took."""
    with connection.cursor() as cursor:
        cursor.execute(_PHASES_SQL)
        rows = cursor.fetchall()
    labels = ("source", "phase")
    yield Family(
        "atlas_import_phase_seconds",
        "counter",
        "Seconds that phases of imports took.",
        labels,
        [((source, phase), seconds) for source, phase, seconds, _ in rows],
    )
    yield Family(
        "atlas_import_phases",
        "counter",
        "Phases of imports that were gone through.",
        labels,
        [((source, phase), count) for source, phase, _, count in rows],
    )


def _of_sources(now: datetime) -> Iterable[Family]:
    """Tell how each source is doing."""
    sources = list(ImportSource.objects.filter(enabled=True))

    def gauge(name: str, help_text: str, read: Callable[[ImportSource], float | None]) -> Family:
        told = [(one.name, read(one)) for one in sources]
        samples = [((source,), value) for source, value in told if value is not None]
        return Family(name, "gauge", help_text, ("source",), samples)

    yield gauge(
        "atlas_import_source_arrival_age_seconds",
        "How long ago each source last brought something usable.",
        lambda one: (now - one.arrived_at).total_seconds() if one.arrived_at else None,
    )
    yield gauge(
        "atlas_import_source_expected_every_seconds",
        "How long the silence of each source may be.",
        lambda one: one.expected_every_seconds,
    )
    yield gauge(
        "atlas_import_source_look_age_seconds",
        "How long ago each source was last looked at.",
        lambda one: (now - one.looked_at).total_seconds() if one.looked_at else None,
    )
    yield gauge(
        "atlas_import_source_look_failed",
        "Whether the last look at each source failed.",
        lambda one: float(bool(one.look_failure)) if one.looked_at else None,
    )
