"""What the ground floor registers of itself: its schedules and its metrics."""

from atlas import access_alerts, alert_rules, registries
from atlas.alert_path import check_alerts
from atlas.approval_kinds import staleness
from atlas.own_metrics import families
from atlas.registries import Schedule
from atlas.restoring import RESTORE_KIND, why_restore_stale

DAY_SECONDS = 24 * 3600

SCHEDULES = {
    "atlas-seal-audit": Schedule(
        task="atlas.tasks.seal_audit_log",
        every_seconds=60,
        queue="default",
        description="Chains the audit events that nobody can add to any more.",
        expires_seconds=60,
    ),
    "atlas-verify-audit": Schedule(
        task="atlas.tasks.verify_audit_log",
        every_seconds=DAY_SECONDS,
        queue="default",
        description="Recomputes the audit log's chain and tells what contradicts it.",
        expires_seconds=3600,
    ),
    "atlas-sweep-approvals": Schedule(
        task="atlas.tasks.sweep_approvals",
        every_seconds=60,
        queue="default",
        description="Ends approvals that ran out or whose change is no longer the same.",
        expires_seconds=60,
    ),
    "atlas-check-orphans": Schedule(
        task="atlas.tasks.check_orphans",
        every_seconds=DAY_SECONDS,
        queue="default",
        description="Looks for rows of series whose parent is gone.",
        expires_seconds=3600,
    ),
    "atlas-export-audit-head": Schedule(
        task="atlas.tasks.export_audit_head",
        every_seconds=DAY_SECONDS,
        queue="default",
        description="Keeps the head of the audit chain outside of the database.",
        expires_seconds=3600,
    ),
    "atlas-test-alerts": Schedule(
        task="atlas.tasks.start_alert_test",
        every_seconds=DAY_SECONDS,
        queue="default",
        description="Sends a test through every channel of alerts.",
        expires_seconds=3600,
    ),
    "atlas-look-after-alerts": Schedule(
        task="atlas.tasks.look_after_alerts",
        every_seconds=60,
        queue="default",
        description="Looks whether the test of alerts arrived and the audit log is sealed.",
        expires_seconds=60,
    ),
    "atlas-tell-alerts": Schedule(
        task="atlas.tasks.tell_alerts",
        every_seconds=10,
        queue="default",
        description="Decides which alerts are told and sends the messages.",
        expires_seconds=10,
    ),
}


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for name, schedule in SCHEDULES.items():
        registries.schedules.add(name, schedule)
    access_alerts.register()
    alert_rules.register()
    registries.health_checks.add("alerts", check_alerts)
    staleness.add(RESTORE_KIND, why_restore_stale)
    registries.metrics.add("atlas", families)
