"""The scheduler of periodic tasks: django-celery-beat's, with a heartbeat of its own."""

import time
from typing import Any

import structlog
from django.db import Error, connection
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from atlas.heartbeat import BEAT, PULSE_SECONDS, pulse

log = structlog.get_logger(__name__)


class PulsingScheduler(DatabaseScheduler):
    """Read the schedule from the database and leave a sign of life while the loop turns.

    The pulse is raised in the loop and not by a scheduled task: a task would also need a worker,
    and `/health` is to tell the one from the other.
    """

    _pulsed_at = float("-inf")

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; gives the seconds until the next look."""
        self._pulse_when_due()
        wait: float = super().tick(*args, **kwargs)
        return min(wait, PULSE_SECONDS)

    def _pulse_when_due(self) -> None:
        """Raise the heartbeat every few seconds; a database that is away must not end the loop."""
        if time.monotonic() - self._pulsed_at < PULSE_SECONDS:
            return
        try:
            pulse([BEAT], now=timezone.now())
        except Error:
            log.warning("heartbeat_not_written", part=BEAT)
            connection.close()  # a broken connection is replaced at the next pulse
            return
        self._pulsed_at = time.monotonic()
