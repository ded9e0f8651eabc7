"""Alerts: what somebody should look at, told once however often it happens."""

from django.db import models
from django.db.models import F, Q

from atlas.domain.alerts import AlertSeverity, AlertState
from atlas.models.base import choice_check, choice_list
from atlas.rights import NONE, Rights

UNRESOLVED = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


class AlertQuerySet(models.QuerySet["Alert"]):
    """Reads of alerts."""

    def unresolved(self) -> "AlertQuerySet":
        """Keep those whose cause may still be there."""
        return self.filter(state__in=[state.value for state in UNRESOLVED])

    def of(self, rule: str, key: str) -> "AlertQuerySet":
        """Keep those of one rule about one thing."""
        return self.filter(rule=rule, dedupe_key=key)


class Alert(models.Model):
    """Something that a person should look at, and whether somebody has.

    The same rule about the same thing is one row until it is resolved: each further time only raises
    its count. An acknowledged alert is somebody's; it goes on counting and is not told again.
    """

    database_rights = Rights(app=frozenset({"SELECT", "INSERT", "UPDATE"}), signer=NONE)

    rule = models.CharField(max_length=60, help_text="Which registered rule speaks.")
    dedupe_key = models.CharField(max_length=200, help_text="What it speaks of.")
    severity = models.CharField(max_length=8, choices=choice_list(AlertSeverity))
    title = models.CharField(max_length=200)
    message = models.TextField(help_text="What happened and where, the last time.")
    remedy = models.TextField(help_text="What to do about it.")
    runbook = models.CharField(max_length=80, help_text="Section of the runbook.")
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=120, blank=True)
    count = models.BigIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    state = models.CharField(
        max_length=16, choices=choice_list(AlertState), default=AlertState.OPEN
    )
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolution = models.CharField(max_length=500, blank=True, help_text="Why it is over.")

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "-last_seen_at"], name="alert_state"),
            models.Index(fields=["subject_type", "subject_id"], name="alert_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "dedupe_key"],
                condition=Q(state__in=[state.value for state in UNRESOLVED]),
                name="alert_one_unresolved_per_key",
            ),
            choice_check("state", AlertState, name="alert_state_known"),
            choice_check("severity", AlertSeverity, name="alert_severity_known"),
            models.CheckConstraint(condition=Q(count__gt=0), name="alert_happened"),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")), name="alert_seen_in_order"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="ACKNOWLEDGED") | Q(acknowledged_at__isnull=False),
                name="alert_acknowledged_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="RESOLVED", resolved_at__isnull=False)
                | (~Q(state="RESOLVED") & Q(resolved_at__isnull=True)),
                name="alert_resolved_has_a_time",
            ),
        ]
        permissions = [("handle_alert", "Can acknowledge and resolve alerts")]

    def __str__(self) -> str:
        return f"{self.title} ({self.count}x)"
