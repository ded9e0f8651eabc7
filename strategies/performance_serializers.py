"""How series appear in answers of the API, and what may be asked of them."""

from typing import Any

from rest_framework import serializers

from atlas.api.fields import UsdText
from atlas.api.filtering import DateRangeQuery
from strategies.filters import SOURCES


class PerformanceQuery(DateRangeQuery):
    """What may be asked of a NAV series."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field, the base means another
        choices=SOURCES,
        required=False,
        help_text="Kind of evidence; without it the best that exists: live, paper, backtest.",
    )


class NavColumnsSerializer(serializers.Serializer[Any]):
    """The series as columns of equal length, oldest first."""

    as_of_at = serializers.ListField(child=serializers.DateTimeField())
    nav_per_share_usd = serializers.ListField(child=UsdText())
    aum_usd = serializers.ListField(child=UsdText(allow_null=True))


class PerformanceSerializer(serializers.Serializer[Any]):
    """A NAV series with where it comes from."""

    strategy = serializers.SlugField()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field, the base means another
        choices=SOURCES, allow_null=True
    )
    data_version = serializers.IntegerField()
    observations = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    columns = NavColumnsSerializer()
