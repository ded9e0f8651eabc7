"""What makes an unchanged file cheap: which records it holds, and from which the catalogue was made."""

from django.db import models
from django.db.models import F, Q

from atlas.models.base import choice_check, choice_list
from imports.formats.vocabulary import Kind

DIGEST_LENGTH = 32  # hexadecimal digits of 128 bits


class StagedGroup(models.Model):
    """The records of one kind and owner in a file: how many count, how many were turned down.

    Where `same_as` names an earlier run, that run's staged records are the same ones and the
    catalogue still stood as they had made it, so they were not staged a second time.
    """

    run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.PROTECT, db_index=False, related_name="staged_groups"
    )
    kind = models.CharField(max_length=20, choices=choice_list(Kind))
    owner = models.CharField(max_length=120, blank=True)
    good = models.BigIntegerField()
    rejected = models.BigIntegerField()
    digest = models.CharField(
        max_length=DIGEST_LENGTH,
        blank=True,
        help_text="Of the records as they are staged; empty where they need a look each time.",
    )
    same_as = models.ForeignKey(
        "imports.ImportRun",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="repeated_groups",
    )
    row_count = models.BigIntegerField(
        default=0, help_text="Of the catalogue's rows of this kind and owner at the review."
    )
    row_versions = models.CharField(
        max_length=DIGEST_LENGTH, blank=True, help_text="Which row versions these were."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "owner"], name="staged_group_one_per_owner"
            ),
            choice_check("kind", Kind, name="staged_group_kind_known"),
            models.CheckConstraint(
                condition=Q(good__gte=0) & Q(rejected__gte=0),
                name="staged_group_counts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(same_as__isnull=True) | (~Q(digest="") & Q(rejected=0)),
                name="staged_group_repeats_only_what_was_clean",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}: {self.good} records"


class ContentDigest(models.Model):
    """The records that the catalogue's rows of one kind and owner were last made from.

    It holds only while these rows are the very row versions that the import left behind:
    `row_versions` names them. Whatever else writes, changes or deletes a row makes other versions,
    so nobody has to remember to tell.
    """

    kind = models.CharField(max_length=20, choices=choice_list(Kind))
    owner = models.CharField(max_length=120)
    digest = models.CharField(max_length=DIGEST_LENGTH, help_text="Of the records.")
    records = models.BigIntegerField()
    row_count = models.BigIntegerField(help_text="More than the records where a delta added some.")
    row_versions = models.CharField(max_length=DIGEST_LENGTH)
    run = models.ForeignKey(
        "imports.ImportRun",
        on_delete=models.PROTECT,
        db_index=False,
        related_name="content_digests",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "owner"], name="content_digest_one_per_owner"),
            choice_check("kind", Kind, name="content_digest_kind_known"),
            models.CheckConstraint(
                condition=Q(records__gt=0) & Q(row_count__gte=F("records")),
                name="content_digest_counts_agree",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}: {self.digest}"
