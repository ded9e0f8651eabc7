"""Tell by exit code whether parts of the house were alive a moment ago; for health checks."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.heartbeat import STALE_AFTER, ages


class Command(BaseCommand):
    """Exit code 1 where one of the named parts is silent: `beat`, or `queue:NAME` for a worker."""

    help = "Checks that parts such as beat or queue:trading left a sign of life lately."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the names of the heartbeats."""
        parser.add_argument("names", nargs="+", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look how long ago each part was alive."""
        found = ages(options["names"], now=timezone.now())
        silent = [name for name, age in found.items() if age is None or age > STALE_AFTER]
        if silent:
            raise CommandError(f"No sign of life lately from: {', '.join(silent)}")
        self.stdout.write(f"Alive: {', '.join(found)}")
