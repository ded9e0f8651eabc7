"""Write the end of the audit chain to a file that is to be kept elsewhere."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas import audit_heads, sealing


class Command(BaseCommand):
    """A head that lies outside the database shows when the end of the log was cut off."""

    help = "Exports the head of the audit chain as JSON (to standard output, or to --file)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file to write."""
        parser.add_argument("--file", type=Path)
        parser.add_argument(
            "--keep", action="store_true", help="Into the storage, as happens each day by itself."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the head, or refuse where nothing is sealed yet."""
        end = sealing.head()
        if end is None:
            raise CommandError("Nothing is sealed yet; the sealer runs every minute")
        if options["keep"]:
            self.stdout.write(f"Kept as {audit_heads.keep(now=timezone.now())}")
            return
        text = audit_heads.text_of(end, now=timezone.now())
        if options["file"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            options["file"].write_text(text)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error}") from error
