"""The audit log: who did what to what, when, from where and why."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from atlas.models.base import append_only
from atlas.rights import APPEND, Rights


class AuditEvent(models.Model):
    """One thing that a person, a schedule or a worker did; never edited, never deleted."""

    database_rights = Rights(app=APPEND, signer=APPEND)

    occurred_at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150, help_text="User name, or the name of the automation.")
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="audit_events"
    )
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=80, help_text="noun.verb, for example switch.halt")
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=120)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_event_subject"),
            models.Index(fields=["action", "-occurred_at"], name="audit_event_action"),
        ]
        triggers = append_only("audit_event")

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject_type} {self.subject_id}"


class AuditSeal(models.Model):
    """A link of the hash chain over a batch of audit events.

    The seal lives apart from the events so that writers never queue behind one another: a single
    sealer chains committed rows in batches.
    """

    first_event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="+")
    last_event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="+")
    event_count = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=66)
    seal_hash = models.CharField(max_length=66)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["previous_hash"], name="audit_seal_is_a_chain"),
            models.UniqueConstraint(fields=["seal_hash"], name="audit_seal_hash_unique"),
            models.CheckConstraint(
                condition=models.Q(event_count__gt=0), name="audit_seal_not_empty"
            ),
        ]
        triggers = append_only("audit_seal")

    def __str__(self) -> str:
        return f"seal {self.pk} over {self.event_count} events"
