"""Errors that never reach a view of the API: unknown paths, bad hosts, failures of middleware.

Django would answer them with an HTML page (with a traceback page where DEBUG is on). Under `/api/`
every error wears the envelope, so one middleware turns those pages into it.
"""

from collections.abc import Callable

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from atlas.api.errors import (
    AWAY_MESSAGE,
    BAD_REQUEST_MESSAGE,
    CODE_OF_STATUS,
    INTERNAL_MESSAGE,
    envelope,
)

API_PREFIX = "/api/"
FIRST_ERROR = 400
FIRST_SERVER_ERROR = 500

MESSAGES = {
    400: BAD_REQUEST_MESSAGE,
    403: "This is not allowed, or the form's token is missing or old",
    404: "There is no such path; /docs lists every path of the API",
    405: "The path does not know this method",
    503: AWAY_MESSAGE,
}


class ApiErrorMiddleware:
    """Give every error under `/api/` the envelope of the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < FIRST_ERROR or not request.path_info.startswith(API_PREFIX):
            return response
        if isinstance(response, HttpResponse) and not _is_json(response):
            _wear_envelope(request, response)
        return response


def _is_json(response: HttpResponse) -> bool:
    """Say whether a view of the API has already worded the error."""
    return response.headers.get("Content-Type", "").startswith("application/json")


def _wear_envelope(request: HttpRequest, response: HttpResponse) -> None:
    """Put the envelope in the place of an error page; status, cookies and other headers stay."""
    status = response.status_code
    body = envelope(
        code=CODE_OF_STATUS.get(status, _general_code(status)),
        message=MESSAGES.get(status, _general_message(status)),
        request=request,
    )
    response.content = orjson.dumps(body)
    response.headers["Content-Type"] = "application/json"
    for name in ("Content-Encoding", "Content-Length", "ETag"):
        response.headers.pop(name, None)


def _general_code(status: int) -> str:
    """Give the code for a status that has none of its own."""
    return "internal" if status >= FIRST_SERVER_ERROR else "bad_request"


def _general_message(status: int) -> str:
    """Give the sentence for a status that has none of its own."""
    return INTERNAL_MESSAGE if status >= FIRST_SERVER_ERROR else MESSAGES[400]
