"""When the door calls for a person: locked-out logins and guessed one-time passwords."""

from atlas import registries
from atlas.domain.alerts import AlertSeverity
from atlas.registries import AlertRule

LOCKED_OUT = "login_locked_out"
GUESSING = "second_factor_guessed"

RULES = {
    LOCKED_OUT: AlertRule(
        severity=AlertSeverity.WARNING,
        title="Somebody is locked out after wrong passwords",
        remedy=(
            "Ask the person whether it was them. If not, somebody guesses: look at the address in the "
            "audit log and block it in front of Atlas. The lock opens by itself after a quarter of an "
            "hour, or at once with `manage.py unlock_login NAME --reason ...`."
        ),
        section="a-locked-out-login",
    ),
    GUESSING: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="Somebody guesses one-time passwords",
        remedy=(
            "Whoever does this knows the password already. Unless it was the person with a clock that "
            "is wrong: give the account a new password in the console, which ends its sessions, and "
            "look in the audit log for what the address did."
        ),
        section="guessed-one-time-passwords",
    ),
}


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for code, rule in RULES.items():
        registries.alert_rules.add(code, rule)
