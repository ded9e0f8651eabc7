"""Lists as CSV: the same rows, for spreadsheets and accountants.

A view that is `Tabular` answers CSV to `format=csv` and to `Accept: text/csv`. One answer is one page;
the header `Link` leads to the next. Nested objects become columns like `decision.reason`.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from atlas.api.renderers import JSONRenderer, plain_decimal, to_json
from atlas.csv_cells import write_rows

FORMAT_PARAMETER = "format"
CSV = "text/csv"


class CsvRenderer(BaseRenderer):
    """Write the rows of a page; an error is written as JSON, whatever was asked for."""

    media_type = CSV
    format = "csv"
    charset = "utf-8"
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Write the rows under the names of the view's fields."""
        context = renderer_context or {}
        response = context["response"]
        if response.exception:
            return to_json(data)
        name = context["request"].resolver_match.url_name.removesuffix("-list")
        response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return rows_as_csv(columns_of(context["view"].get_serializer()), data["results"])


class TableNegotiation(DefaultContentNegotiation):
    """Let `format` choose the form of the answer before the header `Accept` does."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Choose a renderer; raises ValidationError for an unknown form."""
        wanted = request.query_params.get(FORMAT_PARAMETER)
        if wanted is None:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(
                request, renderers, format_suffix
            )
            return chosen
        by_name: dict[str, BaseRenderer] = {one.format: one for one in renderers}
        if wanted not in by_name:
            reason = f"{wanted!r} is unknown; allowed: {', '.join(by_name)}"
            raise ValidationError({FORMAT_PARAMETER: [reason]})
        return by_name[wanted], by_name[wanted].media_type


class Tabular:
    """Let the lists of a viewset be had as CSV too."""

    def get_renderers(self) -> list[BaseRenderer]:
        """Offer CSV where it is a list."""
        return [JSONRenderer(), CsvRenderer()] if is_table(self) else [JSONRenderer()]

    def get_content_negotiator(self) -> DefaultContentNegotiation:
        """Ask the parameter before the header."""
        return TableNegotiation() if is_table(self) else DefaultContentNegotiation()


def is_table(view: object) -> bool:
    """Say whether this action of a view can be had as CSV."""
    return isinstance(view, Tabular) and getattr(view, "action", "") == "list"


def columns_of(serializer: BaseSerializer[Any], above: str = "") -> list[str]:
    """Name the columns of a serializer's rows; those of nested objects after a dot."""
    item: Any = serializer.child if isinstance(serializer, ListSerializer) else serializer
    names = []
    for name, field in item.fields.items():
        if isinstance(field, Serializer):
            names += columns_of(field, f"{above}{name}.")
        else:
            names.append(f"{above}{name}")
    return names


def rows_as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write rows under their columns, as UTF-8."""
    written = io.StringIO(newline="")
    write_rows(written, columns, (_cells(row, columns) for row in rows))
    return written.getvalue().encode()


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> list[object]:
    """Give the cells of one row."""
    flat = dict(_flat(row, ""))
    return [_worded(flat.get(name)) for name in columns]


def _flat(row: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Give the values of a row and of the objects in it by their columns."""
    for name, value in row.items():
        yield f"{above}{name}", value
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")


def _worded(value: Any) -> object:
    """Word a value as JSON would; a list or an object that has no column of its own is JSON."""
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return to_json(value).decode()
    return value
