"""Which cycles are due: the newest slot of each deployment that nobody has run.

Slots that nobody ran are not caught up, they would decide on a past that is over; the cycle that
follows says how many there were.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from atlas.domain.candles import Timeframe
from atlas.domain.clock import slot_at
from atlas.domain.errors import DomainRefusal
from execution import feeds
from execution.models import CycleRun, Deployment, FeedClock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DueCycle:
    """A slot that should run now, and how long on the wall the word is worth passing on."""

    deployment_id: int
    slot: datetime
    expires_seconds: float


def due_cycles(*, now: datetime) -> list[DueCycle]:
    """List the due slots of all enabled deployments, the shortest-lived first.

    Looking at a feed keeps it playing. A deployment whose feed cannot be read is reported and left
    out; the others go on.
    """
    _watch_feeds(now)
    due = []
    for deployment in Deployment.objects.scheduled().detailed():
        try:
            found = _due(deployment, read=lambda: now)
        except DomainRefusal as refusal:
            log.warning("deployment_unfit", deployment=deployment.pk, reason=refusal.message)
            continue
        if found is not None:
            due.append(found)
    return sorted(due, key=lambda one: one.expires_seconds)


def latest_slot(deployment: Deployment, *, now: datetime) -> datetime:
    """Give the newest slot of a deployment at a wall time."""
    clock = feeds.clock_for(deployment, read=lambda: now)
    return slot_at(clock.now(), deployment.cadence)


def missed_slots(deployment: Deployment, slot: datetime) -> int:
    """Count the slots between the cycle before and this one that nobody ran."""
    before: datetime | None = (
        CycleRun.objects.filter(deployment=deployment, scheduled_for__lt=slot)
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


def _due(deployment: Deployment, *, read: Callable[[], datetime]) -> DueCycle | None:
    """Give the newest slot of a deployment if it is still to be run."""
    slot = latest_slot(deployment, now=read())
    if slot < _born(deployment) or _is_over(deployment, slot, read=read):
        return None
    cycles = CycleRun.objects.filter(deployment=deployment)
    if cycles.filter(scheduled_for=slot).exists() or cycles.running().exists():
        return None
    return DueCycle(deployment.pk, slot, wall_cadence(deployment).total_seconds())


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
