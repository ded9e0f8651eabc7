"""The catalogue as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StrategiesConfig(AppConfig):
    """Strategies, their series and records, and the trading rules."""

    name = "strategies"
    verbose_name = "Strategies"

    def ready(self) -> None:
        """Create the rows that must exist after each migration."""
        post_migrate.connect(_ensure_defaults, sender=self, dispatch_uid="strategies.defaults")


def _ensure_defaults(**_: Any) -> None:
    """Put the required rows in place."""
    from strategies.services import ensure_defaults

    ensure_defaults()
