"""Open a login that was closed after wrong passwords."""

import getpass
from typing import Any

from axes.utils import reset
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from atlas.audit import Actor, record


class Command(BaseCommand):
    """For a person who typed wrongly and cannot wait a quarter of an hour."""

    help = "Forgets the wrong passwords of an account, from every address."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the account and why."""
        parser.add_argument("name", help="user name")
        parser.add_argument("--reason", required=True, help="who asked, and how was it made sure?")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the lock and note it together."""
        if not options["reason"].strip():
            raise CommandError("A reason is needed.")
        with transaction.atomic():
            opened = reset(username=options["name"])
            record(
                action="session.unlock",
                subject=("login", options["name"][:120]),
                actor=Actor.system(f"shell:{getpass.getuser()}"),
                now=timezone.now(),
                after={"forgotten": opened},
                reason=options["reason"],
            )
        self.stdout.write(f"{options['name']}: {opened} records of wrong passwords forgotten.")
