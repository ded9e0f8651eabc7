"""How one strategy appears in full."""

from typing import Any

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from strategies.headlines import evidence_of
from strategies.models import SeriesRevision, Strategy
from strategies.parts import DetailPart, detail_parts
from strategies.revisions import restatements
from strategies.serializers import (
    BenchmarkSerializer,
    HeadlineSerializer,
    StrategyItemSerializer,
)


class SeriesRestatementSerializer(serializers.ModelSerializer[SeriesRevision]):
    """A change of published history; the old figures are told by `data_version_before`."""

    data_version_before = serializers.IntegerField(source="version_before")
    data_version_after = serializers.IntegerField(source="version_after")
    points_revised = serializers.IntegerField(source="revised_count")
    points_withdrawn = serializers.IntegerField(source="withdrawn_count")
    points_inserted = serializers.IntegerField(source="inserted_count")

    class Meta:
        model = SeriesRevision
        fields = [
            "source",
            "data_version_before",
            "data_version_after",
            "first_changed_at",
            "points_revised",
            "points_withdrawn",
            "points_inserted",
            "reference",
            "noted_at",
        ]
        read_only_fields = fields


class PartField(serializers.Field[Any, Any, Any, Any]):
    """What a higher floor knows about a strategy, in the form that the floor declares."""

    def __init__(self, part: DetailPart) -> None:
        super().__init__(source="*", read_only=True)
        self.part = part

    def to_representation(self, strategy: Strategy) -> Any:
        """Read the part and word it."""
        return self.part.field().to_representation(self.part.read(strategy.pk))


def _part_field(part: DetailPart) -> PartField:
    """Make the field of a part, described as the part's own field is."""
    field = PartField(part)
    set_override(field, "field", part.field())
    return field


class StrategyDetailSerializer(StrategyItemSerializer):
    """Everything that is published about one strategy."""

    parameters = serializers.DictField(read_only=True)
    benchmark = BenchmarkSerializer(read_only=True, allow_null=True)
    evidence = serializers.SerializerMethodField(
        help_text="The metrics of every window and kind of evidence, the best evidence first."
    )
    restatements = serializers.SerializerMethodField(
        help_text="Changes of published history, the newest first."
    )

    class Meta(StrategyItemSerializer.Meta):
        fields = [
            *StrategyItemSerializer.Meta.fields,
            "description",
            "rule",
            "parameters",
            "benchmark",
            "source_hash",
            "created_at",
            "evidence",
            "restatements",
        ]
        read_only_fields = fields

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add what higher floors know about a strategy."""
        return {**super().get_fields(), **{name: _part_field(part) for name, part in detail_parts}}

    @extend_schema_field(HeadlineSerializer(many=True))
    def get_evidence(self, strategy: Strategy) -> list[dict[str, Any]]:
        """Give all metrics that there are."""
        return [dict(HeadlineSerializer(one).data) for one in evidence_of(strategy)]

    @extend_schema_field(SeriesRestatementSerializer(many=True))
    def get_restatements(self, strategy: Strategy) -> list[dict[str, Any]]:
        """Give the notices of changed history."""
        return list(SeriesRestatementSerializer(restatements(strategy), many=True).data)
