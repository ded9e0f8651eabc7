"""A node as this process knows it: its breaker, its speed, how far behind it is, how often to ask.

All of it is local to the process and rebuilt within seconds; nothing of it decides about money.
"""

from collections import Counter
from dataclasses import dataclass, field

LATENCY_WEIGHT = 0.2
FAILURES_TO_OPEN = 3
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0
DISTRUST_SECONDS = 300.0
# One block of lag costs as much as this much latency when nodes are compared.
LAG_BLOCK_SECONDS = 0.05
FAILURE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """How a node may be used; the address is secret and never shown."""

    name: str
    url: str = field(repr=False)
    priority: int = 100
    weight: int = 1
    requests_per_second: int = 20
    log_range_blocks: int = 10_000


@dataclass(slots=True)
class Endpoint:
    """The state of one node. Times are seconds of a monotonic clock that the caller passes."""

    config: EndpointConfig
    is_chain_checked: bool = False
    head_block: int = 0
    highest_block: int = 0
    latency_seconds: float = 0.0
    failures_in_row: int = 0
    closed_until: float = 0.0
    untrusted_because: str = ""
    log_range: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    tokens: float = 0.0
    tokens_at: float | None = None

    def __post_init__(self) -> None:
        self.log_range = self.config.log_range_blocks

    @property
    def name(self) -> str:
        """Give the name by which it is configured."""
        return self.config.name

    def is_open(self, now: float) -> bool:
        """Say whether the breaker lets requests through; after its pause one may try again."""
        return now >= self.closed_until

    def score(self, best_head: int) -> float:
        """Rate the node: the smaller, the healthier. Latency, lag and recent failures count."""
        lag = max(best_head - self.head_block, 0) if self.head_block else 0
        return (
            self.latency_seconds + lag * LAG_BLOCK_SECONDS + self.failures_in_row * FAILURE_SECONDS
        )

    def answered(self, seconds: float, *, is_wanted: bool = True) -> None:
        """Note an answer: the latency moves towards it, and the breaker closes.

        Not so the answer to which chain a node serves: one that fails at everything else would
        never have a pause.
        """
        self.outcomes["answered"] += 1
        if is_wanted:
            self.failures_in_row = 0
            self.untrusted_because = ""
        is_first = self.latency_seconds == 0
        weight = 1.0 if is_first else LATENCY_WEIGHT
        self.latency_seconds += weight * (seconds - self.latency_seconds)

    def failed(self, kind: str, now: float, *, pause_seconds: float | None = None) -> None:
        """Note a failure; after a few in a row, or when the node asks for it, it has a pause.

        The pause doubles with each further failure. The chain is asked for again afterwards: behind
        one address another machine may answer.
        """
        self.outcomes[kind] += 1
        self.failures_in_row += 1
        self.is_chain_checked = False
        extra = self.failures_in_row - FAILURES_TO_OPEN
        if pause_seconds is not None:
            self.closed_until = max(self.closed_until, now + pause_seconds)
        elif extra >= 0:
            pause = min(FIRST_PAUSE_SECONDS * 2**extra, LONGEST_PAUSE_SECONDS)
            self.closed_until = max(self.closed_until, now + pause)

    def distrust(self, reason: str, now: float) -> None:
        """Take the node out of use because it told what cannot be true."""
        self.outcomes["untrusted"] += 1
        self.untrusted_because = reason
        self.is_chain_checked = False
        self.head_block = self.highest_block = 0
        self.closed_until = now + DISTRUST_SECONDS

    def wait_for_turn(self, now: float) -> float:
        """Take one of the requests that are allowed a second; give the seconds to wait for it."""
        rate = float(self.config.requests_per_second)
        if self.tokens_at is None:
            self.tokens, self.tokens_at = rate, now
        self.tokens = min(rate, self.tokens + (now - self.tokens_at) * rate)
        self.tokens_at = now
        self.tokens -= 1
        return max(0.0, -self.tokens / rate)
