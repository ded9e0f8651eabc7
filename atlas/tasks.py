"""Couriers of the ground floor: the sealer of the audit log, the nightly looks, the alerts."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from atlas import alert_path, approvals, audit_alerts, audit_heads, orphans, sealing
from atlas.alert_planning import plan_notices
from atlas.alert_sending import send_due


@shared_task
def seal_audit_log() -> None:
    """Seal what is settled."""
    sealing.seal_settled(now=timezone.now())


@shared_task
def sweep_approvals() -> None:
    """End what expired or went stale."""
    approvals.sweep_approvals(now=timezone.now())


@shared_task
def check_orphans() -> None:
    """Look for rows without a parent."""
    orphans.report_orphans(now=timezone.now())


@shared_task
def verify_audit_log() -> None:
    """Recompute the chain; whatever contradicts it or a kept head is recorded and told."""
    audit_alerts.verify_and_tell(now=timezone.now())


@shared_task
def export_audit_head() -> None:
    """Keep today's head of the audit chain outside of the database."""
    audit_heads.keep(now=timezone.now())


@shared_task
def start_alert_test() -> None:
    """Send the daily test through every channel."""
    alert_path.start_test(channels=settings.ATLAS_ALERT_SECRETS, now=timezone.now())


@shared_task
def look_after_alerts() -> None:
    """Judge the test of the way of alerts, and look whether the audit log is sealed."""
    alert_path.judge_tests(channels=settings.ATLAS_ALERT_SECRETS, now=timezone.now())
    audit_alerts.look_at_sealing(now=timezone.now())


@shared_task(soft_time_limit=60, time_limit=90)
def tell_alerts() -> None:
    """Write the messages that are due and send them; a channel that hangs holds up nothing else."""
    channels = settings.ATLAS_ALERT_SECRETS
    plan_notices(now=timezone.now(), channels=channels, terms=settings.ATLAS_ALERT_TERMS)
    send_due(clock=timezone.now, channels=channels)
