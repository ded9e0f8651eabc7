"""The import workshop as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ImportsConfig(AppConfig):
    """Imports: sources, runs, staged records, their issues, and what they change."""

    name = "imports"
    verbose_name = "Imports"

    def ready(self) -> None:
        """Create the rows that must exist after each migration; tell the ground floor of imports."""
        from imports import alert_rules, panels, registrations

        panels.register()
        alert_rules.register()
        registrations.register()
        post_migrate.connect(_ensure_defaults, sender=self, dispatch_uid="imports.defaults")


def _ensure_defaults(**_: Any) -> None:
    """Put the required rows in place."""
    from django.utils import timezone

    from imports.sources import ensure_defaults

    ensure_defaults(now=timezone.now())
