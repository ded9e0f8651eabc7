"""How grave an alert is, and what becomes of it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class AlertSeverity(StrEnum):
    """What an alert asks of whoever sees it."""

    INFO = "INFO"  # worth knowing
    WARNING = "WARNING"  # look at it today
    CRITICAL = "CRITICAL"  # look at it now


class AlertState(StrEnum):
    """The life of one alert."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


ALERT_TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        AlertState.OPEN: frozenset({AlertState.ACKNOWLEDGED, AlertState.RESOLVED}),
        AlertState.ACKNOWLEDGED: frozenset({AlertState.RESOLVED}),
        AlertState.RESOLVED: frozenset(),  # what happens again afterwards is another alert
    }
)
