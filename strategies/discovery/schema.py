"""How discovery describes its parameters and its facets in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from atlas.api.fields import UsdText
from atlas.api.filtering import ORDERING_PARAMETER
from atlas.api.pagination import (
    CURSOR_PARAMETER,
    DEFAULT_SIZE,
    PAGE_PARAMETER,
    PAGE_SCHEMA,
    SIZE_PARAMETER,
    SIZE_SCHEMA,
)
from strategies.discovery.facets import FACETS, RANGES
from strategies.discovery.filters import FILTERS, SOURCE, WINDOW
from strategies.discovery.items import FIELDS
from strategies.discovery.orders import ORDERS
from strategies.discovery.wishes import FIELDS_PARAMETER

_ORDERS = [name for known in ORDERS for name in (known, f"-{known}")]


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> OpenApiParameter:
    """Describe one query parameter; several words are separated by commas."""
    is_list = schema["type"] == "array"
    return OpenApiParameter(
        name,
        dict(schema),
        OpenApiParameter.QUERY,
        description=description,
        style="form" if is_list else None,
        explode=False if is_list else None,
    )


NARROWING_PARAMETERS = [
    _parameter(name, one.schema, one.help_text)
    for name, one in {**FILTERS, "window": WINDOW, "source": SOURCE}.items()
]
PAGE_PARAMETERS = [
    _parameter(
        ORDERING_PARAMETER,
        {"type": "string", "enum": _ORDERS},
        f"Order of the list; {_ORDERS[0]} where nothing is said. A hyphen turns it round; what has "
        "no value stands at the end either way.",
    ),
    _parameter(
        FIELDS_PARAMETER,
        {"type": "array", "items": {"type": "string", "enum": list(FIELDS)}},
        "Only these fields of each item, by commas.",
    ),
    _parameter(PAGE_PARAMETER, PAGE_SCHEMA, "Number of the page."),
    _parameter(SIZE_PARAMETER, {**SIZE_SCHEMA, "default": DEFAULT_SIZE}, "Rows a page."),
    _parameter(
        CURSOR_PARAMETER,
        {"type": "string"},
        "Walks through the whole list without counting it: begin with *, go on with `next`.",
    ),
]


class FacetValueSerializer(serializers.Serializer[Any]):
    """One choice, and how many strategies it would leave."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class FacetListsSerializer(serializers.Serializer[Any]):
    """The choices of each facet, the most frequent first."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Give one list a facet; `source` cannot be written out as an attribute."""
        return {name: FacetValueSerializer(many=True) for name in FACETS}


class NumberRangeSerializer(serializers.Serializer[Any]):
    """The least and the most of a number."""

    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)


class MoneyRangeSerializer(serializers.Serializer[Any]):
    """The least and the most of an amount."""

    min = UsdText(allow_null=True)
    max = UsdText(allow_null=True)


class FacetRangesSerializer(serializers.Serializer[Any]):
    """Between what the numbers of the found strategies lie."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Give one pair a number; `return` is a word of the language."""
        return {
            name: MoneyRangeSerializer() if name == "aum" else NumberRangeSerializer()
            for name in RANGES
        }


class FacetsSerializer(serializers.Serializer[Any]):
    """What the list could be narrowed to next."""

    count = serializers.IntegerField(help_text="Strategies that all filters together leave.")
    facets = FacetListsSerializer()
    ranges = FacetRangesSerializer()
