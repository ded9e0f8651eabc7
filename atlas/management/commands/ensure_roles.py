"""Create the console's roles with exactly their permissions."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from atlas.audit import Actor
from atlas.roles import ensure_roles


class Command(BaseCommand):
    """Run it after each migration; running it again changes nothing."""

    help = "Creates the roles viewer, analyst, trader, risk and admin and sets their permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create and count."""
        counts = ensure_roles(actor=Actor.system(f"shell:{getpass.getuser()}"), now=timezone.now())
        self.stdout.write(
            "Roles: " + ", ".join(f"{name} ({count} permissions)" for name, count in counts.items())
        )
