"""Feeds: which time a deployment lives in, and who gives it market data.

The world's time, or a recording's. A recording that is played has a `FeedClock`: it maps the wall
to recorded time while the house runs, and stands still while it does not.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import transaction

from atlas.domain.candles import Timeframe
from atlas.domain.clock import Clock, ReplayClock, WallClock
from atlas.domain.errors import InvalidInput
from atlas.domain.stopped_clock import StoppedClock
from execution.marketdata import sources
from execution.marketdata.base import MarketData
from execution.marketdata.replay import ReplayMarketData
from execution.models import Deployment, FeedClock

REPLAY = "replay"
PAUSE_AFTER = timedelta(seconds=60)
# How far into its recordings a feed begins, so that slow rules are warm from the first cycle on.
LEAD = timedelta(days=30)

ReadClock = Callable[[], datetime]


def clock_for(deployment: Deployment, *, read: ReadClock) -> Clock:
    """Give the clock that decides when a deployment's slots are due; `read` reads the wall."""
    feed = deployment.feed_clock
    if feed is None:
        return WallClock(read)
    return replay_clock(feed, read=read)


def replay_clock(feed: FeedClock, *, read: ReadClock) -> ReplayClock:
    """Read a feed's row as a clock."""
    return ReplayClock(read, feed.anchor_wall_at, feed.anchor_feed_at, feed.speed)


def clock_of_cycle(deployment: Deployment, slot: datetime, *, read: ReadClock) -> Clock:
    """Give the time that one cycle lives in: its slot on recorded data, else the wall's."""
    return WallClock(read) if deployment.feed_clock is None else StoppedClock(slot)


def market_data_for(deployment: Deployment, *, clock: Clock) -> MarketData:
    """Give the market data that a deployment listens to, at the time of `clock`.

    Raises InvalidInput for a feed that nobody provides.
    """
    provide = PROVIDERS.get(deployment.feed)
    if provide is None:
        raise InvalidInput(
            f"Nobody provides the feed {deployment.feed!r}; known are {', '.join(sorted(PROVIDERS))}."
        )
    return provide(deployment, clock)


def _replay(deployment: Deployment, clock: Clock) -> MarketData:
    return ReplayMarketData.of_folder(market_data_folder(), deployment.markets, clock)


PROVIDERS: dict[str, Callable[[Deployment, Clock], MarketData]] = {
    REPLAY: _replay,
    "gmx": lambda _deployment, clock: sources.gmx(clock),
    "pyth": lambda _deployment, clock: sources.pyth(clock),
    "gmx+pyth": lambda _deployment, clock: sources.gmx_and_pyth(clock),
}


def market_data_folder() -> Path:
    """Give the folder of recordings that the settings name."""
    return Path(settings.ATLAS_MARKET_DATA_DIR)


def play(
    *, name: str, market: str, timeframe: Timeframe, speed: Decimal, now: datetime
) -> FeedClock:
    """Start to play the recording of a market, or join a feed that is already playing.

    A new feed begins 30 days into the recording. Raises InvalidInput where the recording is
    shorter than that, UnusableData where there is none.
    """
    feed = FeedClock.objects.filter(name=name).first()
    if feed is not None:
        return feed
    recorded = ReplayMarketData.of_folder(market_data_folder(), [market], StoppedClock(now))
    begins_at = recorded.begins_at(market, timeframe) + LEAD
    ends_at = recorded.ends_at(market, timeframe)
    if ends_at is None or begins_at >= ends_at:
        raise InvalidInput(
            f"The recording of {market} {timeframe} is shorter than the {LEAD.days} days that a "
            "feed needs to warm up."
        )
    feed, _ = FeedClock.objects.get_or_create(
        name=name,
        defaults={
            "anchor_wall_at": now,
            "anchor_feed_at": begins_at,
            "speed": speed,
            "seen_at": now,
        },
    )
    return feed


def watch(feed: FeedClock, *, now: datetime) -> FeedClock:
    """Say that the house looks at a feed; after a pause it goes on where it stood.

    Without this a recording would run out while nobody was there.
    """
    with transaction.atomic():
        row = FeedClock.objects.select_for_update().get(pk=feed.pk)
        if now - row.seen_at > PAUSE_AFTER:
            row.anchor_feed_at = replay_clock(row, read=lambda: now).feed_time(row.seen_at)
            row.anchor_wall_at = now
        row.seen_at = max(row.seen_at, now)
        row.save(update_fields=["anchor_wall_at", "anchor_feed_at", "seen_at"])
    return row
