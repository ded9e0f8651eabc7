"""How grave an alert is, and what becomes of it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class AlertSeverity(StrEnum):
    """What an alert asks of whoever sees it."""

    INFO = "INFO"  # worth knowing
    WARNING = "WARNING"  # look at it today
    CRITICAL = "CRITICAL"  # look at it now

    @property
    def rank(self) -> int:
        """Give its place among the severities; the graver the higher."""
        return list(AlertSeverity).index(self)

    def raised(self, steps: int) -> "AlertSeverity":
        """Give the severity that is so many steps graver, the gravest at most."""
        ladder = list(AlertSeverity)
        return ladder[min(self.rank + steps, len(ladder) - 1)]


class AlertState(StrEnum):
    """The life of one alert."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


class Occasion(StrEnum):
    """Why people are told of an alert."""

    NEW = "NEW"
    GRAVER = "GRAVER"  # its severity rose since it was last told
    AGAIN = "AGAIN"  # its cause went on, and the cool-down is over
    ESCALATED = "ESCALATED"  # nobody took it on in time
    OVER = "OVER"


class DeliveryState(StrEnum):
    """The life of one message to one channel."""

    WAITING = "WAITING"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"  # given up after the last attempt


ALERT_TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        AlertState.OPEN: frozenset({AlertState.ACKNOWLEDGED, AlertState.RESOLVED}),
        AlertState.ACKNOWLEDGED: frozenset({AlertState.RESOLVED}),
        AlertState.RESOLVED: frozenset(),  # what happens again afterwards is another alert
    }
)
