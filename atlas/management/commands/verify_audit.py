"""Recompute the audit log's chain and say where it was touched."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas import audit_heads, sealing
from atlas.domain.errors import InvalidInput
from atlas.models import AuditEvent


class Command(BaseCommand):
    """Exit code 0 where the chain holds, 1 where any event was edited, removed or moved."""

    help = "Verifies the audit log against its seals, and against an exported head if one is given."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an exported head."""
        parser.add_argument(
            "--against",
            "--head",
            dest="head",
            type=Path,
            metavar="FILE",
            help="A head that was exported, or a folder of them: the log must still hold each.",
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
        """Compare with what was exported."""
        try:
            found = list(audit_heads.contradictions(path))
        except InvalidInput as error:
            raise CommandError(error.message) from error
        return [f"seal {one.seal}: {one.message}" for one in found]
