"""How every process writes its log: one JSON line an event, secrets removed.

Redaction is the last step before a line is rendered, so that nothing which is added on the way,
a traceback for instance, gets around it.
"""

import logging
from collections.abc import Iterable
from typing import Any

import structlog

from atlas.logging import add_request_id, catch_uncaught_exceptions
from atlas.redaction import protect, redact_event

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]


def set_up_structlog(*, secrets: Iterable[str], serves: bool) -> None:
    """Send structlog's events through the standard library's handlers.

    `secrets` are the process's own; they are hidden wherever they occur. Python's warnings go the
    same way as every other line, and in a process that `serves` the exceptions that end it too.
    """
    protect(secrets)
    logging.captureWarnings(capture=True)
    catch_uncaught_exceptions(as_lines=serves)
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_settings(*, level: str, output: str) -> dict[str, Any]:
    """Build Django's LOGGING for JSON lines or for a person's terminal."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if output == "json"
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "atlas": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    redact_event,
                    renderer,
                ],
                "foreign_pre_chain": [*SHARED_PROCESSORS, add_request_id],
            }
        },
        "handlers": {
            "stderr": {
                "class": "atlas.logging.LineHandler",
                "formatter": "atlas",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": _loggers(level),
    }


def _loggers(level: str) -> dict[str, dict[str, Any]]:
    """Set the loggers that differ from the root's."""
    return {
        # Django's own handler would print unformatted, unredacted lines where DEBUG is on.
        "django": {"handlers": [], "level": level, "propagate": True},
        "django.server": {"handlers": [], "level": level, "propagate": True},
        "celery.utils.functional": {"level": "WARNING"},
        # They print whole addresses and headers, keys included.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    }
