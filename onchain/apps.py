"""The chain's floor as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OnchainConfig(AppConfig):
    """The register of vaults, permits, and everything that touches a chain."""

    name = "onchain"
    verbose_name = "Chain"

    def ready(self) -> None:
        """Register with the ground floor; create the rows that must exist after a migration."""
        from onchain import registrations, report_fees

        registrations.register()
        report_fees.register()
        post_migrate.connect(_ensure_defaults, sender=self, dispatch_uid="onchain.defaults")


def _ensure_defaults(**_: Any) -> None:
    """Put the required rows in place."""
    from onchain.register import ensure_defaults

    ensure_defaults()
