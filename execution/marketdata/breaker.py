"""The breaker of one endpoint: closed, open for a while, then half-open for one probe.

All times are seconds of a monotonic clock that the caller passes. Several threads may share one.
"""

import threading
from dataclasses import dataclass, field
from enum import StrEnum

FAILURES_TO_OPEN = 3
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
PROBE_SECONDS = 30.0  # after which a probe that never came back no longer blocks the next one


class BreakerState(StrEnum):
    """Whether requests go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row and gives an endpoint a pause that doubles while it keeps failing."""

    failures_in_row: int = 0
    open_until: float = 0.0
    probe_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def state(self, now: float) -> BreakerState:
        """Tell what a request would meet at `now`."""
        if now < self.open_until:
            return BreakerState.OPEN
        if self.failures_in_row >= FAILURES_TO_OPEN:
            return BreakerState.HALF_OPEN
        return BreakerState.CLOSED

    def admit(self, now: float) -> bool:
        """Tell whether a request may go out; half-open, the first asker is the only one."""
        with self.lock:
            state = self.state(now)
            if state is not BreakerState.HALF_OPEN:
                return state is BreakerState.CLOSED
            if now < self.probe_until:
                return False
            self.probe_until = now + PROBE_SECONDS
            return True

    def succeeded(self) -> None:
        """Close: the endpoint answered as it should."""
        with self.lock:
            self.failures_in_row, self.open_until, self.probe_until = 0, 0.0, 0.0

    def failed(self, now: float, *, pause_seconds: float = 0.0) -> bool:
        """Note a failure; tells whether the breaker opened by it.

        `pause_seconds` is what the endpoint itself asked for; it opens at once, but not for longer
        than the longest pause, so that nobody can switch a source off for good.
        """
        with self.lock:
            self.failures_in_row += 1
            self.probe_until = 0.0
            doublings = self.failures_in_row - FAILURES_TO_OPEN
            earned = FIRST_PAUSE_SECONDS * 2 ** min(doublings, 16) if doublings >= 0 else 0.0
            pause = min(max(earned, pause_seconds), LONGEST_PAUSE_SECONDS)
            if pause <= 0:
                return False
            self.open_until = max(self.open_until, now + pause)
            return True

    def wait_seconds(self, now: float) -> float:
        """Give how long to wait until a request may go out again."""
        return max(0.0, self.open_until - now, self.probe_until - now)
