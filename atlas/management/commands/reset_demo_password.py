"""Give a demo operator a new password and show it once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.demo import reset_password
from atlas.domain.errors import AtlasError


class Command(BaseCommand):
    """For the demo of `make run` only; refused where real people may work."""

    help = "Draws a new password for a demo operator and prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the operator's name."""
        parser.add_argument("name", help="for example demo-risk")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset and show."""
        try:
            new = reset_password(options["name"], now=timezone.now())
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{new.name}  {new.password}")
