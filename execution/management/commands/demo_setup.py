"""Bring the demo into place: roles, operators, paper deployments."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from atlas.demo import NewPassword, create_operators
from atlas.domain.errors import AtlasError
from atlas.roles import ensure_roles
from execution.demo import create_demo_deployments


class Command(BaseCommand):
    """Running it again changes nothing and shows no password again."""

    help = "Creates demo roles, operators and paper deployments; refused where real people work."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing and show new passwords once."""
        now = timezone.now()
        try:
            ensure_roles()
            passwords = create_operators(now=now)
            deployments = create_demo_deployments(now=now)
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        if passwords:
            self._show(passwords)
        for deployment in deployments:
            self.stdout.write(f"Paper deployment: {deployment}")

    def _show(self, passwords: list[NewPassword]) -> None:
        """Print the passwords, the only time they exist in clear."""
        self.stdout.write(
            "Demo operators (shown once; `manage.py reset_demo_password NAME` later):"
        )
        for new in passwords:
            self.stdout.write(f"  {new.name:<14} {new.password}   role {new.role}")
