"""Clocks and the grid of slots on which cycles run.

Decisions take their time from a `Clock`. A live or paper deployment uses the wall clock; a replayed
feed maps the wall to the time of its recording, and what it produces is labelled simulated. Audit
rows, leases and expiries of permits always use the wall clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from atlas.domain.candles import EPOCH
from atlas.domain.errors import InvalidInput
from atlas.domain.units import ONE, ceil_to, exact, floor_to

_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Where a decision takes its time from."""

    @property
    def simulated(self) -> bool:
        """Tell whether the time is a recording's and not the world's."""

    def now(self) -> datetime:
        """Give the present moment of the feed, aware."""


@dataclass(frozen=True, slots=True)
class WallClock:
    """The world's time, read through a callable that gives aware datetimes."""

    read: Callable[[], datetime]

    @property
    def simulated(self) -> bool:
        """Tell that this time is real."""
        return False

    def now(self) -> datetime:
        """Read the wall."""
        return self.read()


@dataclass(frozen=True, slots=True)
class ReplayClock:
    """The time of a recording that plays at `speed` since `anchor_wall_at`.

    At `anchor_wall_at` the recording stands at `anchor_feed_at`; one second on the wall is `speed`
    seconds of the recording. The mapping is exact to the microsecond and never runs backwards.
    """

    read: Callable[[], datetime]
    anchor_wall_at: datetime
    anchor_feed_at: datetime
    speed: Decimal

    def __post_init__(self) -> None:
        """Refuse a recording that stands still or runs backwards, and anchors without a zone."""
        if not self.speed.is_finite() or self.speed <= 0:
            raise InvalidInput(f"The replay speed must be above 0, not {self.speed}.")
        if self.anchor_wall_at.tzinfo is None or self.anchor_feed_at.tzinfo is None:
            raise InvalidInput("The anchors of a replay need a time zone.")

    @property
    def simulated(self) -> bool:
        """Tell that this time is a recording's."""
        return True

    def now(self) -> datetime:
        """Give the recording's time that belongs to the present wall time."""
        return self.feed_time(self.read())

    def feed_time(self, wall_at: datetime) -> datetime:
        """Map a wall time to the recording's time, rounded down to the microsecond."""
        elapsed = (wall_at - self.anchor_wall_at) // _MICROSECOND
        with exact():
            played = floor_to(elapsed * self.speed, ONE)
        return self.anchor_feed_at + timedelta(microseconds=int(played))

    def wall_time(self, feed_at: datetime) -> datetime:
        """Give the first wall time at which the recording has reached `feed_at`."""
        elapsed = (feed_at - self.anchor_feed_at) // _MICROSECOND
        with exact():
            waited = ceil_to(elapsed / self.speed, ONE)
        return self.anchor_wall_at + timedelta(microseconds=int(waited))


def slot_at(at: datetime, cadence: timedelta, offset: timedelta = timedelta(0)) -> datetime:
    """Give the last slot that is not after `at`.

    Slots are multiples of `cadence` since 1970-01-01 UTC, moved by `offset`.
    """
    if cadence <= timedelta(0):
        raise InvalidInput(f"A cadence must be longer than nothing, not {cadence}.")
    return at - (at - EPOCH - offset) % cadence


def next_slot(at: datetime, cadence: timedelta, offset: timedelta = timedelta(0)) -> datetime:
    """Give the first slot after `at`."""
    return slot_at(at, cadence, offset) + cadence


def slots_between(
    after_at: datetime, until_at: datetime, cadence: timedelta, offset: timedelta = timedelta(0)
) -> tuple[datetime, ...]:
    """List the slots after `after_at` up to and including `until_at`, oldest first."""
    first = next_slot(after_at, cadence, offset)
    count = max(0, (until_at - first) // cadence + 1)
    return tuple(first + cadence * index for index in range(count))
