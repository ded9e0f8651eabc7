"""Requests for a second person's word on one exact change."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from atlas.domain.states import ApprovalState
from atlas.models.base import choice_check, choice_list


class ApprovalRequest(models.Model):
    """A change that one person wants and another must agree to before it happens.

    The hash covers the exact change: whoever executes it recomputes the hash, and a change that
    is no longer the same voids the request.
    """

    kind = models.CharField(max_length=60, help_text="What is asked for, e.g. switch.restore")
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=120)
    change = models.JSONField(encoder=DjangoJSONEncoder)
    change_hash = models.CharField(max_length=66)
    state = models.CharField(
        max_length=16, choices=choice_list(ApprovalState), default=ApprovalState.PENDING
    )
    reason = models.CharField(max_length=500)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals_requested"
    )
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="approvals_decided",
    )
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    used_at = models.DateTimeField(null=True)

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
        ]
        permissions = [("decide_approval", "Can approve or reject another person's request")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}: {self.state}"
