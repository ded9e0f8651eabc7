"""What Atlas adds to every Celery worker: a sign of life for each queue it consumes."""

from typing import Any

import structlog
from celery import bootsteps

log = structlog.get_logger(__name__)


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
    """Mark the queues of this worker as served.

    The connection is closed at once: children that are forked later must not inherit it.
    """
    from django.db import Error, connection
    from django.utils import timezone

    from atlas.heartbeat import pulse, queue_heartbeat

    queues = list(parent.app.amqp.queues.consume_from)
    try:
        pulse([queue_heartbeat(queue) for queue in queues], now=timezone.now())
    except Error:
        log.warning("heartbeat_not_written", part="worker", queues=queues)
    finally:
        connection.close()
