"""Pages of lists: numbered ones for browsing, cursors for walking through everything.

Both need a total order: rows that compare equal would otherwise be shown twice or never. The kit
adds the primary key as the last word of every order.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import orjson
from django.core.exceptions import ValidationError as InvalidValue
from django.core.paginator import Page
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from atlas.api.renderers import utc_text
from atlas.domain.errors import Bug

DEFAULT_SIZE = 50
LONGEST_NUMBER = 9
LARGEST_SIZE = 200
PAGE_PARAMETER = "page"
SIZE_PARAMETER = "page_size"
CURSOR_PARAMETER = "cursor"
PAGE_SCHEMA: Mapping[str, Any] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 10**LONGEST_NUMBER - 1,
}
SIZE_SCHEMA: Mapping[str, Any] = {**PAGE_SCHEMA, "maximum": LARGEST_SIZE}


class PageOutOfRange(NotFound):
    """A page beyond the last one; carries which pages there are."""

    def __init__(self, page: int, pages: int) -> None:
        super().__init__(f"page: there is no page {page}; the last one is {pages}")
        self.values = {"page": page, "pages": pages}


class PagePagination(PageNumberPagination):
    """Numbered pages: `page` from 1, `page_size` from 1 to 200, 50 where nothing is said."""

    page_size = DEFAULT_SIZE
    max_page_size = LARGEST_SIZE
    page_query_param = PAGE_PARAMETER
    page_size_query_param = SIZE_PARAMETER

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Read one page; raises ValidationError or NotFound naming the parameter."""
        number = _whole_number(request, PAGE_PARAMETER, default=1)
        size = _page_size(request)
        if isinstance(queryset, QuerySet):
            queryset = with_tie_break(queryset)
        paginator = self.django_paginator_class(queryset, size)
        if number > paginator.num_pages:
            raise PageOutOfRange(number, paginator.num_pages)
        self.request = request
        self.page = paginator.page(number)
        return list(self.page)

    def get_paginated_response(self, data: Any) -> Response:
        """Wrap one page of rows with where it stands in the whole."""
        page = self._current()
        count, size = page.paginator.count, page.paginator.per_page
        following, previous = self.get_next_link(), self.get_previous_link()
        return Response(
            {
                "count": count,
                "page": page.number,
                "page_size": size,
                "pages": max(1, ceil(count / size)),
                "next": following,
                "previous": previous,
                "results": data,
            },
            headers=link_header(next=following, prev=previous),
        )

    def _current(self) -> Page[Any]:
        """Give the page that was read; raises Bug where none was."""
        page: Page[Any] | None = getattr(self, "page", None)
        if page is None:
            raise Bug("A page is answered before it was read")
        return page

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the wrapped page for the OpenAPI document."""
        link = {"type": "string", "format": "uri", "nullable": True}
        number = {"type": "integer", "minimum": 0}
        properties = {
            "count": {**number, "description": "Rows in the whole list."},
            "page": PAGE_SCHEMA,
            "page_size": SIZE_SCHEMA,
            "pages": PAGE_SCHEMA,
            "next": link,
            "previous": link,
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameters for the OpenAPI document."""
        return [_parameter(PAGE_PARAMETER, PAGE_SCHEMA, "Number of the page."), _size_parameter()]


class CursorPagination(BasePagination):
    """A walk through a long list by the key of the last row seen, not by counting rows.

    A subclass names its `ordering` by columns that are never null; the primary key is added. Rows
    that arrive meanwhile neither repeat nor hide others. The cursor is opaque to the caller.
    """

    ordering: Sequence[str] = ()

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Read the rows after the cursor; raises ValidationError for a malformed one."""
        self.request = request
        self.size = _page_size(request)
        ordered = with_tie_break(queryset.order_by(*self.ordering))
        self._order = [str(term) for term in ordered.query.order_by]
        _assert_never_null(ordered.model, self._order)
        given = request.query_params.get(CURSOR_PARAMETER)
        if given is not None:
            ordered = ordered.filter(_after(self._order, self._read(given, ordered.model)))
        found = list(ordered[: self.size + 1])
        self._has_more = len(found) > self.size
        self._rows = found[: self.size]
        return self._rows

    def get_paginated_response(self, data: Any) -> Response:
        """Wrap the rows with the address of what follows them."""
        following = None
        if self._has_more:
            here = self.request.build_absolute_uri()
            following = replace_query_param(here, CURSOR_PARAMETER, self._cursor(self._rows[-1]))
        body = {"page_size": self.size, "next": following, "results": data}
        return Response(body, headers=link_header(next=following))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the wrapped rows for the OpenAPI document."""
        properties = {
            "page_size": SIZE_SCHEMA,
            "next": {"type": "string", "format": "uri", "nullable": True},
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameters for the OpenAPI document."""
        cursor = "Where to go on: taken from `next`, never made up."
        return [_parameter(CURSOR_PARAMETER, {"type": "string"}, cursor), _size_parameter()]

    def _cursor(self, row: Model) -> str:
        """Write down the key of a row."""
        values = [_as_text(getattr(row, term.lstrip("-"))) for term in self._order]
        return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")

    def _read(self, cursor: str, model: type[Model]) -> list[Any]:
        """Read the key of a row back into values of its columns."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if not isinstance(values, list) or len(values) != len(self._order):
                raise _malformed_cursor()
            return [
                _column_value(model, term, value)
                for term, value in zip(self._order, values, strict=True)
            ]
        except (binascii.Error, ValueError, TypeError, InvalidValue):
            raise _malformed_cursor() from None


def link_header(**links: str | None) -> dict[str, str]:
    """Name neighbouring pages in the header `Link` too (RFC 8288): CSV has no other place for them."""
    named = [f'<{address}>; rel="{name}"' for name, address in links.items() if address]
    return {"Link": ", ".join(named)} if named else {}


def with_tie_break(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Make the order total by the primary key; raises Bug where the list has no order at all."""
    terms = list(queryset.query.order_by)
    if not terms and queryset.query.default_ordering:
        terms = list(queryset.model._meta.ordering or ())
    if not terms:
        raise Bug(f"A list of {queryset.model.__name__} needs an order before it is paged")
    if terms[-1] in {"pk", "-pk"}:
        return queryset.order_by(*terms)
    return queryset.order_by(*terms, "pk")


def allowed_page_parameters(paginator: object) -> frozenset[str]:
    """Name the query parameters that a pagination understands."""
    if isinstance(paginator, PagePagination):
        return frozenset({PAGE_PARAMETER, SIZE_PARAMETER})
    if isinstance(paginator, CursorPagination):
        return frozenset({CURSOR_PARAMETER, SIZE_PARAMETER})
    return frozenset()


def _page_size(request: Request) -> int:
    """Read how many rows a page shall have."""
    size = _whole_number(request, SIZE_PARAMETER, default=DEFAULT_SIZE)
    if size > LARGEST_SIZE:
        raise ValidationError({SIZE_PARAMETER: [f"must be at most {LARGEST_SIZE}"]})
    return size


def _whole_number(request: Request, name: str, *, default: int) -> int:
    """Read a parameter that counts from 1."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()) or len(given) > LONGEST_NUMBER or int(given) == 0:
        raise ValidationError({name: ["must be a whole number from 1"]})
    return int(given)


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Select the rows that come after a key in this order."""
    chosen = Q()
    equal = Q()
    for term, value in zip(order, values, strict=True):
        name = term.lstrip("-")
        direction = "lt" if term.startswith("-") else "gt"
        chosen |= equal & Q(**{f"{name}__{direction}": value})
        equal &= Q(**{name: value})
    return chosen


def _column(model: type[Model], term: str) -> Any:
    """Find the column that a term of an order names."""
    name = term.lstrip("-")
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _column_value(model: type[Model], term: str, value: Any) -> Any:
    """Read a column's value as a cursor words it; raises ValueError for what it cannot hold."""
    if value is None or "\x00" in str(value):
        raise ValueError("no column that orders a walk holds this")
    return _column(model, term).to_python(value)


def _assert_never_null(model: type[Model], order: Sequence[str]) -> None:
    """Refuse an order by a column that may be null: such rows would drop out of the walk."""
    for term in order:
        if _column(model, term).null:
            raise Bug(f"{model.__name__}.{term.lstrip('-')} may be null and cannot order a cursor")


def _as_text(value: Any) -> Any:
    """Word a column's value so that the column can read it back."""
    if hasattr(value, "astimezone"):
        return utc_text(value)
    return value if isinstance(value, int | str) else str(value)


def _malformed_cursor() -> ValidationError:
    """Refuse a cursor that no answer of ours has given."""
    return ValidationError(
        {CURSOR_PARAMETER: ["is malformed; take it from the field next of an answer"]}
    )


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """Describe one query parameter."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": dict(schema),
        "description": description,
    }


def _size_parameter() -> dict[str, Any]:
    """Describe how many rows a page has."""
    return _parameter(SIZE_PARAMETER, {**SIZE_SCHEMA, "default": DEFAULT_SIZE}, "Rows a page.")
