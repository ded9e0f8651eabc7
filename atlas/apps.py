"""The ground floor as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AtlasConfig(AppConfig):
    """Switches, transitions, audit, approvals, the API kit and the console kit."""

    name = "atlas"
    verbose_name = "Controls"

    def ready(self) -> None:
        """Create the rows that must exist after each migration (also after a test's flush)."""
        from atlas import registrations

        registrations.register()
        post_migrate.connect(_ensure_defaults, sender=self, dispatch_uid="atlas.defaults")


def _ensure_defaults(**_: Any) -> None:
    """Put the required rows in place."""
    from atlas.switches import ensure_defaults

    ensure_defaults()
