"""When imports call for a person: the rules, their words, and where the runbook says more."""

from atlas import registries
from atlas.domain.alerts import AlertSeverity
from atlas.registries import AlertRule

MISSED = "import_missed"
FAILED = "import_failed"
TURNED_DOWN = "import_turned_down"
QUARANTINED = "import_quarantined"
UNREACHABLE = "import_unreachable"
WAITING = "import_waiting"

RULES = {
    MISSED: AlertRule(
        severity=AlertSeverity.WARNING,
        title="An expected import did not come",
        remedy=(
            "Ask whoever makes the export whether it was made, look whether the source answers, then "
            "fetch it with `manage.py fetch_imports --source NAME`. The alert ends by itself once an "
            "import of the source is applied."
        ),
        section="a-missed-import",
    ),
    FAILED: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="An import failed",
        remedy=(
            "Nothing of it was applied. Read the failure on the run's page, mend what it names, and "
            "import the same file again. If it names a mistake of Atlas, keep the log lines of the run."
        ),
        section="a-failed-import",
    ),
    TURNED_DOWN: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A file was turned down",
        remedy=(
            "Nothing of it was applied. Read the issues on the run's page and have the export made "
            "again, or apply the good records with --allow-partial where that is right."
        ),
        section="a-file-that-was-turned-down",
    ),
    QUARANTINED: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A file lies in quarantine",
        remedy=(
            "Read the reason file beside it in the inbox's folder `quarantine`. Mend the file and put "
            "it into the inbox under a new name, or remove it; then resolve this alert."
        ),
        section="a-quarantined-file",
    ),
    UNREACHABLE: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A source of imports cannot be read",
        remedy=(
            "Look at the address of the source, its credentials, and whether its host is among those "
            "that may be reached. The alert ends by itself once the source answers."
        ),
        section="a-source-that-cannot-be-read",
    ),
    WAITING: AlertRule(
        severity=AlertSeverity.INFO,
        title="An import waits for a person",
        remedy=(
            "Look at what it would change on the run's page, then apply it or turn it down. Where a "
            "strategy that trades live would change, a second person must agree first. The alert ends "
            "by itself once the run is decided."
        ),
        section="an-import-that-waits",
    ),
}


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for code, rule in RULES.items():
        registries.alert_rules.add(code, rule)
