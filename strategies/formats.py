"""The forms in which an answer may be had: JSON, or CSV for spreadsheets."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter

from strategies.readers import Reader, one_of

JSON, CSV = "application/json", "text/csv"
FORMAT_PARAMETER = "format"
FORMATS = ("json", "csv")
FORMAT: Mapping[str, Reader] = {FORMAT_PARAMETER: one_of(FORMATS)}
FORMAT_DESCRIBED = OpenApiParameter(
    FORMAT_PARAMETER,
    str,
    OpenApiParameter.QUERY,
    enum=list(FORMATS),
    default=FORMATS[0],
    description="The form of the answer; CSV holds the same columns with the same digits.",
)


def answer(
    given: Mapping[str, Any],
    *,
    name: str,
    as_json: Callable[[], bytes],
    as_csv: Callable[[], bytes],
) -> HttpResponse:
    """Answer in the form that was asked for; a CSV is a file of that name."""
    if given.get(FORMAT_PARAMETER) != "csv":
        return HttpResponse(as_json(), content_type=JSON)
    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return HttpResponse(as_csv(), content_type=f"{CSV}; charset=utf-8", headers=disposition)
