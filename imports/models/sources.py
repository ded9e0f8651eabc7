"""Sources of exports: the ways by which files reach us, and what was fetched from them last."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from atlas.models.base import RatioField, choice_check, choice_list
from imports.vocabulary import SourceKind, SourcePolicy

GIBIBYTE = 1024**3
HANDED = (SourceKind.FILE, SourceKind.STDIN)


class ImportSourceQuerySet(models.QuerySet["ImportSource"]):
    """Reads of sources."""

    def fetched(self) -> "ImportSourceQuerySet":
        """Keep those that we look at, as opposed to those whose files are handed to us."""
        return self.exclude(kind__in=[kind.value for kind in HANDED])

    def scheduled(self) -> "ImportSourceQuerySet":
        """Keep those that are looked at again and again."""
        return self.fetched().filter(enabled=True, cadence_seconds__isnull=False)

    def awaited(self) -> "ImportSourceQuerySet":
        """Keep those whose silence is worth an alert."""
        return self.filter(enabled=True, expected_every_seconds__isnull=False)


class ImportSource(models.Model):
    """A way by which exports reach us, and how suspiciously its figures are looked at.

    Files are handed to some sources; others are looked at by us: a folder in which a producer leaves
    files, an address on the web, objects in a bucket. Imports of one source take turns; imports of
    different sources meet only when they are applied. A source names credentials and never holds them.
    """

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=8, choices=choice_list(SourceKind))
    address = models.CharField(
        max_length=500,
        blank=True,
        help_text="An inbox's folder, https://host/path, s3://bucket/key or s3://bucket/folder/.",
    )
    credentials = models.CharField(
        max_length=60, blank=True, help_text="Name of an entry of ATLAS_IMPORT_CREDENTIALS."
    )
    enabled = models.BooleanField(default=True)
    cadence_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds between two looks; empty: only when asked."
    )
    expected_every_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Silence longer than this is an alert; empty: never."
    )
    policy = models.CharField(
        max_length=8,
        choices=choice_list(SourcePolicy),
        default=SourcePolicy.REVIEW,
        help_text="Whether what was fetched waits for a person or is applied at once.",
    )
    allow_partial = models.BooleanField(
        default=False, help_text="Apply the good records of a file that holds bad ones."
    )
    wanted_format = models.CharField(max_length=40, default="auto")
    largest_bytes = models.BigIntegerField(
        default=GIBIBYTE, help_text="A larger file is not fetched."
    )
    jump_threshold_ratio = RatioField(
        default=Decimal("0.5"),
        help_text="A step of a series that is larger than this share is reported.",
    )
    weight_tolerance_ratio = RatioField(
        default=Decimal("0.02"),
        help_text="Weights of a moment that miss 1 by more than this are reported.",
    )
    claim_tolerance_ratio = RatioField(
        default=Decimal("0.02"),
        help_text="A claimed metric that differs from ours by more than this share is reported.",
    )
    created_at = models.DateTimeField()
    watched_since_at = models.DateTimeField(
        null=True, blank=True, help_text="Silence counts from here where nothing came since."
    )
    looked_at = models.DateTimeField(null=True, blank=True)
    look_failure = models.TextField(blank=True, help_text="Why the last look came to nothing.")
    arrived_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last brought a file that could be used."
    )

    objects = ImportSourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        # The code of a violation names the column at which a form shows it.
        constraints = [
            choice_check("kind", SourceKind, name="import_source_kind_known"),
            choice_check("policy", SourcePolicy, name="import_source_policy_known"),
            models.CheckConstraint(
                condition=Q(jump_threshold_ratio__gt=0),
                name="import_source_threshold_positive",
                violation_error_code="jump_threshold_ratio",
                violation_error_message="The threshold of a jump must be more than 0.",
            ),
            models.CheckConstraint(
                condition=Q(weight_tolerance_ratio__gt=0, weight_tolerance_ratio__lte=1),
                name="import_source_weights_by_a_share",
                violation_error_code="weight_tolerance_ratio",
                violation_error_message="A tolerance is more than 0 and at most 1.",
            ),
            models.CheckConstraint(
                condition=Q(claim_tolerance_ratio__gt=0, claim_tolerance_ratio__lte=1),
                name="import_source_claims_by_a_share",
                violation_error_code="claim_tolerance_ratio",
                violation_error_message="A tolerance is more than 0 and at most 1.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["file", "stdin"], address="")
                | (~Q(kind__in=["file", "stdin"]) & ~Q(address="")),
                name="import_source_address_where_we_look",
            ),
            models.CheckConstraint(
                condition=Q(cadence_seconds__isnull=True) | Q(cadence_seconds__gte=10),
                name="import_source_cadence_not_hasty",
                violation_error_code="cadence_seconds",
                violation_error_message="Between two looks lie at least 10 seconds.",
            ),
            models.CheckConstraint(
                condition=Q(expected_every_seconds__isnull=True)
                | Q(expected_every_seconds__gte=60),
                name="import_source_patience",
                violation_error_code="expected_every_seconds",
                violation_error_message="Silence is told of after 60 seconds at the earliest.",
            ),
            models.CheckConstraint(
                condition=Q(largest_bytes__gt=0),
                name="import_source_size_positive",
                violation_error_code="largest_bytes",
                violation_error_message="The largest file must have at least one byte.",
            ),
            models.UniqueConstraint(
                fields=["kind", "address"],
                condition=~Q(address=""),
                name="import_source_one_per_address",
                violation_error_code="address",
                violation_error_message="Another source looks at this address already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FetchedObject(models.Model):
    """A file at a source as it was when we last took it: what its host called that version of it.

    The host is asked for it again only if it has another version, so that a file that was turned down
    is not turned down anew with each look.
    """

    source = models.ForeignKey(
        ImportSource, on_delete=models.PROTECT, db_index=False, related_name="fetched_objects"
    )
    name = models.CharField(max_length=1024, help_text="The address or the bucket's key.")
    etag = models.CharField(max_length=200, blank=True)
    modified = models.CharField(max_length=60, blank=True, help_text="As the host wrote it.")
    version = models.CharField(max_length=200, blank=True, help_text="The bucket's version id.")
    size_bytes = models.BigIntegerField()
    fetched_at = models.DateTimeField()
    run = models.ForeignKey(
        "imports.ImportRun", on_delete=models.PROTECT, related_name="fetched_objects"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="fetched_object_one_per_name"),
            models.CheckConstraint(
                condition=Q(size_bytes__gte=0), name="fetched_object_size_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name
