"""Give the app role and the signer role exactly their rights on every table."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas.domain.errors import AtlasError
from atlas.grants import grant_roles


class Command(BaseCommand):
    """Run it as the owner role after each migration; running it again changes nothing."""

    help = "Grants the database roles of the app and the signer their rights, and no more."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the roles from the settings unless they are named."""
        parser.add_argument("--app-role", default=settings.ATLAS_DATABASE_ROLES["app"])
        parser.add_argument("--signer-role", default=settings.ATLAS_DATABASE_ROLES["signer"])
        parser.add_argument(
            "--migrate", action="store_true", help="First migrate, in the same process."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, and print one line a table where asked to be verbose."""
        if options["migrate"]:
            call_command("migrate", interactive=False, verbosity=0)
        try:
            lines = grant_roles(app_role=options["app_role"], signer_role=options["signer_role"])
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        if options["verbosity"] > 1:
            self.stdout.write("\n".join(lines))
        self.stdout.write(f"Rights of 2 roles set on {len(lines)} tables")
