"""Reads that answer a question about a deployment across its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from atlas.api.filtering import DateRange
from atlas.domain.errors import InvalidInput
from execution.models import CycleRun, Deployment, EquityPoint
from execution.querysets import DeploymentQuerySet

LONGEST_SERIES = 100_000


@dataclass(frozen=True, slots=True)
class EquitySeries:
    """What an account was worth over time, oldest first, as columns of equal length."""

    as_of_at: Sequence[datetime]
    equity_usd: Sequence[Decimal]
    cash_usd: Sequence[Decimal]
    share_value_usd: Sequence[Decimal | None]


def equity_series(deployment: Deployment, *, within: DateRange) -> EquitySeries:
    """Read the equity of a deployment within a range of days.

    Raises InvalidInput where the range holds more than 100,000 points.
    """
    points = EquityPoint.objects.filter(deployment=deployment)
    if within.start_at is not None:
        points = points.filter(as_of_at__gte=within.start_at)
    if within.end_at is not None:
        points = points.filter(as_of_at__lt=within.end_at)
    names = ("as_of_at", "equity_usd", "cash_usd", "share_value_usd")
    found = list(points.order_by("as_of_at").values_list(*names)[: LONGEST_SERIES + 1])
    if len(found) > LONGEST_SERIES:
        raise InvalidInput(
            f"The range holds more than {LONGEST_SERIES:,} points; narrow it with from and to",
            detail={"most_points": LONGEST_SERIES},
        )
    columns = zip(*found, strict=True) if found else ((), (), (), ())
    return EquitySeries(*columns)


def with_latest(deployments: DeploymentQuerySet) -> DeploymentQuerySet:
    """Bring the newest cycle and the latest valuation beside each deployment, in one statement."""
    cycles = CycleRun.objects.filter(deployment=OuterRef("pk")).newest_first()
    points = EquityPoint.objects.filter(deployment=OuterRef("pk")).order_by("-as_of_at")
    annotated: DeploymentQuerySet = deployments.annotate(
        last_scheduled_for=Subquery(cycles.values("scheduled_for")[:1]),
        last_state=Subquery(cycles.values("state")[:1]),
        last_reason=Subquery(cycles.values("reason")[:1]),
        last_started_at=Subquery(cycles.values("started_at")[:1]),
        equity_as_of_at=Subquery(points.values("as_of_at")[:1]),
        equity_usd=Subquery(points.values("equity_usd")[:1]),
        share_value_usd=Subquery(points.values("share_value_usd")[:1]),
    )
    return annotated
