"""What was published before: revisions of series, and the points that each of them replaced.

A published figure may change when a producer corrects its history. The old one stays readable by
the data version that it was published under.
"""

from django.db import models
from django.db.models import F, Q

from atlas.models.base import UsdField, choice_check, choice_list
from strategies.vocabulary import SeriesSource


class SeriesRevision(models.Model):
    """One change of a series: points were added at its end, or published history was restated.

    Up to `version_before` the series ended at `last_at_before` (null: it did not exist) and had the
    superseded points of this revision in the place of those there are now. It is a restatement
    where it counts any point of published history.
    """

    strategy = models.ForeignKey(
        "strategies.Strategy", on_delete=models.PROTECT, related_name="revisions"
    )
    source = models.CharField(max_length=10, choices=choice_list(SeriesSource))
    version_before = models.BigIntegerField()
    version_after = models.BigIntegerField()
    last_at_before = models.DateTimeField(null=True)
    first_changed_at = models.DateTimeField(null=True)
    revised_count = models.PositiveIntegerField(help_text="Points that got another value.")
    withdrawn_count = models.PositiveIntegerField(help_text="Points that were taken away.")
    inserted_count = models.PositiveIntegerField(
        help_text="Points that appeared before the end of the published history."
    )
    reference = models.CharField(max_length=120, help_text="What made the change.")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["-version_after", "source"]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "source", "version_after"],
                name="series_revision_one_per_version",
            ),
            choice_check("source", SeriesSource, name="series_revision_source_known"),
            models.CheckConstraint(
                condition=Q(version_after__gt=F("version_before")),
                name="series_revision_raises_the_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.source} v{self.version_after}"


class SupersededPoint(models.Model):
    """What a point of a series said before a revision; no NAV: it was not there."""

    pk = models.CompositePrimaryKey("revision_id", "as_of_at")
    revision = models.ForeignKey(
        SeriesRevision,
        on_delete=models.PROTECT,
        db_constraint=False,  # written beside their revision by one statement
        db_index=False,
        related_name="superseded_points",
    )
    as_of_at = models.DateTimeField()
    nav_per_share_usd = UsdField(null=True)
    aum_usd = UsdField(null=True)

    def __str__(self) -> str:
        return f"{self.revision_id} {self.as_of_at:%Y-%m-%d}"
