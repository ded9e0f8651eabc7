"""Reads of the vault register, named by what their rows are."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models


class VaultQuerySet(models.QuerySet[Any]):
    """Vaults."""

    def readable_by(self, reader: AbstractBaseUser | AnonymousUser) -> "VaultQuerySet":
        """Keep what this reader may see: everything once logged in, else those of public strategies."""
        return self if reader.is_authenticated else self.filter(strategy__public=True)
