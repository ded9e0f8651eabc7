"""Look for rows of series whose parent is gone."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from atlas.orphans import find_orphans


class Command(BaseCommand):
    """Exit code 0 where every row has its parent, 1 where any has not."""

    help = "Looks for rows whose parent is gone, in tables that have no foreign key for speed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every table with orphans."""
        found = find_orphans()
        if found:
            lines = [
                f"{one.child}: {one.missing} of {one.parent} are gone ({', '.join(one.sample)} …)"
                for one in found
            ]
            raise CommandError("Rows without a parent:\n" + "\n".join(lines))
        self.stdout.write("Every row has its parent")
