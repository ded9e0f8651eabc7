"""Requests for a second person's word on one exact change."""

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from atlas.domain.states import ApprovalState
from atlas.models.base import choice_check, choice_list
from atlas.rights import APPEND, Rights

ENDS = ("REJECTED", "EXPIRED", "VOID", "USED")
# What somebody asked for; nobody rewrites it, not even the owner of the schema.
ASKED = (
    "kind",
    "subject_type",
    "subject_id",
    "change",
    "before",
    "change_hash",
    "reason",
    "requester",
    "requested_at",
    "requested_by_code",
    "expires_at",
)
DECIDED = (
    "state",
    "approver_id",
    "decided_at",
    "decision_reason",
    "decided_by_code",
    "used_at",
    "void_reason",
)


class ApprovalRequest(models.Model):
    """A change that one person wants and another must agree to before it happens.

    The hash covers the exact change: whoever executes it recomputes the hash, and a change that
    is no longer the same voids the request.
    """

    database_rights = Rights(app=APPEND, app_updates=DECIDED)

    kind = models.CharField(max_length=60, help_text="What is asked for, e.g. switch.restore")
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=120)
    change = models.JSONField(encoder=DjangoJSONEncoder)
    before = models.JSONField(
        encoder=DjangoJSONEncoder, default=dict, help_text="What stood there when it was asked for."
    )
    change_hash = models.CharField(max_length=66)
    state = models.CharField(
        max_length=16, choices=choice_list(ApprovalState), default=ApprovalState.PENDING
    )
    reason = models.CharField(max_length=500)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals_requested"
    )
    requested_at = models.DateTimeField()
    requested_by_code = models.BooleanField(
        default=False, help_text="Whether the request came with a fresh one-time password."
    )
    expires_at = models.DateTimeField()
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="approvals_decided",
    )
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    decided_by_code = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            choice_check("state", ApprovalState, name="approval_state_known"),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | ~Q(approver=F("requester")),
                name="approval_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["APPROVED", "USED"]) | Q(approver__isnull=False),
                name="approval_has_an_approver",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("requested_at")), name="approval_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(state="USED", used_at__isnull=False)
                | (~Q(state="USED") & Q(used_at__isnull=True)),
                name="approval_used_has_a_time",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="approval_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="approval_keeps_its_change",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*ASKED),
            ),
            pgtrigger.Protect(
                name="approval_end_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=ENDS),
            ),
        ]
        permissions = [
            ("decide_approval", "Can approve or reject another person's request"),
            ("request_live", "Can ask that a deployment trades real money"),
            ("request_allow_list", "Can ask for an addition to an allow-list"),
            ("request_signer", "Can ask for another signer"),
            ("request_contracts", "Can ask for other contracts to be believed"),
            ("request_adoption", "Can ask to adopt the chain's state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}: {self.state}"
