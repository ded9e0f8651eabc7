"""The daily test of the way of alerts: one message to every channel, and a look whether it arrived.

That no alert comes says nothing as long as nobody knows that one would. The test is an alert like any
other: raised, told, sent. If a channel did not take it in time, another alert and `/health` say so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from atlas.alert_codes import PATH_BROKEN, PATH_TEST
from atlas.alerts import raise_alert, resolve, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.alert_channels import Channel
from atlas.domain.alerts import DeliveryState
from atlas.models import Alert, AlertDelivery
from atlas.registries import HealthResult

ACTOR = Actor.system("alert test")
PATH = ("alert path", "all channels")
PROVEN_WITHIN = timedelta(minutes=30)
# The test comes once a day; one that is two hours late did not come.
TESTED_EVERY = timedelta(hours=26)


def start_test(*, channels: Sequence[Channel], now: datetime) -> int | None:
    """Raise the test alert; gives its number, or None where no channel is there to be tested."""
    if not channels:
        return None
    return raise_alert(
        PATH_TEST,
        subject=PATH,
        key=f"{now:%Y-%m-%dT%H:%M:%S}",
        message=f"This is the test of {now:%Y-%m-%d %H:%M} UTC. Nothing is wrong.",
        now=now,
    )


def judge_tests(*, channels: Sequence[Channel], now: datetime) -> None:
    """End the tests that arrived everywhere, and tell of those that did not in time."""
    for test in Alert.objects.unresolved().filter(rule=PATH_TEST).order_by("pk"):
        missing = _missing(test, channels)
        if not missing:
            resolve(test, reason="it arrived on every channel", actor=ACTOR, now=now)
            resolve_by_itself(
                PATH_BROKEN, subject=PATH, reason="a test arrived everywhere", actor=ACTOR, now=now
            )
        elif now - test.first_seen_at >= PROVEN_WITHIN:
            _tell(test, missing, now=now)


def check_alerts(now: datetime) -> HealthResult:
    """Look whether the way of alerts is proven, for `/health`."""
    channels = settings.ATLAS_ALERT_SECRETS
    if not channels:
        return HealthResult(fit=True, state="no channel is set; read the console", detail={})
    waiting = AlertDelivery.objects.filter(next_attempt_at__isnull=False).count()
    detail: dict[str, Any] = {"channels": len(channels), "waiting": waiting}
    if Alert.objects.unresolved().filter(rule=PATH_BROKEN).exists():
        return HealthResult(fit=False, state="the last test did not arrive", detail=detail)
    newest = Alert.objects.filter(rule=PATH_TEST).order_by("-pk").first()
    if newest is None:
        return HealthResult(fit=True, state="not tested yet", detail=detail)
    if now - newest.first_seen_at > TESTED_EVERY:
        return HealthResult(fit=False, state="the daily test did not come", detail=detail)
    return HealthResult(fit=True, state="the way is tested daily", detail=detail)


def _missing(test: Alert, channels: Sequence[Channel]) -> list[str]:
    """Name the channels on which a test did not arrive (yet)."""
    arrived = AlertDelivery.objects.filter(
        notice__alert=test, state=DeliveryState.SENT
    ).values_list("channel", flat=True)
    return sorted({channel.name for channel in channels} - set(arrived))


def _tell(test: Alert, missing: Sequence[str], *, now: datetime) -> None:
    """Raise the alert about the way, and put the test away."""
    names = ", ".join(missing)
    raise_alert(
        PATH_BROKEN,
        subject=PATH,
        message=f"The test of {test.first_seen_at:%Y-%m-%d %H:%M} UTC did not arrive on: {names}.",
        now=now,
    )
    resolve(test, reason=f"it did not arrive on {names}", actor=ACTOR, now=now)
