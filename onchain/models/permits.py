"""Permits: single-use authorisations of one exact intent."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q

from atlas.domain.states import PermitKind, PermitState
from atlas.models.base import choice_check, choice_list
from atlas.rights import APPEND, READ, Rights
from onchain.vocabulary import PermitVenue

FROZEN_COLUMNS = ["id", "venue", "kind", "intent_digest", "intent_tag", "issued_at", "expires_at"]


class TransactionPermit(models.Model):
    """The gate's word that one intent, and only that one, may go to a venue once.

    The chain's floor does not know orders: a permit carries the digest of the intent and an opaque
    tag. It is inserted by `onchain.permits.issue` alone; what it permits never changes.
    """

    database_rights = Rights(app=APPEND, signer=READ, app_updates=("state", "ended_at"))

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    venue = models.CharField(max_length=8, choices=choice_list(PermitVenue))
    kind = models.CharField(max_length=12, choices=choice_list(PermitKind))
    state = models.CharField(
        max_length=12, choices=choice_list(PermitState), default=PermitState.ISSUED
    )
    intent_digest = models.CharField(max_length=66)
    intent_tag = models.CharField(max_length=80, help_text="Names the order attempt, opaque here.")
    switch_epoch = models.BigIntegerField(help_text="Epoch of the switch that allowed it.")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-issued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["intent_tag"],
                condition=Q(state__in=["ISSUED", "RESERVED", "CONSUMED"]),
                name="permit_one_live_per_order_attempt",
            ),
            choice_check("venue", PermitVenue, name="permit_venue_known"),
            choice_check("kind", PermitKind, name="permit_kind_known"),
            choice_check("state", PermitState, name="permit_state_known"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="permit_expires_later"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="permit_meaning_frozen", fields=FROZEN_COLUMNS),
            pgtrigger.Protect(name="permit_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} permit {self.pk}: {self.state}"
