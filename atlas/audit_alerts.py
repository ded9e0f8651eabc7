"""The looks at the audit log that end in alerts: a chain that is broken, events that wait too long."""

from datetime import datetime, timedelta

import structlog

from atlas import audit_heads, sealing
from atlas.alert_codes import AUDIT_BROKEN, AUDIT_NOT_SEALED
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor, record
from atlas.domain.errors import InvalidInput
from atlas.models import AuditEvent
from atlas.sealing import Finding

log = structlog.get_logger(__name__)

ACTOR = Actor.system("audit check")
CHAIN = ("audit log", "chain")
# The sealer runs each minute and waits a moment for open transactions.
UNSEALED_FOR = timedelta(minutes=15)
SHOWN = 5


def verify_and_tell(*, now: datetime) -> list[Finding]:
    """Recompute the chain, compare it with the heads that were kept, and tell of each contradiction.

    The alert does not end by itself: a log that was touched stays touched.
    """
    findings = [*sealing.verify(), *_against_kept_heads()]
    for finding in findings:
        log.error("audit_chain_broken", seal=finding.seal, message=finding.message)
        record(
            action="audit.contradiction",
            subject=("seal", str(finding.seal)),
            actor=ACTOR,
            now=now,
            reason=finding.message,
        )
    if findings:
        words = [f"Seal {one.seal}: {one.message}" for one in findings[:SHOWN]]
        if len(findings) > SHOWN:
            words.append(f"And {len(findings) - SHOWN} more.")
        raise_alert(AUDIT_BROKEN, subject=CHAIN, message="\n".join(words), now=now)
    return findings


def _against_kept_heads() -> list[Finding]:
    """Compare with the heads in the storage; one that cannot be read is a finding too."""
    kept = audit_heads.folder()
    if not kept.is_dir():
        return []
    try:
        return list(audit_heads.contradictions(kept))
    except InvalidInput as error:
        return [Finding(0, error.message)]


def look_at_sealing(*, now: datetime) -> bool:
    """Tell of events that wait for their seal too long; gives whether there are any."""
    head = sealing.head()
    waiting = AuditEvent.objects.filter(pk__gt=head.last_event if head else 0).order_by("pk")
    first = waiting.first()
    if first is None or now - first.occurred_at < UNSEALED_FOR:
        resolve_by_itself(
            AUDIT_NOT_SEALED, subject=CHAIN, reason="the events are sealed", actor=ACTOR, now=now
        )
        return False
    raise_alert(
        AUDIT_NOT_SEALED,
        subject=CHAIN,
        message=f"Event {first.pk} of {first.occurred_at:%Y-%m-%d %H:%M} UTC waits for its seal.",
        now=now,
    )
    return True
