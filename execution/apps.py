"""The trading workshop as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ExecutionConfig(AppConfig):
    """Cycles, orders, fills, positions: everything that trading did."""

    name = "execution"
    verbose_name = "Trading"

    def ready(self) -> None:
        """Register with the ground floor what it needs of trading; ship the schedules."""
        from execution import panels, paper_clock, registrations, report_legs
        from execution.marketdata import tallies

        registrations.register()
        paper_clock.register()
        tallies.register()
        panels.register()
        report_legs.register()
        post_migrate.connect(_ensure_defaults, sender=self, dispatch_uid="execution.defaults")


def _ensure_defaults(**_: Any) -> None:
    """Put the terms of paper markets and the schedules in place; this app is migrated last."""
    from django.utils import timezone

    from atlas.schedules import ensure_schedules, schedules_can_be_stored
    from execution import paper_markets

    if paper_markets.can_be_stored():
        paper_markets.ensure_defaults(now=timezone.now())
    if schedules_can_be_stored():
        ensure_schedules(now=timezone.now())
