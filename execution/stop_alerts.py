"""When a touched stop calls for a person: nothing may go out, and the position stays open."""

from datetime import datetime

from atlas import registries
from atlas.alerts import raise_alert
from atlas.domain.alerts import AlertSeverity
from atlas.registries import AlertRule
from execution.stops import Touched

BLOCKED = "stop_blocked"

RULE = AlertRule(
    severity=AlertSeverity.CRITICAL,
    title="A stop was touched while trading is halted",
    remedy=(
        "The position stays open while the switch is HALTED. Decide at once: restore the switch to "
        "REDUCING, which lets the stop out and nothing that adds risk, or close the position by a "
        "flatten job. Look at its distance to liquidation first."
    ),
    section="a-stop-that-is-halted",
)


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    registries.alert_rules.add(BLOCKED, RULE)


def tell_halted(one: Touched, *, now: datetime) -> None:
    """Raise the alert of a stop that may not go out: one for a deployment, however often it speaks."""
    raise_alert(
        BLOCKED,
        subject=one.deployment,
        message=f"{one.deployment}: {one.signal.reason} The switch of its scope is HALTED.",
        now=now,
    )
