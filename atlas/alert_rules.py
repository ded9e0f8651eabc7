"""When the ground floor itself calls for a person: its rules, their words, and the runbook's section."""

from atlas import registries
from atlas.alert_codes import (
    AUDIT_BROKEN,
    AUDIT_NOT_SEALED,
    DEAD_MAN,
    ORPHANS,
    PART_SILENT,
    PATH_BROKEN,
    PATH_TEST,
    UNDELIVERED,
)
from atlas.domain.alerts import AlertSeverity
from atlas.registries import AlertRule

RULES = {
    UNDELIVERED: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="A channel takes no alerts",
        remedy=(
            "Read the error on the delivery's page, then look at the channel's address in the settings, "
            "its credentials, and whether its host is reachable from the worker. Until it works again, "
            "read the alerts in the console. The alert ends by itself once a message arrives."
        ),
        section="a-channel-that-takes-no-alerts",
    ),
    PATH_TEST: AlertRule(
        severity=AlertSeverity.INFO,
        title="Daily test of the way of alerts",
        remedy="Nothing: this message shows that alerts reach you. Look into it on a day it is missing.",
        section="the-daily-test-alert",
    ),
    PATH_BROKEN: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="The daily test alert did not arrive",
        remedy=(
            "Alerts may not reach anybody. Look whether the worker of the queue `default` runs and what "
            "the deliveries of the test say; until a test arrives, watch the console. The alert ends by "
            "itself with the next test that arrives everywhere."
        ),
        section="the-daily-test-alert",
    ),
    AUDIT_BROKEN: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="The audit log was touched",
        remedy=(
            "Halt trading. Somebody with the rights of the database's owner edited, removed or moved "
            "events. Keep the database as it is, run `manage.py verify_audit --against FILE` with the "
            "newest exported head, and compare with the last backup before anything else is done."
        ),
        section="an-audit-log-that-was-touched",
    ),
    AUDIT_NOT_SEALED: AlertRule(
        severity=AlertSeverity.WARNING,
        title="The audit log is not being sealed",
        remedy=(
            "Events wait longer than the sealer needs. Look for a transaction that stays open in "
            "pg_stat_activity and end it; look whether the worker of `default` runs. The alert ends by "
            "itself once the events are sealed."
        ),
        section="an-audit-log-that-is-not-sealed",
    ),
    ORPHANS: AlertRule(
        severity=AlertSeverity.WARNING,
        title="Rows without a parent",
        remedy=(
            "Run `manage.py check_orphans` and read which tables and rows it names. Rows of series do "
            "not lose their parent in daily work: ask what was deleted by hand or restored in part. The "
            "alert ends by itself with the first nightly look that finds none."
        ),
        section="rows-without-a-parent",
    ),
    PART_SILENT: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="A part of the house is silent",
        remedy=(
            "Look whether the process runs and what its last log lines say, then start it again. Nothing "
            "is scheduled without beat, and nothing is done on a queue without a worker. The alert ends "
            "by itself once the part is alive."
        ),
        section="a-silent-part",
    ),
    DEAD_MAN: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="Trading was brought to reducing: nobody watches",
        remedy=(
            "The scheduler or the trading worker left no sign of life for longer than is allowed. Bring "
            "it back, look at open positions, then restore the switch by hand with a reason: it does not "
            "come back by itself."
        ),
        section="the-dead-man-switch",
    ),
}


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for code, rule in RULES.items():
        registries.alert_rules.add(code, rule)
