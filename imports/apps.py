"""The import workshop as a Django app."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Imports: sources, runs, staged records and their issues."""

    name = "imports"
    verbose_name = "Imports"
