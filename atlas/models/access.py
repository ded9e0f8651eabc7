"""How people prove that they are themselves: one-time password devices, recovery codes, sessions."""

from django.conf import settings
from django.db import models


class OneTimeDevice(models.Model):
    """The authenticator that a person carries, one at a time.

    No secret lies in the row: the device's secret follows from the salt and the installation's
    secret key (`atlas.second_factor`). Every code belongs to a step of 30 seconds; steps up to
    `last_step` are spent, so a code that was seen once opens nothing again.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="one_time_device"
    )
    salt = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="Wrong codes since the last right.")
    failed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_step__gte=0), name="one_time_device_step_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"one-time password device of {self.user}"


class RecoveryCode(models.Model):
    """A code on paper that lets its owner in once when the device is not at hand."""

    device = models.ForeignKey(
        OneTimeDevice, on_delete=models.PROTECT, related_name="recovery_codes"
    )
    code_hash = models.CharField(max_length=66)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["device", "code_hash"], name="recovery_code_unique"),
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class SessionEpoch(models.Model):
    """How often all sessions of a person were ended; a session of an older epoch opens nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="session_epoch"
    )
    epoch = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"epoch {self.epoch} of {self.user}"
