"""The metrics of the ground floor: alerts, signs of life, switches."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Min

from atlas.domain.states import SwitchState
from atlas.models import Alert, AlertDelivery, Heartbeat, TradingState
from atlas.registries import Family

DELIVERIES_OF = timedelta(days=1)


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
    yield from _deliveries(now)
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


def _deliveries(now: datetime) -> Iterable[Family]:
    """Read how the messages about alerts fare; those that arrived long ago are left out."""
    recent = AlertDelivery.objects.filter(notice__made_at__gt=now - DELIVERIES_OF)
    states = recent.values_list("channel", "state").annotate(Count("pk")).order_by()
    yield Family(
        "atlas_alert_deliveries",
        "gauge",
        "Messages about alerts of the last day, by channel and what became of them.",
        ("channel", "state"),
        [((channel, state), count) for channel, state, count in states],
    )
    waiting = AlertDelivery.objects.filter(next_attempt_at__isnull=False)
    oldest = waiting.values_list("channel").annotate(Min("notice__made_at")).order_by()
    yield Family(
        "atlas_alert_delivery_oldest_age_seconds",
        "gauge",
        "Age of the oldest message that has not arrived yet.",
        ("channel",),
        [((channel,), (now - made_at).total_seconds()) for channel, made_at in oldest],
    )
