"""Reads of the catalogue, named by what their rows are.

Discovery narrows its list in SQL of its own (`strategies.discovery`).
"""

from typing import Any

from django.db import models

from atlas.api.access import Reader, sees_everything


class StrategyQuerySet(models.QuerySet[Any]):
    """Strategies."""

    def readable_by(self, reader: Reader) -> "StrategyQuerySet":
        """Keep what this reader may see: everything with the right to, the public ones else."""
        return self if sees_everything(reader) else self.filter(public=True)
