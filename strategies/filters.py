"""The vocabularies of the catalogue as choices, and what lists of records can be narrowed by."""

from datetime import date

from django.db.models import QuerySet
from django_filters.filters import CharFilter, DateFilter, Filter
from django_filters.filterset import FilterSet
from rest_framework.exceptions import ValidationError

from atlas.api.filtering import AnyOfFilter, DateRange
from atlas.models.base import choice_list
from strategies.models import ImportedTrade
from strategies.vocabulary import (
    Category,
    RiskLevel,
    SeriesSource,
    StrategyStatus,
    TradeResult,
    TradeSide,
    Window,
)

# Named here so that the OpenAPI document calls each vocabulary by one name wherever it occurs.
STATUSES = choice_list(StrategyStatus)
CATEGORIES = choice_list(Category)
RISK_LEVELS = choice_list(RiskLevel)
SOURCES = choice_list(SeriesSource)
WINDOWS = choice_list(Window)
TRADE_SIDES = choice_list(TradeSide)
TRADE_RESULTS = choice_list(TradeResult)
DAY_FORMATS = ["%Y-%m-%d"]


class TradeFilter(FilterSet):
    """The trades of a strategy: each filter narrows them further."""

    market = CharFilter(max_length=40, help_text="Market: ETH/USD.")
    side = AnyOfFilter(choices=TRADE_SIDES, help_text="One or several, by commas.")
    result = AnyOfFilter(choices=TRADE_RESULTS, help_text="One or several, by commas.")

    class Meta:
        model = ImportedTrade
        fields: list[str] = []

    @classmethod
    def get_filters(cls) -> dict[str, Filter]:
        """Add the range by hand: `from` is a word of the language and cannot name an attribute."""
        first = DateFilter(
            method="opened_from",
            input_formats=DAY_FORMATS,
            help_text="Opened on this day or later.",
        )
        last = DateFilter(
            method="opened_to",
            input_formats=DAY_FORMATS,
            help_text="Opened on this day or earlier.",
        )
        return {**super().get_filters(), "from": first, "to": last}

    def filter_queryset(self, queryset: QuerySet[ImportedTrade]) -> QuerySet[ImportedTrade]:
        """Apply all filters; raises ValidationError where the range ends before it begins."""
        first, last = self.form.cleaned_data["from"], self.form.cleaned_data["to"]
        if first and last and first > last:
            raise ValidationError({"from": [f"must not be after to ({last})"]})
        found: QuerySet[ImportedTrade] = super().filter_queryset(queryset)
        return found

    def opened_from(
        self, queryset: QuerySet[ImportedTrade], _name: str, first: date
    ) -> QuerySet[ImportedTrade]:
        """Keep what was opened on a day or later."""
        return queryset.filter(opened_at__gte=DateRange(first, None).start_at)

    def opened_to(
        self, queryset: QuerySet[ImportedTrade], _name: str, last: date
    ) -> QuerySet[ImportedTrade]:
        """Keep what was opened on a day or earlier."""
        return queryset.filter(opened_at__lt=DateRange(None, last).end_at)
