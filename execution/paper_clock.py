"""The clock of paper accounts: what happens between cycles.

Time does not wait for the next slot: an order that a keeper holds falls due, funding and borrowing
accrue, a price may cross a liquidation price, and equity is worth a point. A tick looks at a
bounded number of accounts, those first that it has not seen for longest, and leaves an account alone
while a cycle is at it or due: cycle and clock never write to one moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from atlas import registries
from atlas.audit import Actor
from atlas.domain.clock import Clock, WallClock
from atlas.domain.errors import DomainRefusal
from atlas.domain.states import CycleState, TradingMode
from atlas.domain.stopped_clock import StoppedClock
from atlas.registries import Schedule
from execution import feeds, settlement
from execution.endings import end_trades
from execution.models import CycleRun, Deployment, EquityPoint, Order, PaperAccount, Position
from execution.paper_books import AT_THE_VENUE
from execution.valuation import equity_point
from execution.venues.base import Executed, Outcome, Pending
from execution.venues.paper import PaperVenue
from execution.vocabulary import DeploymentStatus

log = structlog.get_logger(__name__)

ACTOR = Actor.system("paper clock")
ACCOUNTS_A_TICK = 200
EQUITY_EVERY = timedelta(minutes=5)  # of the feed's time
SCHEDULE = "execution-tick-paper-accounts"


@dataclass(slots=True)
class Ticked:
    """What a tick did; `left_alone` counts accounts that a cycle was at or about to be at."""

    settled: int = 0
    liquidated: int = 0
    valued: int = 0
    left_alone: int = 0


def register() -> None:
    """Ship the tick; called once when the app is ready."""
    registries.schedules.add(
        SCHEDULE,
        Schedule(
            task="execution.tasks.tick_paper_accounts",
            every_seconds=30,
            queue="trading",
            description="Settles due paper orders, liquidates, and notes equity between cycles.",
            expires_seconds=30,
        ),
    )


def tick(*, now: datetime) -> Ticked:
    """Let time pass on the paper accounts that hold or await something."""
    done = Ticked()
    for deployment in _waiting()[:ACCOUNTS_A_TICK]:
        try:
            tick_account(deployment, done, now=now)
        except DomainRefusal as refusal:
            log.warning("paper_tick_refused", deployment=deployment.pk, reason=refusal.message)
    return done


def tick_account(deployment: Deployment, done: Ticked, *, now: datetime) -> None:
    """Let time pass on one account, and count in `done` what it came to.

    The venue is asked before the account is locked, since that may take a look at the market. What
    has changed in between is refused when it is booked, and the next tick asks anew.
    """
    clock = _clock_of(deployment, now=now)
    if not _is_between_cycles(deployment, at=clock.now()):
        done.left_alone += 1
        return
    venue = PaperVenue(
        paper_account=deployment.paper_account,
        markets=tuple(deployment.markets),
        market_data=feeds.market_data_for(deployment, clock=clock),
        clock=clock,
    )
    for order in _at_the_venue(venue):
        outcome = venue.outcome(order)
        if not isinstance(outcome, Pending):
            done.settled += _settle(deployment, order, outcome, clock, now=now)
    for executed in venue.unordered():
        done.liquidated += _liquidate(deployment, executed, clock, now=now)
    done.valued += _value(deployment, venue, now=now)


def _waiting() -> QuerySet[Deployment]:
    """Find the paper deployments that hold a position or await an order, longest unseen first."""
    held = Position.objects.open().filter(deployment=OuterRef("pk"))
    awaited = Order.objects.filter(deployment=OuterRef("pk"), state__in=AT_THE_VENUE)
    waiting: QuerySet[Deployment] = (
        Deployment.objects.detailed()
        .filter(Q(Exists(held)) | Q(Exists(awaited)))
        .filter(mode=TradingMode.PAPER.value, feed__in=list(feeds.PROVIDERS))
        .annotate(seen_at=Max("equity_points__recorded_at"))
        .order_by("seen_at", "pk")
    )
    return waiting


def _clock_of(deployment: Deployment, *, now: datetime) -> Clock:
    """Give the moment of the tick; on a recording one that no pause of the house takes back."""
    feed = deployment.feed_clock
    if feed is None:
        return WallClock(lambda: now)
    seen_at = min(now, feed.seen_at)
    return StoppedClock(feeds.replay_clock(feed, read=lambda: seen_at).now())


def _is_between_cycles(deployment: Deployment, *, at: datetime) -> bool:
    """Tell whether the newest slot has been run to its end, and no later one has begun."""
    newest = CycleRun.objects.filter(deployment=deployment).order_by("-scheduled_for").first()
    if newest is None or newest.scheduled_for > at:
        return False
    if CycleRun.objects.running().filter(deployment=deployment).exists():
        return False
    if deployment.status != DeploymentStatus.ENABLED:
        return True
    has_run: bool = newest.scheduled_for >= deployment.timetable.newest(at)
    return has_run and newest.state != CycleState.RUNNING


def _at_the_venue(venue: PaperVenue) -> QuerySet[Order]:
    return (
        Order.objects.filter(account=venue.account, state__in=AT_THE_VENUE)
        .select_related("permit", "cycle")
        .order_by("created_at")
    )


def _locked(deployment: Deployment, *, at: datetime) -> PaperAccount | None:
    """Lock the account for one booking; None where a cycle has come to it meanwhile."""
    account = PaperAccount.objects.select_for_update().get(deployment=deployment)
    return account if _is_between_cycles(deployment, at=at) else None


def _settle(
    deployment: Deployment, order: Order, outcome: Outcome, clock: Clock, *, now: datetime
) -> bool:
    """Book what became of an order, as the next cycle would have; True where it was done."""
    with transaction.atomic():
        if _locked(deployment, at=clock.now()) is None:
            return False
        settlement.settle(order, outcome, simulated_time=clock.simulated, actor=ACTOR, now=now)
        end_trades(order.cycle, now=now)
    return True


def _liquidate(deployment: Deployment, executed: Executed, clock: Clock, *, now: datetime) -> bool:
    """Book a liquidation; True where it was done."""
    with transaction.atomic():
        account = _locked(deployment, at=clock.now())
        if account is None:
            return False
        fill = settlement.book_unordered(
            account, executed, simulated_time=clock.simulated, actor=ACTOR, now=now
        )
    return fill is not None


def _value(deployment: Deployment, venue: PaperVenue, *, now: datetime) -> bool:
    """Note what the account is worth, if the last point is old enough; True where it was done."""
    at = venue.clock.now()
    points = EquityPoint.objects.filter(deployment=deployment)
    newest = points.order_by("-as_of_at").values_list("as_of_at", flat=True).first()
    if newest is not None and at - newest < EQUITY_EVERY:
        return False
    quoted = venue.snapshot().quotes
    with transaction.atomic():
        account = _locked(deployment, at=at)
        if account is None:
            return False
        point = equity_point(
            account,
            venue.snapshot_at(quoted),
            as_of_at=at,
            simulated_time=venue.clock.simulated,
            on_clock=True,
            now=now,
        )
        if point is None:
            return False
        EquityPoint.objects.bulk_create([point], ignore_conflicts=True)
    return True
