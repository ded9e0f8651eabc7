"""Request ids and log lines: every line says which request or task it belongs to.

The id comes in and goes out as `X-Request-ID`, lies in structlog's context while the request is
worked on, and travels in the headers of each Celery task that is sent meanwhile.
"""

import json
import logging
import re
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from atlas.client_address import client_address
from atlas.redaction import redact_text

REQUEST_ID_HEADER = "X-Request-ID"
WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Probes come every few seconds; a line for each would bury the rest.
QUIET_PATHS = frozenset({"/livez", "/readyz", "/health", "/metrics"})

log = structlog.get_logger(__name__)


class RequestIdMiddleware:
    """Give each request an id and each answer its `X-Request-ID`; stands first of all.

    A well-formed id of the caller is kept (at most 64 letters, digits, dots, hyphens and
    underscores), anything else is replaced: the id is written to logs and rows.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = accepted_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.META["HTTP_X_REQUEST_ID"] = request_id
        request.request_id = request_id  # type: ignore[attr-defined]  # ours, read by audit and errors
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response.headers[REQUEST_ID_HEADER] = request_id
        return response


class RequestLogMiddleware(RequestMiddleware):
    """Write a line when a request starts and one when it is answered.

    Unlike the base class it never loads the session to learn who asks: a request that does not
    need the database must not touch it for its log line.
    """

    def __call__(self, request: HttpRequest) -> Any:
        if request.path in QUIET_PATHS:
            return self.get_response(request)
        return super().__call__(request)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Name the client's address; the base class would believe any forwarding header."""
        structlog.contextvars.bind_contextvars(ip=client_address(request))

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Name the user where the request has already found out who it is."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=user.pk)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Word the request as method and path, secrets in the query removed."""
        return redact_text(f"{request.method} {request.get_full_path()}")


class LineHandler(logging.StreamHandler[Any]):
    """Write lines to standard error; one that cannot be formatted is reported without its content.

    The standard library would print the arguments of the failed line as they are. The stream is
    looked up for each line: whoever redirects standard error gets the lines too.
    """

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        """Give where lines go at this moment."""
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base's name
        """Say that a line of this logger was lost, and why in one word."""
        kind = sys.exc_info()[0]
        lost = {
            "event": "log_line_lost",
            "level": "error",
            "logger": record.name,
            "place": f"{record.module}:{record.lineno}",
            "error": kind.__name__ if kind else "",
        }
        try:
            self.stream.write(json.dumps(lost) + self.terminator)
        except (OSError, ValueError):
            return  # the stream itself is gone: there is nobody left to tell


def accepted_id(given: str) -> str:
    """Take over a well-formed id of the caller, else make one."""
    return given if WELL_FORMED_ID.fullmatch(given) else uuid.uuid4().hex


def current_request_id() -> str:
    """Give the id of the request or task that is being worked on; empty outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def bind_task_request_id(task: Any = None, **_: Any) -> None:
    """Give a task that no request caused an id of its own: that of the first task of its chain.

    Connected to django-structlog's signal for extra task metadata.
    """
    if not current_request_id() and task is not None:
        structlog.contextvars.bind_contextvars(
            request_id=str(task.request.root_id or task.request.id)
        )


def add_request_id(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add the id to Django's own lines about a request that is already answered."""
    request = getattr(event.get("_record"), "request", None)
    request_id = getattr(request, "request_id", None)
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


def catch_uncaught_exceptions(*, as_lines: bool) -> None:
    """Take over the words of exceptions that end the process or a thread; secrets are removed.

    `as_lines` writes them to the log, as a server does; without it they are written as plain
    tracebacks for the person who runs a command.
    """
    report = _log_uncaught if as_lines else _print_uncaught

    def of_process(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        report(error.with_traceback(trace))

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            report(args.exc_value)

    sys.excepthook = of_process
    threading.excepthook = of_thread


def _log_uncaught(error: BaseException) -> None:
    """Write an exception that nobody caught as a line of the log."""
    log.critical("uncaught_exception", exc_info=error)


def _print_uncaught(error: BaseException) -> None:
    """Write an exception that nobody caught as Python does, without its secrets."""
    sys.stderr.write(redact_text("".join(traceback.format_exception(error))))
