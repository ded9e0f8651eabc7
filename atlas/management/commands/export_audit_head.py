"""Write the end of the audit chain to a file that is to be kept elsewhere."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas import sealing


class Command(BaseCommand):
    """A head that lies outside the database shows when the end of the log was cut off."""

    help = "Exports the head of the audit chain as JSON (to standard output, or to --file)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file to write."""
        parser.add_argument("--file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the head, or refuse where nothing is sealed yet."""
        end = sealing.head()
        if end is None:
            raise CommandError("Nothing is sealed yet; the sealer runs every minute")
        text = json.dumps(asdict(end), default=str, indent=2)
        if options["file"] is None:
            self.stdout.write(text)
            return
        try:
            options["file"].write_text(text + "\n")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error}") from error
