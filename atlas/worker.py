"""What Atlas adds to every Celery worker: a sign of life for each queue it consumes."""

from datetime import datetime
from typing import Any

import structlog
from celery import bootsteps

log = structlog.get_logger(__name__)

TELL_EXPIRES_SECONDS = 10
_watching_since: dict[str, datetime] = {}


class PulseStep(bootsteps.StartStopStep):
    """Raise a heartbeat a queue from the worker's own event loop while it consumes.

    A worker that hangs or has lost the broker stops turning its loop, and its heartbeats age.
    The signer is left out: it has a database role of its own and reports by attestations.
    """

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._entries: list[Any] = []

    def start(self, parent: Any) -> None:
        """Begin to pulse; called by the worker once its timer runs."""
        from atlas.heartbeat import PULSE_SECONDS

        self._entries = [
            parent.timer.call_after(0, pulse_queues, (parent,)),
            parent.timer.call_repeatedly(PULSE_SECONDS, pulse_queues, (parent,)),
        ]

    def stop(self, parent: Any) -> None:
        """End the pulses; called by the worker on its way down."""
        for entry in self._entries:
            entry.cancel()
        self._entries = []


def pulse_queues(parent: Any) -> None:
    """Mark the queues of this worker as served, and look after the other parts.

    The connection is closed at once: children that are forked later must not inherit it.
    """
    from django.conf import settings
    from django.db import Error, connection
    from django.utils import timezone

    from atlas.domain.errors import AtlasError
    from atlas.heartbeat import BEAT, pulse, queue_heartbeat
    from atlas.watching import watch

    now = timezone.now()
    since = _watching_since.setdefault("worker", now)
    queues = list(parent.app.amqp.queues.consume_from)
    silent: tuple[str, ...] = ()
    try:
        pulse([queue_heartbeat(queue) for queue in queues], now=now)
        silent = watch(now=now, since=since, patience=settings.ATLAS_DEAD_MAN_AFTER)
    except (Error, AtlasError):
        log.warning("heartbeat_not_written", part="worker", queues=queues)
    finally:
        connection.close()
    if BEAT in silent:  # who sends the task at other times is the one that is silent
        _ask_for_alerts()


def _ask_for_alerts() -> None:
    """Send the task that tells alerts; a broker that is away must not hold the worker's loop."""
    from kombu.exceptions import OperationalError

    from atlas.tasks import tell_alerts

    try:
        tell_alerts.apply_async(expires=TELL_EXPIRES_SECONDS, retry=False)
    except OperationalError:
        log.warning("alerts_not_asked_for")
