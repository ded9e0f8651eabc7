"""A clock that stands still: the time of one decision on recorded data.

A recording waits for its reader. While a cycle decides, its feed does not move on, so a slow
machine decides as a fast one does, and the decision can be repeated years later.
"""

from dataclasses import dataclass
from datetime import datetime

from atlas.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class StoppedClock:
    """A `Clock` that always shows `at`, a recording's time."""

    at: datetime

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        if self.at.tzinfo is None:
            raise InvalidInput("A stopped clock needs a time zone.")

    @property
    def simulated(self) -> bool:
        """Tell that this time is a recording's."""
        return True

    def now(self) -> datetime:
        """Give the time at which the clock stands."""
        return self.at
