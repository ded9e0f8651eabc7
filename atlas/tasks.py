"""Couriers of the ground floor: the sealer of the audit log, the nightly looks, the alerts."""

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from atlas import approvals, orphans, sealing
from atlas.alert_planning import plan_notices
from atlas.alert_sending import send_due
from atlas.audit import Actor, record

log = structlog.get_logger(__name__)


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
    """Recompute the chain; whatever contradicts it is logged and recorded."""
    for finding in sealing.verify():
        log.error("audit_chain_broken", seal=finding.seal, message=finding.message)
        record(
            action="audit.contradiction",
            subject=("seal", str(finding.seal)),
            actor=Actor.system("audit check"),
            now=timezone.now(),
            reason=finding.message,
        )


@shared_task(soft_time_limit=60, time_limit=90)
def tell_alerts() -> None:
    """Write the messages that are due and send them; a channel that hangs holds up nothing else."""
    channels = settings.ATLAS_ALERT_SECRETS
    plan_notices(now=timezone.now(), channels=channels, terms=settings.ATLAS_ALERT_TERMS)
    send_due(clock=timezone.now, channels=channels)
