"""Runs: each brings one file into the catalogue."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from atlas.domain.states import ImportState
from atlas.models.base import choice_check, choice_list
from imports.formats.vocabulary import Mode
from imports.models.sources import ImportSource

OPEN_STATES = (ImportState.RECEIVED, ImportState.STAGED, ImportState.REVIEWED)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    """Reads of runs."""

    def unfinished(self) -> "ImportRunQuerySet":
        """Keep those that may still be applied."""
        return self.filter(state__in=[state.value for state in OPEN_STATES])

    def applied(self) -> "ImportRunQuerySet":
        """Keep those whose change-set is in the catalogue."""
        applied = (ImportState.APPLIED, ImportState.APPLIED_PARTIAL)
        return self.filter(state__in=[state.value for state in applied])

    def of_bytes(self, source: "ImportSource", sha256: str) -> "ImportRunQuerySet":
        """Keep those of the very same bytes from the same source."""
        return self.filter(source=source, sha256=sha256)


class ImportRun(models.Model):
    """One file on its way into the catalogue: received, staged, reviewed, applied.

    The bytes are kept as they came, under their hash. What the run would change is worked out once
    (`changeset_hash`) and exactly that is applied, or nothing.
    """

    source = models.ForeignKey(ImportSource, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(
        max_length=16, choices=choice_list(ImportState), default=ImportState.RECEIVED
    )
    sha256 = models.CharField(max_length=64, help_text="Of the bytes as they were received.")
    size_bytes = models.BigIntegerField()
    received_from = models.CharField(max_length=500, help_text="Name of the file as it was given.")
    received_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150)
    wanted_format = models.CharField(max_length=40, default="auto")
    format = models.CharField(max_length=40, blank=True, help_text="Name, version and shape.")
    mode = models.CharField(max_length=10, blank=True)
    producer = models.CharField(max_length=120, blank=True, help_text="Who the file says made it.")
    generated_at = models.DateTimeField(null=True, blank=True)
    record_count = models.BigIntegerField(default=0)
    rejected_count = models.BigIntegerField(default=0)
    error_count = models.BigIntegerField(default=0)
    warning_count = models.BigIntegerField(default=0)
    changeset = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    changeset_hash = models.CharField(max_length=64, blank=True)
    catalogue_mark = models.CharField(
        max_length=64, blank=True, help_text="What the catalogue looked like when it was reviewed."
    )
    applied_mark = models.CharField(
        max_length=64, blank=True, help_text="What the catalogue looked like once it was applied."
    )
    seconds = models.JSONField(default=dict, help_text="How long each phase took.")
    failure = models.TextField(blank=True)
    staged_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    pruned_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its staged records went; it can no longer be reverted.",
    )

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["source", "sha256"], name="import_run_bytes"),
            models.Index(fields=["state", "-id"], name="import_run_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "sha256"],
                condition=Q(state__in=[state.value for state in OPEN_STATES]),
                name="import_run_one_open_per_bytes",
            ),
            choice_check("state", ImportState, name="import_run_state_known"),
            models.CheckConstraint(
                condition=Q(mode__in=["", *(mode.value for mode in Mode)]),
                name="import_run_mode_known",
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__gte=0) & Q(record_count__gte=0),
                name="import_run_counts_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["REVIEWED", "APPLIED", "APPLIED_PARTIAL"])
                | ~Q(changeset_hash=""),
                name="import_run_reviewed_has_a_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}: {self.received_from}, {self.state.lower()}"
