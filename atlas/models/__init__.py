"""The rows of the ground floor."""

from atlas.models.access import OneTimeDevice, RecoveryCode, SessionEpoch
from atlas.models.alerts import Alert, AlertDelivery, AlertNotice
from atlas.models.approvals import ApprovalRequest
from atlas.models.audit import AuditEvent, AuditSeal
from atlas.models.heartbeats import Heartbeat
from atlas.models.keys import ApiKey
from atlas.models.schedules import ShippedSchedule
from atlas.models.signer import SignerAttestation
from atlas.models.switches import TradingState, TradingStateChange

__all__ = [
    "Alert",
    "AlertDelivery",
    "AlertNotice",
    "ApiKey",
    "ApprovalRequest",
    "AuditEvent",
    "AuditSeal",
    "Heartbeat",
    "OneTimeDevice",
    "RecoveryCode",
    "SessionEpoch",
    "ShippedSchedule",
    "SignerAttestation",
    "TradingState",
    "TradingStateChange",
]
