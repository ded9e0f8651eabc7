"""`manage.py prune_imports`: remove the records and bytes of imports that ended long ago."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from imports.pruning import Pruned, preview, prune, sweep
from imports.storage import ContentStore

ACTOR = Actor.system("command line, prune_imports")
INFRASTRUCTURE = 4


class Command(BaseCommand):
    """Pruning now, without waiting for the night."""

    help = (
        "Remove the staged records and stored bytes of imports that ended long ago. What they "
        "changed stays in the catalogue; they can no longer be put back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--days",
            type=int,
            help="prune what ended more than this many days ago (default: ATLAS_IMPORT_KEEP_DAYS)",
        )
        parser.add_argument("--dry-run", action="store_true", help="tell and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:
        """Prune and tell of each run; ends with 4 where the store refuses."""
        days, is_dry_run = options["days"], options["dry_run"]
        if days is not None and days < 1:
            raise CommandError("--days must be 1 or more.", returncode=2)
        done: list[Pruned] = []
        try:
            for one in self._pruned(days, is_dry_run=is_dry_run):
                done.append(one)
                if not options["json"]:
                    self.stdout.write(_words(one, is_dry_run=is_dry_run))
        except AtlasError as error:
            raise CommandError(
                f"{error.message} {len(done)} imports were pruned before.",
                returncode=INFRASTRUCTURE,
            ) from error
        rows, freed = sum(one.rows for one in done), sum(one.freed_bytes for one in done)
        if options["json"]:
            told = {"dry_run": is_dry_run, "rows": rows, "freed_bytes": freed}
            self.stdout.write(json.dumps(told | {"runs": [_as_json(one) for one in done]}))
            return
        verb = "would be pruned" if is_dry_run else "were pruned"
        self.stdout.write(f"{len(done)} imports {verb}: {rows:,} rows and {freed:,} bytes.")

    def _pruned(self, days: int | None, *, is_dry_run: bool) -> Iterable[Pruned]:
        """Prune, or tell what would be."""
        now = timezone.now()
        if is_dry_run:
            return preview(keep_days=days, now=now)
        store = ContentStore.of_settings()
        sweep(store=store, now=now)
        return prune(store=store, keep_days=days, actor=ACTOR, now=now)


def _words(one: Pruned, *, is_dry_run: bool) -> str:
    """Tell of a run in one line."""
    verb = "would lose" if is_dry_run else "has lost"
    return f"import {one.run.pk} of {one.run.received_from} {verb} {one.rows:,} rows and {one.freed_bytes:,} bytes"


def _as_json(one: Pruned) -> dict[str, Any]:
    """Give what went of a run."""
    return {
        "run": one.run.pk,
        "state": one.run.state,
        "rows": one.rows,
        "freed_bytes": one.freed_bytes,
    }
