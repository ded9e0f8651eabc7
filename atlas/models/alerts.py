"""Alerts: what somebody should look at, told once however often it happens."""

from django.db import models
from django.db.models import F, Q

from atlas.domain.alerts import AlertSeverity, AlertState, DeliveryState, Occasion
from atlas.models.base import append_only, choice_check, choice_list
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
            models.Index(
                fields=["resolved_at"], condition=Q(state="RESOLVED"), name="alert_resolved"
            ),
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


class AlertNotice(models.Model):
    """One time that people are told of an alert: why, and in which words.

    Where many alerts of one rule are told in one breath, one notice carries the others: these have
    no message of their own.
    """

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="notices")
    number = models.PositiveIntegerField(help_text="1 for the first time.")
    occasion = models.CharField(max_length=16, choices=choice_list(Occasion))
    severity = models.CharField(max_length=8, choices=choice_list(AlertSeverity))
    count = models.BigIntegerField(help_text="How often it had happened by then.")
    level = models.PositiveSmallIntegerField(default=0, help_text="How often it was escalated.")
    title = models.CharField(max_length=250)
    body = models.TextField()
    carried_by = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="carried"
    )
    waiting_since = models.DateTimeField(help_text="From when on its escalation counts.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        triggers = append_only("alert_notice")
        indexes = [models.Index(fields=["made_at"], name="alert_notice_made")]
        constraints = [
            models.UniqueConstraint(fields=["alert", "number"], name="alert_notice_one_a_number"),
            choice_check("occasion", Occasion, name="alert_notice_occasion_known"),
            choice_check("severity", AlertSeverity, name="alert_notice_severity_known"),
            models.CheckConstraint(condition=Q(number__gt=0), name="alert_notice_counted"),
            models.CheckConstraint(
                condition=~Q(carried_by=F("pk")), name="alert_notice_carried_by_another"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertDelivery(models.Model):
    """The way of one notice to one channel: how often it was tried, and what came of it."""

    database_rights = Rights(app=frozenset({"SELECT", "INSERT", "UPDATE"}), signer=NONE)

    notice = models.ForeignKey(AlertNotice, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=40, help_text="Name of the channel in the settings.")
    state = models.CharField(
        max_length=8, choices=choice_list(DeliveryState), default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(
        null=True, help_text="When it is due; while it is sent: when it counts as lost."
    )
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "alert deliveries"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="alert_delivery_due",
            ),
            models.Index(fields=["channel", "-sent_at"], name="alert_delivery_channel"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel"], name="alert_delivery_one_a_channel"
            ),
            choice_check("state", DeliveryState, name="alert_delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "SENDING"], next_attempt_at__isnull=False)
                | Q(state__in=["SENT", "FAILED"], next_attempt_at__isnull=True),
                name="alert_delivery_due_until_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False)
                | (~Q(state="SENT") & Q(sent_at__isnull=True)),
                name="alert_delivery_sent_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice} to {self.channel}"
