"""`manage.py import_export`: bring an analytics export into the catalogue."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from imports.command_line import Terminal, execute
from imports.options import EXIT_CODES, add_options


class Command(BaseCommand):
    """Import, apply a reviewed import, or put one back."""

    help = "Bring an analytics export into the catalogue."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Say what the exit codes mean."""
        return super().create_parser(prog_name, subcommand, epilog=EXIT_CODES, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_options(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        """Import and end with the exit code."""
        terminal = Terminal(self.stdout.write, self.stderr.write)
        code = execute(argparse.Namespace(**options), terminal, now=timezone.now())
        if code:
            raise SystemExit(int(code))
