"""The world of alerts for tests: a sink that hears messages over HTTP, a clock, a rule."""

import http.server
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from atlas.alert_planning import plan_notices
from atlas.alert_sending import send_due
from atlas.alerts import raise_alert
from atlas.domain.alert_channels import Channel
from atlas.domain.alerts import AlertSeverity
from atlas.domain.telling import Terms
from atlas.models import Alert
from atlas.registries import AlertRule, alert_rules

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TERMS = Terms(
    cooldown=dict.fromkeys(AlertSeverity, 30 * MINUTE),
    escalate_after={AlertSeverity.WARNING: 60 * MINUTE},
)


class Sink(http.server.ThreadingHTTPServer):
    """Hear JSON messages on a port of this machine; `status` is what it answers."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Ear)
        self.heard, self.status = [], 200

    def channel(self, name="ops", threshold=AlertSeverity.INFO, path=""):
        return Channel(name, threshold, f"json://127.0.0.1:{self.server_port}/{path or name}")

    def titles(self, path=None):
        return [body["title"] for where, body in self.heard if path in {None, where.strip("/")}]


class _Ear(http.server.BaseHTTPRequestHandler):
    """Keep each message with the path that it came to."""

    server: Sink

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Stay silent."""


@contextmanager
def listening():
    """Run a sink for the time of a test."""
    sink = Sink()
    thread = threading.Thread(
        target=sink.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()
        thread.join(5)


def with_rule(monkeypatch, code="kettle_empty", severity=AlertSeverity.WARNING):
    """Register a rule for the time of a test."""
    made = AlertRule(severity, "The kettle is empty", "Fill it.", "kettles")
    monkeypatch.setattr(alert_rules, "_entries", {**dict(alert_rules), code: made})


def boil(*, kettle="7", now=NOW, severity=None, message=""):
    """Tell of an empty kettle."""
    number = raise_alert(
        "kettle_empty",
        subject=("tests.kettle", kettle),
        message=message or f"Kettle {kettle} is empty.",
        now=now,
        severity=severity,
    )
    return Alert.objects.get(pk=number)


def tell(channels, *, now=NOW):
    """Plan and send, as the task does, at one moment; gives how many messages arrived."""
    plan_notices(now=now, channels=channels, terms=TERMS)
    return send_due(clock=lambda: now, channels=channels)
