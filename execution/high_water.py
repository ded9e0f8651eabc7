"""High-water marks: the best share value that an account has held, kept up with its equity."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from atlas.domain.high_water import HELD_POINTS, OPENING_VALUE_USD, Point, risen
from execution.models import Deployment, EquityPoint, HighWater

# A look takes so many points at most; an account with a longer past catches up look by look.
MOST_POINTS = 3_000
DAY = timedelta(hours=24)


def raise_mark(deployment: Deployment, *, now: datetime) -> HighWater:
    """Bring a deployment's mark up to its equity series; call it under the account's lock.

    A mark that does not exist yet begins at what the first share cost.
    """
    row, _ = HighWater.objects.get_or_create(
        deployment=deployment,
        defaults={
            "share_value_usd": OPENING_VALUE_USD,
            "last_value_usd": OPENING_VALUE_USD,
            "changed_at": now,
            "changed_by": "atlas",
        },
    )
    points = _points_since(row)
    if len(points) < HELD_POINTS and (not points or points[-1].value_usd == row.last_value_usd):
        return row
    mark_usd = risen(row.share_value_usd, points)
    if mark_usd > row.share_value_usd:
        row.share_value_usd, row.changed_at, row.changed_by = mark_usd, now, "atlas"
    row.last_value_usd = points[-1].value_usd
    # The next three values in a row may begin with the last two of these.
    row.read_from_at = points[-2].at if len(points) > 1 else points[-1].at
    row.save()
    return row


def _points_since(row: HighWater) -> list[Point]:
    points = EquityPoint.objects.filter(
        deployment_id=row.deployment_id, share_value_usd__isnull=False
    )
    if row.read_from_at is not None:
        points = points.filter(as_of_at__gte=row.read_from_at)
    values = points.order_by("as_of_at").values_list("as_of_at", "share_value_usd")
    return [Point(at, value) for at, value in values[:MOST_POINTS] if value is not None]


def best_of_day_usd(row: HighWater, *, feed_at: datetime) -> Decimal:
    """Give the best share value of the last 24 hours; without one, the newest there is."""
    found: Decimal | None = EquityPoint.objects.filter(
        deployment_id=row.deployment_id, as_of_at__gte=feed_at - DAY, as_of_at__lte=feed_at
    ).aggregate(best=Max("share_value_usd"))["best"]
    return row.last_value_usd if found is None else found
