"""When limits call for a person: the rules, their words, and where the runbook says more."""

from atlas import registries
from atlas.domain.alerts import AlertSeverity
from atlas.registries import AlertRule

NEAR = "limit_near"
REACHED = "limit_reached"
TIGHTENED = "limit_tightened_a_switch"

RULES = {
    NEAR: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A limit is nearly used up",
        remedy=(
            "Look at the deployment's limits in use. Decide before the limit is reached whether the "
            "deployment should be paused. The alert ends by itself once the use has come back."
        ),
        section="a-limit-that-is-nearly-used-up",
    ),
    REACHED: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A limit is reached",
        remedy=(
            "Nothing that adds risk goes out until the use has come back; exits do. Counted limits "
            "come back with the next hour or day. The alert ends by itself."
        ),
        section="a-limit-that-is-reached",
    ),
    TIGHTENED: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="A limit on losses or failures brought a switch to REDUCING",
        remedy=(
            "Only exits go out under this switch. Find out why the limit broke, decide what becomes "
            "of the open positions, and restore the switch by hand; nothing restores it by itself."
        ),
        section="a-switch-that-a-limit-tightened",
    ),
}


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for code, rule in RULES.items():
        registries.alert_rules.add(code, rule)
