"""What lists of the catalogue can be narrowed by."""

from django_filters.filters import CharFilter
from django_filters.filterset import FilterSet

from atlas.api.filtering import AnyOfFilter, StrictBooleanFilter
from atlas.models.base import choice_list
from strategies.models import Strategy
from strategies.querysets import StrategyQuerySet
from strategies.vocabulary import Category, RiskLevel, SeriesSource, StrategyStatus

LONGEST_SEARCH = 100

# Named here so that the OpenAPI document calls each vocabulary by one name wherever it occurs.
STATUSES = choice_list(StrategyStatus)
CATEGORIES = choice_list(Category)
RISK_LEVELS = choice_list(RiskLevel)
SOURCES = choice_list(SeriesSource)


class StrategyFilter(FilterSet):
    """The discovery list: each filter narrows it further."""

    q = CharFilter(
        method="search",
        max_length=LONGEST_SEARCH,
        help_text="Words that must all occur in name, slug or description.",
    )
    asset = CharFilter(
        method="by_asset", max_length=40, help_text="Symbol of an asset that it trades."
    )
    category = AnyOfFilter(choices=CATEGORIES, help_text="One or several, by commas.")
    timeframe = CharFilter(max_length=8, help_text="Bar length: 1h, 1d.")
    status = AnyOfFilter(
        choices=STATUSES,
        method="by_status",
        help_text="One or several, by commas; without it all but the delisted.",
    )
    risk_level = AnyOfFilter(choices=RISK_LEVELS, help_text="One or several, by commas.")
    featured = StrictBooleanFilter(help_text="Only featured ones, or only others.")
    curated = StrictBooleanFilter(help_text="Only curated ones, or only others.")
    tag = CharFilter(method="by_tag", max_length=60, help_text="A tag it carries.")

    class Meta:
        model = Strategy
        fields: list[str] = []

    def filter_queryset(self, queryset: StrategyQuerySet) -> StrategyQuerySet:
        """Apply all filters; the delisted ones are left out unless a status is asked for."""
        found: StrategyQuerySet = super().filter_queryset(queryset)
        return found if self.form.cleaned_data["status"] else found.current()

    def search(self, queryset: StrategyQuerySet, _name: str, words: str) -> StrategyQuerySet:
        """Keep what the words occur in."""
        return queryset.matching(words)

    def by_asset(self, queryset: StrategyQuerySet, _name: str, symbol: str) -> StrategyQuerySet:
        """Keep what trades the asset."""
        return queryset.trading_asset(symbol)

    def by_tag(self, queryset: StrategyQuerySet, _name: str, tag: str) -> StrategyQuerySet:
        """Keep what carries the tag."""
        return queryset.tagged(tag)

    def by_status(
        self, queryset: StrategyQuerySet, _name: str, wanted: list[str]
    ) -> StrategyQuerySet:
        """Keep what has one of the statuses."""
        return queryset.filter(status__in=wanted)
