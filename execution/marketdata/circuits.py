"""What this process knows of each endpoint: its breaker and its pace, kept between cycles.

Providers are made anew for each cycle, the state of an endpoint is not: it lives here, one a source
and address, and is rebuilt within seconds after a restart.
"""

import threading
from dataclasses import dataclass

from execution.marketdata.breaker import Breaker
from execution.marketdata.pacing import Pace

REQUESTS_PER_SECOND = 5.0
BURST = 10


@dataclass(frozen=True, slots=True)
class Circuit:
    """The breaker and the pace of one endpoint."""

    breaker: Breaker
    pace: Pace


class Circuits:
    """All endpoints that this process has asked."""

    def __init__(self, *, per_second: float = REQUESTS_PER_SECOND, burst: int = BURST) -> None:
        self._per_second, self._burst = per_second, burst
        self._known: dict[tuple[str, str], Circuit] = {}
        self._lock = threading.Lock()

    def of(self, source: str, base_url: str) -> Circuit:
        """Give what is known of an endpoint; a new one is closed and rested."""
        with self._lock:
            known = self._known.get((source, base_url))
            if known is None:
                known = Circuit(Breaker(), Pace(self._per_second, self._burst))
                self._known[source, base_url] = known
            return known


CIRCUITS = Circuits()
