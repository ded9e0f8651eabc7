"""What a file holds: its records as they are to be applied, and what is wrong with them."""

from django.db import models
from django.db.models import F, Func, Value

from atlas.models.base import choice_check, choice_list
from imports.formats.vocabulary import Kind, Severity


class StagedRecord(models.Model):
    """One record of a file, read and understood, waiting beside the catalogue.

    `content` is the record in its current form; the bytes as they were written lie in the stored
    file at `byte_start`. A rejected record stays for reading and never becomes anything.
    """

    # In the order of the file, so that each row goes to the end of the index.
    pk = models.CompositePrimaryKey("run_id", "ordinal", "kind")
    run = models.ForeignKey(
        "imports.ImportRun",
        on_delete=models.PROTECT,
        db_constraint=False,  # one COPY writes them beside their run; a check a row costs a third
        db_index=False,
        related_name="staged_records",
    )
    ordinal = models.BigIntegerField(help_text="Its place in the file, from 1.")
    kind = models.CharField(max_length=20, choices=choice_list(Kind))
    owner = models.CharField(
        max_length=120, help_text="Slug of the strategy or benchmark, or account of the vault."
    )
    key = models.CharField(max_length=200, help_text="What tells it from the owner's others.")
    content = models.JSONField(null=True)
    byte_start = models.BigIntegerField()
    byte_length = models.BigIntegerField()
    is_rejected = models.BooleanField()
    content_hash = models.GeneratedField(
        expression=Func(F("content"), Value(0), function="jsonb_hash_extended"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            choice_check("kind", Kind, name="staged_record_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner} {self.key}".strip()


class ImportIssue(models.Model):
    """One thing that is wrong, or worth a look, in a file."""

    run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.PROTECT, db_index=False, related_name="issues"
    )
    severity = models.CharField(max_length=8, choices=choice_list(Severity))
    code = models.CharField(max_length=40)
    message = models.TextField()
    path = models.CharField(max_length=200, blank=True, help_text="Where it stands in the file.")
    kind = models.CharField(max_length=20, blank=True)
    owner = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=200, blank=True)
    field = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True, help_text="What was found there.")
    byte_start = models.BigIntegerField(null=True, blank=True)
    byte_length = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["run", "severity", "id"], name="import_issue_of_run"),
        ]
        constraints = [
            choice_check("severity", Severity, name="import_issue_severity_known"),
        ]

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}"
