"""Reads of the vault register, named by what their rows are."""

from typing import Any

from django.db import models

from atlas.api.access import Reader, sees_everything


class VaultQuerySet(models.QuerySet[Any]):
    """Vaults."""

    def readable_by(self, reader: Reader) -> "VaultQuerySet":
        """Keep what this reader may see: everything with the right to, else those of public strategies."""
        return self if sees_everything(reader) else self.filter(strategy__public=True)
