"""Query parameters: what a path does not know is an error, never ignored.

A misspelt filter that is ignored answers with the whole list, and the caller takes it for the
filtered one. Every refusal names the parameter and what is allowed instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django_filters.rest_framework.backends import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from atlas.api.fieldsets import FIELDS_PARAMETER, known_fields, takes_fields
from atlas.api.pagination import allowed_page_parameters
from atlas.api.tables import FORMAT_PARAMETER, is_table

ORDERING_PARAMETER = "ordering"
Order = Sequence[str | OrderBy]


class StrictFilterBackend(DjangoFilterBackend):
    """Filter and order a list by its FilterSet and the view's `orderings`.

    The view may set `filterset_class`, `orderings` (name -> terms of an order, the first one is the
    default; a hyphen before the name turns it round) and `query_parameters` (names that its actions
    read themselves).
    """

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Apply filters and order; raises ValidationError naming every wrong parameter."""
        refuse_unknown(request, self._allowed(queryset, view))
        if getattr(view, "detail", False):
            return queryset
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return self._ordered(request, filtered, view)

    def _allowed(self, queryset: QuerySet[Any], view: APIView) -> list[str]:
        """Name every parameter that this action of the view understands."""
        own = list(getattr(view, "query_parameters", ()))
        if getattr(view, "detail", False):
            return own
        filterset = self.get_filterset_class(view, queryset)
        filters = list(filterset.base_filters) if filterset else []
        ordering = [ORDERING_PARAMETER] if getattr(view, "orderings", {}) else []
        pages = sorted(allowed_page_parameters(getattr(view, "paginator", None)))
        return [*filters, *ordering, *pages, *_of_form(view), *own]

    def _ordered(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Bring the list into the wanted order, else the view's first one."""
        orderings: Mapping[str, Order] = getattr(view, "orderings", {})
        if not orderings:
            return queryset
        wanted = request.query_params.get(ORDERING_PARAMETER) or next(iter(orderings))
        terms = orderings.get(wanted.removeprefix("-"))
        if terms is None:
            known = ", ".join(orderings)
            raise ValidationError(
                {ORDERING_PARAMETER: [f"must be one of {known}, or one of them after a hyphen"]}
            )
        return queryset.order_by(*(reversed_order(terms) if wanted.startswith("-") else terms))


@extend_schema_field(OpenApiTypes.BOOL)
class StrictBooleanFilter(django_filters.TypedChoiceFilter):
    """A filter by `true` or `false` that refuses any other word."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("choices", [("true", "true"), ("false", "false")])
        kwargs.setdefault("empty_value", None)
        kwargs.setdefault("coerce", lambda word: word == "true")
        super().__init__(**kwargs)


class AnyOfFilter(django_filters.BaseInFilter, django_filters.ChoiceFilter):
    """A filter by one or several of the allowed words, separated by commas."""


def refuse_unknown(request: Request, allowed: Iterable[str]) -> None:
    """Raise ValidationError for parameters that are not allowed or given more than once."""
    known = list(allowed)
    problems = {name: [_unknown(name, known)] for name in request.query_params if name not in known}
    for name in known:
        if len(request.query_params.getlist(name)) > 1:
            problems[name] = ["is given more than once"]
    if problems:
        raise ValidationError(problems)


def form_parameters(view: APIView) -> list[dict[str, Any]]:
    """Describe what a list takes to look otherwise, for the OpenAPI document."""
    described = []
    if takes_fields(view):
        words = {"type": "array", "minItems": 1, "uniqueItems": True}
        words["items"] = {"type": "string", "enum": known_fields(view)}
        described.append(_query(FIELDS_PARAMETER, words, "Only these fields of each row."))
        described[0] |= {"style": "form", "explode": False}
    if is_table(view):
        forms = {"type": "string", "enum": ["json", "csv"], "default": "json"}
        described.append(_query(FORMAT_PARAMETER, forms, "The form of the answer."))
    return described


def ordering_parameters(view: APIView) -> list[dict[str, Any]]:
    """Describe the orders of a view's list for the OpenAPI document."""
    orderings: Mapping[str, Order] = getattr(view, "orderings", {})
    if not orderings:
        return []
    names = [name for known in orderings for name in (known, f"-{known}")]
    said = f"Order of the list; {names[0]} where nothing is said."
    return [_query(ORDERING_PARAMETER, {"type": "string", "enum": names}, said)]


def read_query(request: Request, reader: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Read the parameters of an action that is no list; raises ValidationError like the lists."""
    serializer = reader(data=request.query_params.dict())
    refuse_unknown(request, serializer.fields)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def reversed_order(terms: Order) -> list[OrderBy]:
    """Turn an order round; rows without a value stay at the end."""
    turned = []
    for term in terms:
        if isinstance(term, OrderBy):
            turned.append(OrderBy(term.expression, descending=not term.descending, nulls_last=True))
        else:
            turned.append(
                OrderBy(F(term.lstrip("-")), descending=not term.startswith("-"), nulls_last=True)
            )
    return turned


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from and to, both inclusive, either open."""

    from_on: date | None
    to_on: date | None

    @property
    def start_at(self) -> datetime | None:
        """Give the first moment of the range in UTC."""
        return _midnight(self.from_on) if self.from_on else None

    @property
    def end_at(self) -> datetime | None:
        """Give the first moment after the range in UTC."""
        return _midnight(self.to_on) + timedelta(days=1) if self.to_on else None


class DateRangeQuery(serializers.Serializer[Any]):
    """The parameters `from` and `to`: days as YYYY-MM-DD in UTC, both included."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the two fields by hand: `from` is a word of the language and cannot name one."""
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
            "from": serializers.DateField(required=False, help_text="First day, included (UTC)."),
            "to": serializers.DateField(required=False, help_text="Last day, included (UTC)."),
        }
        fields.update(super().get_fields())
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a range that ends before it begins; gives it as `range`."""
        wanted = DateRange(from_on=attrs.pop("from", None), to_on=attrs.pop("to", None))
        if wanted.from_on and wanted.to_on and wanted.from_on > wanted.to_on:
            raise ValidationError({"from": [f"must not be after to ({wanted.to_on})"]})
        return {**attrs, "range": wanted}


def _midnight(day: date) -> datetime:
    """Give the first moment of a day in UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def _of_form(view: object) -> list[str]:
    """Name the parameters that change how a list looks."""
    fields = [FIELDS_PARAMETER] if takes_fields(view) else []
    return [*fields, FORMAT_PARAMETER] if is_table(view) else fields


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """Describe one query parameter."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


def _unknown(name: str, known: Sequence[str]) -> str:
    """Word an unknown parameter with the nearest known one and the whole list."""
    if not known:
        return "is unknown; this path takes no query parameters"
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"is unknown; {hint}allowed: {', '.join(known)}"
