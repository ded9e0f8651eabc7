"""Reads of the catalogue, named by what their rows are."""

from typing import Any

from django.db import models

from atlas.api.access import Reader, sees_everything
from strategies.vocabulary import StrategyStatus

__all__ = ["StrategyQuerySet", "sees_everything"]


class StrategyQuerySet(models.QuerySet[Any]):
    """Strategies."""

    def readable_by(self, reader: Reader) -> "StrategyQuerySet":
        """Keep what this reader may see: everything with the right to, the public ones else."""
        return self if sees_everything(reader) else self.filter(public=True)

    def current(self) -> "StrategyQuerySet":
        """Leave out the delisted ones; their record stays readable by name."""
        return self.exclude(status=StrategyStatus.DELISTED.value)

    def trading_asset(self, symbol: str) -> "StrategyQuerySet":
        """Keep strategies that trade this asset, named as published or in capitals."""
        return self.filter(
            models.Q(assets__contains=[symbol]) | models.Q(assets__contains=[symbol.upper()])
        )

    def tagged(self, tag: str) -> "StrategyQuerySet":
        """Keep strategies with this tag."""
        return self.filter(tags__contains=[tag])

    def matching(self, words: str) -> "StrategyQuerySet":
        """Keep strategies in whose slug, name or description every one of these words occurs."""
        found = self
        for word in words.split():
            found = found.filter(
                models.Q(name__icontains=word)
                | models.Q(slug__icontains=word)
                | models.Q(description__icontains=word)
            )
        return found
