"""Reads of trading, named by what their rows are."""

from typing import Any

from django.db import models

from atlas.api.access import Reader, sees_everything
from atlas.domain.states import WORKING_ORDER_STATES, CycleState, TradingMode
from execution.vocabulary import DeploymentStatus


class DeploymentQuerySet(models.QuerySet[Any]):
    """Deployments."""

    def scheduled(self) -> "DeploymentQuerySet":
        """Keep those that the schedule runs."""
        return self.filter(status=DeploymentStatus.ENABLED.value)

    def live(self) -> "DeploymentQuerySet":
        """Keep those that would trade real money."""
        return self.filter(mode=TradingMode.LIVE.value)

    def detailed(self) -> "DeploymentQuerySet":
        """Bring what every page shows beside a deployment."""
        return self.select_related("strategy", "vault", "vault__chain", "feed_clock")

    def readable_by(self, reader: Reader) -> "DeploymentQuerySet":
        """Keep what this reader may see: everything with the right to, else those of public strategies."""
        return self if sees_everything(reader) else self.filter(strategy__public=True)


class CycleRunQuerySet(models.QuerySet[Any]):
    """Cycles."""

    def running(self) -> "CycleRunQuerySet":
        """Keep those that have not ended."""
        return self.filter(state=CycleState.RUNNING.value)

    def ended(self) -> "CycleRunQuerySet":
        """Keep those that have."""
        return self.exclude(state=CycleState.RUNNING.value)

    def newest_first(self) -> "CycleRunQuerySet":
        """Order by when they were started, the newest first."""
        return self.order_by("-started_at", "-pk")


class OrderQuerySet(models.QuerySet[Any]):
    """Orders."""

    def working(self) -> "OrderQuerySet":
        """Keep those between the gate and their end."""
        return self.filter(state__in=sorted(state.value for state in WORKING_ORDER_STATES))


class PositionQuerySet(models.QuerySet[Any]):
    """Positions."""

    def open(self) -> "PositionQuerySet":
        """Keep those that hold something."""
        return self.filter(size_tokens__gt=0)

    def flat(self) -> "PositionQuerySet":
        """Keep those that hold nothing any more."""
        return self.filter(size_tokens=0)


DeploymentManager = models.Manager.from_queryset(DeploymentQuerySet)
CycleRunManager = models.Manager.from_queryset(CycleRunQuerySet)
OrderManager = models.Manager.from_queryset(OrderQuerySet)
PositionManager = models.Manager.from_queryset(PositionQuerySet)
