"""An installation for the benchmark of imports: a database that can be emptied, a store, a clock."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from atlas.audit import Actor
from atlas.domain.states import ImportState
from benchmarks.frame import tell
from benchmarks.imports_yardsticks import SERIES
from imports.apply import apply
from imports.models import ImportRun
from imports.pipeline import Outcome, Wish, import_file
from imports.sources import Incoming
from imports.storage import ContentStore
from imports.vocabulary import SourceKind

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ACTOR = Actor.system("benchmark")
# Emptied between imports; what refers to any of them is emptied with it.
EMPTIED = (
    "imports_importrun",
    "imports_stagedrecord",
    "strategies_strategy",
    "strategies_benchmark",
    "strategies_performancepoint",
    "strategies_vaultperformancepoint",
    "strategies_benchmarkpoint",
    "strategies_holding",
    "strategies_importedtrade",
    "onchain_vault",
)
CORE_TABLES = (*EMPTIED[2:], "strategies_reportclaim", "strategies_metricssnapshot")


class NoFigure(Exception):
    """An import did not do what would be measured."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: how long it took, and its run."""

    seconds: float
    run: ImportRun


@dataclass(frozen=True, slots=True)
class World:
    """Imports through the code that the command line and the worker use."""

    folder: Path

    @classmethod
    def prepare(cls, folder: Path) -> "World":
        """Make the tables and give the roles their rights, each as the role that does it."""
        for verb in (["migrate", "--verbosity=0"], ["grant_roles", "--verbosity=0"]):
            told = {**os.environ, "ATLAS_PROCESS": "migrate"}
            argv = [sys.executable, "manage.py", *verb]
            subprocess.run(argv, env=told, stdout=sys.stderr, check=True)
        return cls(folder)

    @property
    def storage(self) -> Path:
        """Give the folder of everything that imports keep."""
        return self.folder / "storage"

    def store(self) -> ContentStore:
        """Give the store of imported files."""
        return ContentStore(self.storage / "imports")

    def empty(self) -> None:
        """Forget all imports, the catalogue and the stored files."""
        with psycopg.connect(os.environ["ATLAS_MIGRATE_DATABASE_URL"]) as owner:
            owner.execute(f"TRUNCATE {', '.join(EMPTIED)} CASCADE")
        shutil.rmtree(self.storage, ignore_errors=True)

    def empty_series(self) -> None:
        """Take all rows out of the tables of series and trades."""
        names = ", ".join(model._meta.db_table for model in SERIES)
        with psycopg.connect(os.environ["ATLAS_MIGRATE_DATABASE_URL"]) as owner:
            owner.execute(f"TRUNCATE {names}")

    def bring(self, path: Path, **wish: Any) -> Imported:
        """Import a file; raises NoFigure unless it ends where it is meant to."""
        began = time.perf_counter()
        with path.open("rb") as stream:
            incoming = Incoming(stream, path.name, SourceKind.FILE)
            outcome = import_file(incoming, Wish(**wish), store=self.store(), actor=ACTOR, now=NOW)
        seconds = time.perf_counter() - began
        self._expect(
            outcome, ImportState.REVIEWED if wish.get("is_dry_run") else ImportState.APPLIED
        )
        return Imported(seconds, outcome.run)

    def apply(self, run: ImportRun) -> float:
        """Apply a reviewed run; gives the seconds."""
        began = time.perf_counter()
        apply(run, actor=ACTOR, now=NOW)
        return time.perf_counter() - began

    def rows_written(self) -> int:
        """Count the row versions that were ever written in the catalogue's tables."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(
                "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
                " WHERE relname = ANY(%s)",
                [list(CORE_TABLES)],
            )
            ((count,),) = cursor.fetchall()
            return int(count)

    def command(self, path: Path) -> tuple[list[str], Mapping[str, str]]:
        """Give the command that imports a file in a process of its own, and its environment."""
        told = {**os.environ, "ATLAS_PROCESS": "command", "ATLAS_STORAGE_URL": str(self.storage)}
        return [sys.executable, "-m", "imports.cli", "--file", str(path), "--quiet"], told

    def _expect(self, outcome: Outcome, state: ImportState) -> None:
        run = outcome.run
        if run.state != state:
            raise NoFigure(f"{run.received_from} ended {run.state}: {run.failure}")
        phases = {name: f"{seconds:.2f}" for name, seconds in run.seconds.items()}
        tell(f"  {run.received_from}: {run.record_count:,} records, {phases}")
