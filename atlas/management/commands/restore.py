"""Restore trading from the shell, where one person may."""

import getpass
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.console.switch_commands import add_scope_arguments, named_scope
from atlas.domain.errors import AtlasError
from atlas.domain.states import SwitchState
from atlas.switches import loosen, needs_second_person

RIGHT = "atlas.restore_trading"


class Command(BaseCommand):
    """It names the person who answers for it; two people need the console."""

    help = "Restores a trading switch; refused where a second person has to approve."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the scope, the reason and the person."""
        add_scope_arguments(parser)
        parser.add_argument(
            "--reduce", action="store_true", help="only to REDUCING: positions may shrink"
        )
        parser.add_argument("--reason", required=True, help="why it is safe to trade again")
        parser.add_argument("--user", required=True, help=f"an account with {RIGHT}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Loosen the switch, or say what is missing."""
        person = User.objects.filter(username=options["user"], is_active=True).first()
        if person is None or not person.has_perm(RIGHT):
            raise CommandError(f"{options['user']!r} is no active account with {RIGHT}.")
        scope = named_scope(options["scope"], options["key"])
        if needs_second_person(scope):
            raise CommandError(
                "This switch covers a live deployment: ask in the console (Trading switches, "
                "Restore), let a second person approve there, then restore there."
            )
        state = SwitchState.REDUCING if options["reduce"] else SwitchState.ACTIVE
        name = f"{person.get_username()} (shell of {getpass.getuser()})"
        try:
            row = loosen(
                scope=scope,
                state=state,
                reason=options["reason"],
                actor=Actor(name=name, user=person),
                now=timezone.now(),
            )
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{row} ({row.reason})")
