"""The pace of one endpoint: no more requests a second than we allow ourselves.

A bucket holds as many tokens as requests may go out at once and fills at the allowed rate. Times
are seconds of a monotonic clock that the caller passes.
"""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """A token bucket: `per_second` in the long run, at most `burst` at once."""

    per_second: float
    burst: int
    tokens: float = 0.0
    filled_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, now: float, *, most_seconds: float) -> float | None:
        """Take a turn and give the seconds to wait for it; None, and no turn, where it is too long.

        A turn that is not taken costs nobody else any time.
        """
        with self.lock:
            held = float(self.burst)
            if self.filled_at is not None:
                held = min(held, self.tokens + (now - self.filled_at) * self.per_second)
            wait = max(0.0, (1.0 - held) / self.per_second)
            if wait > most_seconds:
                return None
            self.tokens, self.filled_at = held - 1.0, now
            return wait
