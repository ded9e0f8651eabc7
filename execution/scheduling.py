"""Which cycles are due: for each deployment the slot that its timetable asks for now.

One look at all deployments takes the same few queries however many there are. A look gives out at
most a batch, those first that have waited the largest share of their cadence, so that after a
pause of the house the slow ones are not starved by the quick ones and nobody begins all at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Exists, OuterRef, Subquery

from atlas.domain.candles import Timeframe
from atlas.domain.errors import DomainRefusal
from execution import feeds
from execution.models import CycleRun, Deployment, FeedClock
from execution.vocabulary import CycleOrigin

log = structlog.get_logger(__name__)

# Of hundreds that are due at once a look gives out so many; the next look is seconds later.
BATCH = 100


@dataclass(frozen=True, slots=True)
class DueCycle:
    """A slot that should run now, and how long on the wall the word is worth passing on.

    `overdue_share` is how much of its time the slot has waited, as a share of the cadence.
    """

    deployment_id: int
    slot: datetime
    expires_seconds: float
    overdue_share: float = 0.0


def due_cycles(*, now: datetime) -> list[DueCycle]:
    """List the due slots of enabled deployments, the longest-waiting first, at most a batch.

    Looking at a feed keeps it playing. A deployment whose feed cannot be read is reported and left
    out; the others go on.
    """
    _watch_feeds(now)
    due = []
    for deployment in _looked_at():
        try:
            found = _due(deployment, read=lambda: now)
        except DomainRefusal as refusal:
            log.warning("deployment_unfit", deployment=deployment.pk, reason=refusal.message)
            continue
        if found is not None:
            due.append(found)
    return sorted(due, key=lambda one: (-one.overdue_share, one.expires_seconds))[:BATCH]


def latest_slot(deployment: Deployment, *, now: datetime) -> datetime:
    """Give the newest slot of a deployment at a wall time."""
    clock = feeds.clock_for(deployment, read=lambda: now)
    return deployment.timetable.newest(clock.now())


def missed_slots(deployment: Deployment, slot: datetime) -> int:
    """Count the slots between the cycle before and this one that nobody ran."""
    before: datetime | None = (
        CycleRun.objects.filter(deployment=deployment, scheduled_for__lt=slot)
        .exclude(origin=CycleOrigin.STOP)
        .order_by("-scheduled_for")
        .values_list("scheduled_for", flat=True)
        .first()
    )
    if before is None:
        return 0
    return max(0, (slot - before) // deployment.cadence - 1)


def wall_cadence(deployment: Deployment) -> timedelta:
    """Give the time on the wall between two slots."""
    if deployment.feed_clock is None:
        return deployment.cadence
    return timedelta(seconds=deployment.cadence_seconds / float(deployment.feed_clock.speed))


def _watch_feeds(now: datetime) -> None:
    for feed in FeedClock.objects.filter(deployments__in=Deployment.objects.scheduled()).distinct():
        feeds.watch(feed, now=now)


def _looked_at() -> list[Any]:
    """Give the enabled deployments that run nothing now, each with the newest slot it has begun."""
    cycles = CycleRun.objects.filter(deployment=OuterRef("pk"))
    newest = (
        cycles.exclude(origin=CycleOrigin.STOP)
        .order_by("-scheduled_for")
        .values("scheduled_for")[:1]
    )
    rows = Deployment.objects.scheduled().detailed()
    return list(rows.annotate(last_slot=Subquery(newest)).exclude(Exists(cycles.running())))


def _due(deployment: Any, *, read: Callable[[], datetime]) -> DueCycle | None:
    """Give the slot of a deployment that is to be run now."""
    timetable = deployment.timetable
    feed_now = feeds.clock_for(deployment, read=read).now()
    slot = timetable.due(
        now=feed_now,
        born_at=_born(deployment),
        last=deployment.last_slot,
        key=str(deployment.pk),
    )
    if slot is None or _is_over(deployment, slot, read=read):
        return None
    return DueCycle(
        deployment.pk,
        slot,
        wall_cadence(deployment).total_seconds(),
        timetable.overdue_share(slot, feed_now),
    )


def _born(deployment: Deployment) -> datetime:
    """Give the feed's time at which a deployment was created: no slot before it is its own."""
    return feeds.clock_for(deployment, read=lambda: deployment.created_at).now()


def _is_over(deployment: Deployment, slot: datetime, *, read: Callable[[], datetime]) -> bool:
    """Tell whether a recording has ended before this slot: there is nothing left to decide on."""
    clock = feeds.clock_for(deployment, read=read)
    market_data = feeds.market_data_for(deployment, clock=clock)
    timeframe = Timeframe.named(deployment.timeframe)
    ends = [market_data.ends_at(market, timeframe) for market in deployment.markets]
    return any(end is not None and slot > end for end in ends)
