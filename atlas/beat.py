"""The scheduler of periodic tasks: django-celery-beat's, with a heartbeat of its own."""

import threading
import time
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone
from django_celery_beat.schedulers import DatabaseScheduler

from atlas.domain.errors import AtlasError
from atlas.heartbeat import BEAT, PULSE_SECONDS, pulse, queue_heartbeat
from atlas.tasks import tell_alerts
from atlas.watching import ALERTS_QUEUE, watch

log = structlog.get_logger(__name__)


class PulsingScheduler(DatabaseScheduler):
    """Read the schedule from the database and leave a sign of life while the loop turns.

    The pulse is raised in the loop and not by a scheduled task: a task would also need a worker,
    and `/health` is to tell the one from the other.
    """

    _pulsed_at = float("-inf")
    _watches_since: datetime | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; gives the seconds until the next look."""
        self._pulse_when_due()
        wait: float = super().tick(*args, **kwargs)
        return min(wait, PULSE_SECONDS)

    def _pulse_when_due(self) -> None:
        """Raise the heartbeat every few seconds; a database that is away must not end the loop."""
        if time.monotonic() - self._pulsed_at < PULSE_SECONDS:
            return
        now = timezone.now()
        self._watches_since = self._watches_since or now
        try:
            pulse([BEAT], now=now)
            silent = watch(
                now=now, since=self._watches_since, patience=settings.ATLAS_DEAD_MAN_AFTER
            )
        except (Error, AtlasError):
            log.warning("heartbeat_not_written", part=BEAT)
            connection.close()  # a broken connection is replaced at the next pulse
            return
        self._pulsed_at = time.monotonic()
        if queue_heartbeat(ALERTS_QUEUE) in silent:
            threading.Thread(target=_tell_in_its_place, name="tell-alerts", daemon=True).start()


def _tell_in_its_place() -> None:
    """Send the alerts that no worker sends; in a thread, so that the loop goes on."""
    try:
        tell_alerts()
    except (Error, AtlasError):
        log.warning("alerts_not_told", part=BEAT)
    finally:
        connection.close()
