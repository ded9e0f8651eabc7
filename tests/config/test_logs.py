"""No secret ever in a log line, whichever way the line takes; and every line knows its request."""

import io
import json
import logging
import os
import subprocess
import sys

import pytest
import structlog
from django.conf import settings as django_settings
from django.test import Client

from atlas.logging import LineHandler, accepted_id
from atlas.redaction import protect
from config.env import Environment
from config.logs import logging_settings
from tests.config.secret_texts import EVERYTHING, KEY, LOOSE, PASSWORD, SECRETS, TOKEN, URL

EVENT = f"event {EVERYTHING}"


@pytest.fixture(params=["json", "console"])
def written(request):
    """Collect what the configured handler writes, in both formats."""
    protect([LOOSE])  # as the settings do with the process's own secrets
    handler = django_handler(request.param)
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = [handler]
    yield handler.collected
    root.handlers[:] = before


class Collector(LineHandler):
    """The handler of the settings, writing into a text."""

    def __init__(self):
        super().__init__()
        self.collected = io.StringIO()

    @property
    def stream(self):
        return self.collected


def django_handler(output):
    """Build the handler with the formatter of the settings."""
    described = logging_settings(level="DEBUG", output=output)
    formatter = dict(described["formatters"]["atlas"])
    kind = formatter.pop("()")
    handler = Collector()
    handler.setFormatter(kind(**formatter))
    return handler


def assert_clean(stream, *, expected):
    text = stream.getvalue()
    assert expected in text
    for secret in SECRETS:
        assert secret not in text, f"leaked: {text}"


def fail_with(error, *, because=None):
    raise error from because


class Chatty:
    def __repr__(self):
        return f"Chatty({EVERYTHING})"


def test_structlog_events_fields_and_context_are_clean(written):
    log = structlog.get_logger("test")
    structlog.contextvars.bind_contextvars(note=EVERYTHING, password=PASSWORD)
    try:
        log.warning(
            EVENT,
            url=URL,
            headers={"Authorization": TOKEN, "x": [EVERYTHING]},
            thing=Chatty(),
            _private=EVERYTHING,
            raw=EVERYTHING.encode(),
            private_key=KEY,
        )
        log.info("positional %s", EVERYTHING)
    finally:
        structlog.contextvars.clear_contextvars()
    assert_clean(written, expected="event ")


def test_the_standard_library_is_clean_in_message_arguments_and_traceback(written):
    log = logging.getLogger("some.library")
    log.error("message %s", EVERYTHING)
    log.error("object %r", Chatty(), extra={"url": URL})
    try:
        fail_with(ConnectionError(EVERYTHING))
    except ConnectionError:
        log.exception("it failed", stack_info=True)
        structlog.get_logger("test").exception("it failed too", error=EVERYTHING)
    assert_clean(written, expected="ConnectionError")


def test_a_chain_of_exceptions_is_clean(written):
    try:
        try:
            fail_with(ValueError(URL))
        except ValueError as first:
            fail_with(RuntimeError(f"second {KEY}"), because=first)
    except RuntimeError as error:
        structlog.get_logger("test").error("chained", exc_info=error)
    assert_clean(written, expected="direct cause")


def test_a_line_that_cannot_be_formatted_is_reported_without_its_arguments(written):
    record = logging.makeLogRecord(
        {"name": "some.library", "msg": "wants two: %s %s", "args": (EVERYTHING,)}
    )
    next(one for one in logging.getLogger().handlers if isinstance(one, LineHandler)).handle(record)
    assert_clean(written, expected="log_line_lost")
    lost = json.loads(written.getvalue().splitlines()[-1])
    assert (lost["logger"], lost["error"]) == ("some.library", "TypeError")


DYING = """
import sys, threading, warnings
import django
django.setup()
everything, secret = sys.stdin.read().splitlines()
from atlas.redaction import protect
protect([secret])

def fail():
    raise RuntimeError(everything)

warnings.simplefilter("always")
warnings.warn(everything)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def die_as(process):
    """Run a process of this kind that warns and loses a thread and itself; give its last words."""
    dying = subprocess.run(
        [sys.executable, "-c", DYING],
        input=f"{EVERYTHING}\n{LOOSE}",
        env={**os.environ, "ATLAS_PROCESS": process},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert dying.returncode == 1
    return dying.stderr


def test_warnings_and_exceptions_that_end_a_thread_or_a_server_go_through_the_log():
    written = die_as("worker")
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "critical", "critical"]
    assert "UserWarning" in lines[0]["event"]
    for line in lines[1:]:
        assert line["event"] == "uncaught_exception"
        assert "RuntimeError" in line["exception"]
    assert_clean(io.StringIO(written), expected="uncaught_exception")


def test_a_command_that_fails_shows_its_person_a_plain_traceback_without_secrets():
    written = die_as("command")
    assert written.count("Traceback (most recent call last):") == 2
    assert written.rstrip().splitlines()[-1].startswith("RuntimeError: ")
    assert_clean(io.StringIO(written), expected="RuntimeError")


@pytest.mark.urls("tests.config.leaking_paths")
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/fail/", "/api/fail/", "/log/", "/nothing/"])
def test_a_request_is_clean_whatever_happens_to_it(written, settings, path, debug):
    settings.DEBUG = debug
    client = Client(raise_request_exception=False, headers={"authorization": TOKEN})
    client.cookies["sessionid"] = LOOSE
    answer = client.get(f"{path}?token=abcdef0123456789&key={PASSWORD}&node={URL}")
    assert_clean(written, expected=answer.headers["X-Request-ID"])


@pytest.mark.urls("tests.config.leaking_paths")
def test_every_line_of_a_request_carries_its_id(written):
    client = Client(raise_request_exception=False)
    for path in ("/fail/", "/api/fail/", "/log/", "/nothing/"):
        written.truncate(0)
        written.seek(0)
        client.get(path, headers={"x-request-id": "caller-17"})
        lines = written.getvalue().splitlines()
        if not lines[0].startswith("{"):
            continue
        assert {json.loads(line).get("request_id") for line in lines} == {"caller-17"}, lines


def test_django_has_no_handler_of_its_own_that_would_print_bare_lines():
    assert logging.getLogger("django").handlers == []
    assert logging.getLogger("django").propagate
    for name, logger in logging.Logger.manager.loggerDict.items():
        for handler in getattr(logger, "handlers", []):
            assert isinstance(handler, LineHandler | logging.NullHandler), (name, handler)


def test_libraries_that_print_whole_addresses_are_silenced():
    loggers = django_settings.LOGGING["loggers"]
    assert loggers["httpx"]["level"] == loggers["httpcore"]["level"] == "WARNING"


def test_the_secrets_of_the_environment_are_known_in_all_their_parts():
    environment = Environment.model_validate(
        {
            "secret_key": "k" * 50,
            "database_url": URL,
            "redis_url": "redis://:another-password@host/0",
            "flower_basic_auth": "ops:third-password",
        }
    )
    assert {PASSWORD, "another-password", "third-password", "k" * 50, URL} <= set(
        environment.secret_values
    )


def test_the_process_hides_the_secrets_of_its_own_environment(written):
    logging.getLogger("x").error("key is %s", django_settings.SECRET_KEY)
    assert django_settings.SECRET_KEY not in written.getvalue()
    assert "[redacted]" in written.getvalue()


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 64])
def test_a_well_formed_request_id_is_kept(given):
    assert accepted_id(given) == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\nb", "ä", "a;b", '"', "a\n"])
def test_any_other_request_id_is_replaced(given):
    made = accepted_id(given)
    assert made != given
    assert accepted_id(made) == made
