"""The trading workshop as a Django app."""

from django.apps import AppConfig


class ExecutionConfig(AppConfig):
    """Cycles, orders, fills, positions: everything that trading did."""

    name = "execution"
    verbose_name = "Trading"
