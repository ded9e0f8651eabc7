"""What a run would change in the catalogue, worked out once and applied as it stands."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from atlas.models.base import choice_check, choice_list
from imports.formats.vocabulary import Kind
from imports.vocabulary import Action


class ChangeGroup(models.Model):
    """How many records of one kind and owner a run inserts, updates, deletes and leaves alone."""

    run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.PROTECT, db_index=False, related_name="change_groups"
    )
    kind = models.CharField(max_length=20, choices=choice_list(Kind))
    owner = models.CharField(max_length=120, blank=True)
    inserted = models.BigIntegerField()
    updated = models.BigIntegerField()
    unchanged = models.BigIntegerField()
    deleted = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "owner"], name="change_group_one_per_owner"
            ),
            choice_check("kind", Kind, name="change_group_kind_known"),
        ]

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.owner}: +{self.inserted} ~{self.updated} "
            f"={self.unchanged} -{self.deleted}"
        )


class RecordChange(models.Model):
    """One row of the catalogue that a run changes; `before` is what stood there.

    A group that only inserts has no rows here: its staged records are its changes.
    """

    run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.PROTECT, db_index=False, related_name="record_changes"
    )
    kind = models.CharField(max_length=20, choices=choice_list(Kind))
    action = models.CharField(max_length=8, choices=choice_list(Action))
    owner = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=200)
    ordinal = models.BigIntegerField(null=True, help_text="The staged record; none for a deletion.")
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["run", "kind", "action"], name="record_change_of_run"),
        ]
        constraints = [
            choice_check("kind", Kind, name="record_change_kind_known"),
            choice_check("action", Action, name="record_change_action_known"),
            models.CheckConstraint(
                condition=Q(action="insert") | Q(before__isnull=False),
                name="record_change_remembers_what_was",
            ),
            models.CheckConstraint(
                condition=Q(action="delete") | Q(ordinal__isnull=False),
                name="record_change_names_its_record",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.owner} {self.key}"
