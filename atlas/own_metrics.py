"""The metrics of the ground floor: alerts, signs of life, switches."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count

from atlas.domain.states import SwitchState
from atlas.models import Alert, Heartbeat, TradingState
from atlas.registries import Family


def families(now: datetime) -> Iterable[Family]:
    """Read the ground floor's figures from its rows."""
    unresolved = Alert.objects.unresolved().values_list("severity", "state", "rule")
    yield Family(
        "atlas_alerts",
        "gauge",
        "Alerts that are not resolved.",
        ("severity", "state", "rule"),
        [(tuple(row), count) for *row, count in unresolved.annotate(Count("pk")).order_by()],
    )
    yield Family(
        "atlas_heartbeat_age_seconds",
        "gauge",
        "How long ago each part of the house was last known to be alive.",
        ("part",),
        [((one.name,), (now - one.seen_at).total_seconds()) for one in Heartbeat.objects.all()],
    )
    switches = TradingState.objects.values_list("scope", "state").annotate(Count("pk"))
    yield Family(
        "atlas_trading_switches",
        "gauge",
        "Trading switches by scope and state.",
        ("scope", "state"),
        [((scope, SwitchState(state)), count) for scope, state, count in switches.order_by()],
    )
