"""Create the console's roles with exactly their permissions."""

from typing import Any

from django.core.management.base import BaseCommand

from atlas.roles import ensure_roles


class Command(BaseCommand):
    """Run it after each migration; running it again changes nothing."""

    help = "Creates the roles viewer, analyst, trader, risk and admin and sets their permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create and count."""
        counts = ensure_roles()
        self.stdout.write(
            "Roles: " + ", ".join(f"{name} ({count} permissions)" for name, count in counts.items())
        )
