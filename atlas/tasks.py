"""Couriers of the ground floor: the sealer of the audit log and the nightly looks."""

import structlog
from celery import shared_task
from django.utils import timezone

from atlas import orphans, sealing
from atlas.audit import Actor, record

log = structlog.get_logger(__name__)


@shared_task
def seal_audit_log() -> None:
    """Seal what is settled."""
    sealing.seal_settled(now=timezone.now())


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
