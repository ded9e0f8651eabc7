"""Recompute the audit log's chain and say where it was touched."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas import sealing
from atlas.models import AuditEvent


class Command(BaseCommand):
    """Exit code 0 where the chain holds, 1 where any event was edited, removed or moved."""

    help = "Verifies the audit log against its seals, and against an exported head if one is given."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an exported head."""
        parser.add_argument(
            "--head", type=Path, help="A file that export_audit_head wrote: its end must be there."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every contradiction."""
        findings = [f"seal {one.seal}: {one.message}" for one in sealing.verify()]
        if options["head"]:
            findings += self._against_head(options["head"])
        if findings:
            raise CommandError("The audit log was touched:\n" + "\n".join(findings))
        end = sealing.head()
        sealed = end.last_event if end else 0
        waiting = AuditEvent.objects.filter(pk__gt=sealed).count()
        self.stdout.write(f"The audit log holds: sealed up to event {sealed}, {waiting} waiting")

    def _against_head(self, path: Path) -> list[str]:
        """Compare with an exported head."""
        try:
            told = json.loads(path.read_text())
            contradiction = sealing.contradicts_head(int(told["seal"]), str(told["seal_hash"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} is no exported head: {error}") from error
        return [contradiction] if contradiction else []
