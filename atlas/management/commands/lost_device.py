"""Let a person who lost the one-time password device set up another one."""

import getpass
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from atlas.second_factor import forget_device
from atlas.sessions import end_sessions


class Command(BaseCommand):
    """Needs the shell of the installation: no page can take a second factor away."""

    help = "Takes a person's lost device and recovery codes out of use and ends all sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the person and how it was made sure that the person asks."""
        parser.add_argument("name", help="user name")
        parser.add_argument("--reason", required=True, help="how was the person recognised?")

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget the device, end the sessions, say what comes next."""
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['name']!r}.")
        actor, now = Actor.system(f"shell:{getpass.getuser()}"), timezone.now()
        try:
            with transaction.atomic():
                forget_device(user, reason=options["reason"], actor=actor, now=now)
                end_sessions(user, reason="the device was lost", actor=actor, now=now)
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(
            f"{user.get_username()} sets up a new device at the next login. All sessions have ended."
        )
