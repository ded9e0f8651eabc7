"""Importing in tests: a store of its own, files from memory, and the catalogue as plain values."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from atlas.audit import Actor
from imports.models import ImportRun
from imports.pipeline import Outcome, Wish, import_file
from imports.sources import Incoming
from imports.storage import ContentStore
from imports.vocabulary import SourceKind

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ACTOR = Actor.system("tests")
CORE_TABLES = (
    "strategies_benchmark",
    "strategies_strategy",
    "onchain_vault",
    "strategies_performancepoint",
    "strategies_vaultperformancepoint",
    "strategies_benchmarkpoint",
    "strategies_holding",
    "strategies_importedtrade",
    "strategies_reportclaim",
    "strategies_metricssnapshot",
    "strategies_catalogueversion",
)
# What changes with every change, or names a row for the database alone.
_SURROGATES = {"id", "data_version", "version", "updated_at", "created_at"}


@dataclass
class World:
    """An installation as far as imports need one."""

    store: ContentStore

    def bring(
        self, content: Any, *, now: datetime = NOW, name: str = "export.json", **wish: Any
    ) -> Outcome:
        """Import a document or bytes."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        incoming = Incoming(io.BytesIO(data), name, SourceKind.FILE)
        return import_file(incoming, Wish(**wish), store=self.store, actor=ACTOR, now=now)

    def run(self, content: Any, **options: Any) -> ImportRun:
        """Import and give the run."""
        return self.bring(content, **options).run


def issues_of(run: ImportRun) -> list[tuple[str, str]]:
    """Give the issues of a run as severity and code."""
    return list(run.issues.values_list("severity", "code"))


def kinds_of(run: ImportRun) -> dict[str, tuple[int, int, int, int]]:
    """Give what a run changes: inserted, updated, unchanged, deleted by kind."""
    names = ("insert", "update", "unchanged", "delete")
    kinds = run.changeset["kinds"]
    return {kind: tuple(counts[name] for name in names) for kind, counts in kinds.items()}


def catalogue() -> dict[str, list[str]]:
    """Give every row of the catalogue as text, without what names it for the database alone."""
    found = {}
    with connection.cursor() as cursor:
        slugs = _slugs(cursor)
        for table in CORE_TABLES:
            cursor.execute(f"SELECT * FROM {table}")
            columns = [column.name for column in cursor.description]
            found[table] = sorted(
                str(
                    {
                        n: slugs.get(n, {}).get(v, v)
                        for n, v in zip(columns, row, strict=True)
                        if n not in _SURROGATES
                    }
                )
                for row in cursor.fetchall()
            )
    del found["strategies_catalogueversion"]
    return found


def row_versions() -> dict[str, list[tuple[Any, ...]]]:
    """Give the physical version of every row of the catalogue; any write changes it."""
    found = {}
    with connection.cursor() as cursor:
        for table in CORE_TABLES:
            cursor.execute(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def _slugs(cursor: Any) -> dict[str, dict[Any, str]]:
    """Give names for ids, by the column that holds them."""
    cursor.execute("SELECT id, slug FROM strategies_strategy")
    strategies = dict(cursor.fetchall())
    cursor.execute("SELECT id, slug FROM strategies_benchmark")
    return {"strategy_id": strategies, "benchmark_id": dict(cursor.fetchall())}
