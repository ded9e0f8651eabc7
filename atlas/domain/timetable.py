"""The timetable of a deployment: which slot is to be run now, and what becomes of missed ones.

Slots lie on the grid of the bars, moved by an offset. Jitter spreads deployments of one cadence
over a stretch of time, so that hundreds of them do not begin in the same second; it delays a
beginning and never moves the slot itself. It is drawn from the deployment's key and the slot, so
that two schedulers, and the same one after a restart, wait equally long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from atlas.domain.clock import slot_at, slots_between
from atlas.domain.errors import InvalidInput

# A slot that nobody has begun within this share of the cadence counts as missed where missed slots
# are skipped.
GRACE_SHARE = 4
# So many missed slots are run one after the other at most; what is older is given up and counted.
MOST_CAUGHT_UP = 96

_DRAWN_BYTES = 8


class MissedSlots(StrEnum):
    """What becomes of slots that nobody ran, because the house was down or full."""

    SKIP = "skip"  # none is run late; the next one is run in its time
    LATEST = "latest"  # the newest is run, however late
    ALL = "all"  # each is run, the oldest first, one at a time


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a deployment's cycles begin; all times are the feed's.

    `offset` moves the slots and is shorter than the cadence; `jitter` is the longest delay of a
    beginning and shorter than the grace of a slot.
    """

    cadence: timedelta
    offset: timedelta = timedelta(0)
    jitter: timedelta = timedelta(0)
    missed: MissedSlots = MissedSlots.LATEST

    def __post_init__(self) -> None:
        """Refuse a timetable that could not be kept."""
        if not timedelta(0) <= self.offset < self.cadence:
            raise InvalidInput(
                f"The offset must be at least 0 and below the cadence of {self.cadence}, not "
                f"{self.offset}."
            )
        if not timedelta(0) <= self.jitter < self.grace:
            raise InvalidInput(
                f"The jitter must be at least 0 and below a quarter of the cadence, {self.grace}, "
                f"not {self.jitter}."
            )

    @property
    def grace(self) -> timedelta:
        """Give how long after its beginning a slot is not missed yet."""
        return self.cadence / GRACE_SHARE

    def newest(self, now: datetime) -> datetime:
        """Give the newest slot."""
        return slot_at(now, self.cadence, self.offset)

    def due(
        self, *, now: datetime, born_at: datetime, last: datetime | None, key: str
    ) -> datetime | None:
        """Give the slot that is to be run now, None where there is none.

        `born_at` is when the deployment was made: no slot before it is its own. `last` is the
        newest slot that was begun, `key` names the deployment among others.
        """
        newest = self.newest(now)
        if newest < born_at or (last is not None and newest <= last):
            return None
        slot = self._oldest_missed(newest, born_at, last) if self._catches_up else newest
        if self.missed is MissedSlots.SKIP and now - slot > self.grace:
            return None
        return slot if now >= slot + self.delay_of(slot, key) else None

    def delay_of(self, slot: datetime, key: str) -> timedelta:
        """Draw how long after a slot its cycle begins, from nothing up to the jitter."""
        drawn = sha256(f"{key} {slot.isoformat()}".encode()).digest()[:_DRAWN_BYTES]
        share: float = int.from_bytes(drawn, "big") / 2 ** (8 * _DRAWN_BYTES)
        return self.jitter * share

    def overdue_share(self, slot: datetime, now: datetime) -> float:
        """Give how much of its time a slot has waited, as a share of the cadence."""
        return (now - slot) / self.cadence

    @property
    def _catches_up(self) -> bool:
        return self.missed is MissedSlots.ALL

    def _oldest_missed(
        self, newest: datetime, born_at: datetime, last: datetime | None
    ) -> datetime:
        """Give the oldest slot that is still caught up."""
        oldest_at = newest - (MOST_CAUGHT_UP - 1) * self.cadence
        first_at = max(oldest_at, born_at if last is None else last + timedelta.resolution)
        return slots_between(first_at - timedelta.resolution, newest, self.cadence, self.offset)[0]
