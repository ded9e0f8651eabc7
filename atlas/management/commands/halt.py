"""Halt or reduce trading from the shell, with or without the web."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.console.switch_commands import add_scope_arguments, named_scope
from atlas.domain.errors import AtlasError
from atlas.domain.states import SwitchState
from atlas.switches import tighten


class Command(BaseCommand):
    """One word stops all trading; it needs no account, only the shell."""

    help = "Halts trading at once: everything, or one scope (--scope MARKET --key ETH/USD)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the scope and the reason."""
        add_scope_arguments(parser)
        parser.add_argument(
            "--reduce", action="store_true", help="positions may still shrink (REDUCING)"
        )
        parser.add_argument("--reason", default="stopped by hand from the shell")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tighten the switch and say what stands."""
        scope = named_scope(options["scope"], options["key"])
        state = SwitchState.REDUCING if options["reduce"] else SwitchState.HALTED
        try:
            row = tighten(
                scope=scope,
                state=state,
                reason=options["reason"],
                actor=Actor.system(f"shell:{getpass.getuser()}"),
                now=timezone.now(),
            )
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{row} ({row.reason})")
