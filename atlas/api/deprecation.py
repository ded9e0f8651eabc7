"""Announcing the end of a path, in headers that programs can watch for (RFC 9745, RFC 8594).

    @deprecated(since="2026-01-31", sunset="2026-12-31", successor="/api/v2/strategies/")
    def list(self, request): ...

Stand it below `extend_schema(deprecated=True)`, which says the same in the OpenAPI document.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from django.http.response import HttpResponseBase
from django.utils.http import http_date

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def deprecated(*, since: str, sunset: str, successor: str = "") -> Callable[[View], View]:
    """Let a view say that it is deprecated since a day, and when it will be gone (YYYY-MM-DD, UTC)."""
    headers = {"Deprecation": f"@{_moment(since)}", "Sunset": http_date(_moment(sunset))}
    if successor:
        headers["Link"] = f'<{successor}>; rel="successor-version"'

    def decorate(view: View) -> View:
        @wraps(view)
        def announced(*args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(*args, **kwargs)
            for name, value in headers.items():
                response.headers[name] = value
            return response

        return announced  # type: ignore[return-value]  # it is called as the view is

    return decorate


def _moment(day: str) -> int:
    """Give the first second of a day in UTC."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
