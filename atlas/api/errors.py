"""One envelope for every error of the API: `{code, message, detail, request_id}`.

`code` is a stable word for machines (listed in ERROR_CODES), `message` is for a person and says
what to do, `detail` holds the fields or values that the message is about.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from atlas.domain.errors import (
    AtlasError,
    Bug,
    ConflictingState,
    Denied,
    DomainRefusal,
    InvalidInput,
    NeedsHuman,
    NotAllowed,
    Temporary,
)

RETRY_SECONDS = 5
JSON = "application/json"  # also where CSV was asked for
INTERNAL_MESSAGE = "Something broke on our side; name the request_id when you report it"
BAD_REQUEST_MESSAGE = "The request is not acceptable; check the host name and the address"
AWAY_MESSAGE = "A service behind the API is away or slow; try again in a few seconds"

ERROR_CODES: Mapping[str, str] = {
    "invalid_input": "A parameter or field is malformed, unknown or out of range; see detail.",
    "malformed": "The body of the request cannot be parsed.",
    "not_authenticated": "Log in or send a key.",
    "not_allowed": "You lack the right, or a second person has not agreed.",
    "not_found": "There is no such path, page or object, or you may not see it.",
    "method_not_allowed": "The path does not know this method.",
    "not_acceptable": "None of the media types that you accept is offered.",
    "unsupported_media_type": "The body has a media type that is not understood.",
    "throttled": "Too many requests; wait as long as Retry-After says.",
    "conflict": "The world has moved on since you looked.",
    "illegal_transition": "The object's state does not allow that step.",
    "lease_lost": "Another worker has taken this over.",
    "unusable_data": "Market data is stale, gapped or malformed.",
    "denied": "A guardrail, a switch or a limit forbids it.",
    "refused": "We said no; the message says why.",
    "outbound_refused": "A host outside may not be asked, or its answer is unusable.",
    "answer_too_large": "A host outside sent more than is read.",
    "temporary": "A service is away or slow; try again later.",
    "needs_human": "No retry will help; an operator has to act.",
    "not_installed": "This installation lacks what the answer needs; the message names the remedy.",
    "bad_request": "The request itself is not acceptable.",
    "internal": "A bug on our side; it is logged under the request_id.",
}

# From the special to the general: the first class that fits decides.
STATUS_OF_ERROR: tuple[tuple[type[AtlasError], int], ...] = (
    (InvalidInput, status.HTTP_400_BAD_REQUEST),
    (NotAllowed, status.HTTP_403_FORBIDDEN),
    (Denied, status.HTTP_403_FORBIDDEN),
    (ConflictingState, status.HTTP_409_CONFLICT),
    (DomainRefusal, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (Temporary, status.HTTP_503_SERVICE_UNAVAILABLE),
    (NeedsHuman, status.HTTP_503_SERVICE_UNAVAILABLE),
)

CODE_OF_STATUS: Mapping[int, str] = {
    400: "bad_request",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    415: "unsupported_media_type",
    422: "refused",
    429: "throttled",
    501: "not_installed",
    503: "temporary",
}

STATUS_OF_CODE: Mapping[str, int] = {
    **{code: status for status, code in CODE_OF_STATUS.items()},
    "invalid_input": 400,
    "malformed": 400,
    "denied": 403,
    "illegal_transition": 409,
    "lease_lost": 409,
    "unusable_data": 422,
    "outbound_refused": 422,
    "answer_too_large": 422,
    "needs_human": 503,
    "internal": 500,
}
RETRYABLE = frozenset({"temporary", "throttled"})

log = structlog.get_logger(__name__)


def status_of(kind: type[AtlasError]) -> int:
    """Give the HTTP status of a refusal of our own."""
    fitting = (code for above, code in STATUS_OF_ERROR if issubclass(kind, above))
    return next(fitting, status.HTTP_500_INTERNAL_SERVER_ERROR)


def envelope(
    *, code: str, message: str, request: HttpRequest | None, detail: Any = None
) -> dict[str, Any]:
    """Build the body of an error answer."""
    return {
        "code": code,
        "message": message,
        "detail": {} if detail is None else detail,
        "request_id": str(getattr(request, "request_id", "")),
    }


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Turn whatever a view raised into the envelope; called by the REST framework.

    Unexpected exceptions are announced to Django, whose listeners log them with their traceback,
    and are answered without their words.
    """
    set_rollback()
    request = getattr(context["request"], "_request", None)
    if isinstance(error, Http404):
        error = exceptions.NotFound(str(error) or None)
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError(BAD_REQUEST_MESSAGE)
    if isinstance(error, exceptions.APIException):
        return _framework_answer(error, request)
    if isinstance(error, AtlasError) and not isinstance(error, Bug):
        return _refusal_answer(error, request)
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("database_did_not_answer", kind=type(error).__name__)
        return _temporary_answer(request)
    got_request_exception.send(sender=type(context["view"]), request=request)
    body = envelope(code="internal", message=INTERNAL_MESSAGE, request=request)
    return Response(body, status=status.HTTP_500_INTERNAL_SERVER_ERROR, content_type=JSON)


def _framework_answer(error: exceptions.APIException, request: HttpRequest | None) -> Response:
    """Word an exception of the REST framework."""
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(ceil(wait))
    fields = error.detail if isinstance(error, exceptions.ValidationError) else None
    body = envelope(
        code=_code_of(error),
        message=_worded(fields) if fields is not None else str(error.detail),
        request=request,
        detail=getattr(error, "values", None) if fields is None else _as_fields(fields),
    )
    return Response(body, status=error.status_code, headers=headers, content_type=JSON)


def _refusal_answer(error: AtlasError, request: HttpRequest | None) -> Response:
    """Word a refusal of our own."""
    code = status_of(type(error))
    headers = {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, Temporary) else {}
    body = envelope(code=error.code, message=error.message, detail=error.detail, request=request)
    return Response(body, status=code, headers=headers, content_type=JSON)


def _temporary_answer(request: HttpRequest | None) -> Response:
    """Say that the database is away without telling where it lives."""
    return Response(
        envelope(code="temporary", message=AWAY_MESSAGE, request=request),
        status=status.HTTP_503_SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(RETRY_SECONDS)},
        content_type=JSON,
    )


def _code_of(error: exceptions.APIException) -> str:
    """Give the stable word for an exception of the REST framework."""
    if isinstance(error, exceptions.ValidationError):
        return "invalid_input"
    if isinstance(error, exceptions.ParseError):
        return "malformed"
    return CODE_OF_STATUS.get(error.status_code, "internal")


def _as_fields(found: Any) -> dict[str, Any]:
    """Bring validation findings into the form field -> list of reasons."""
    return dict(found) if isinstance(found, Mapping) else {"non_field_errors": list(found)}


def _worded(found: Any) -> str:
    """Say in one sentence which field is wrong and why."""
    for field, reasons in _as_fields(found).items():
        first = reasons[0] if isinstance(reasons, list) and reasons else reasons
        return str(first) if field == "non_field_errors" else f"{field}: {first}"
    return "The input is not acceptable"
