"""Write docs/schema.md from the models, or say that it is stale."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas.schema_doc import schema_markdown


class Command(BaseCommand):
    """Exit code 1 with --check where the document differs from the models."""

    help = "Writes docs/schema.md: entity diagrams and every table, column and constraint."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to write, and whether to write at all."""
        default = Path(settings.BASE_DIR) / "docs" / "schema.md"
        parser.add_argument("--file", type=Path, default=default)
        parser.add_argument("--check", action="store_true", help="Compare, write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        path: Path = options["file"]
        text = schema_markdown()
        if options["check"]:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                raise CommandError(f"{path.name} is stale; run `make schema` and commit it")
            self.stdout.write(f"{path.name} is up to date")
            return
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error}") from error
        self.stdout.write(f"Wrote {path.name}")
