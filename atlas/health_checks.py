"""What the ground floor looks at when it is asked whether it is fit.

Each check takes the time and gives a HealthResult, or raises. None of them waits: the database has
short time-outs of its own here, and nothing is asked through the broker.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from atlas.heartbeat import BEAT, STALE_AFTER, ages, queue_heartbeat
from atlas.registries import HealthResult

Check = Callable[[datetime], HealthResult]

STATEMENT_MS = 1_000
REDIS_SECONDS = 1.0
# Who works on these is a worker of ours; the signer reports by attestations of its own.
WORKER_QUEUES = ("default", "trading", "imports")


def check_database(_now: datetime) -> HealthResult:
    """Ask the database for one row; later checks of this connection get a short time-out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(STATEMENT_MS)])
        cursor.execute("SELECT pg_is_in_recovery()")
        row = cursor.fetchone()
    if row is not None and row[0]:
        return HealthResult(fit=False, state="is a read-only standby", detail={})
    return HealthResult(fit=True, state="answers", detail={})


def check_migrations(_now: datetime) -> HealthResult:
    """Compare the migrations of this code with those that the database has seen."""
    pending = sorted(
        expected_migrations() - set(MigrationRecorder(connection).applied_migrations())
    )
    if not pending:
        return HealthResult(fit=True, state="all applied", detail={"pending": []})
    names = [f"{app}.{name}" for app, name in pending]
    return HealthResult(fit=False, state=f"{len(names)} pending", detail={"pending": names})


def check_beat(now: datetime) -> HealthResult:
    """Look how long ago the scheduler turned its loop."""
    age = ages([BEAT], now=now)[BEAT]
    return HealthResult(
        fit=_is_fresh(age), state=_worded(age), detail={"age_seconds": _seconds(age)}
    )


def check_workers(now: datetime) -> HealthResult:
    """Look how long ago each queue had a worker."""
    by_queue = ages([queue_heartbeat(queue) for queue in WORKER_QUEUES], now=now)
    silent = [queue for queue in WORKER_QUEUES if not _is_fresh(by_queue[queue_heartbeat(queue)])]
    state = f"nobody works on {', '.join(silent)}" if silent else "every queue is served"
    detail = {queue: _seconds(by_queue[queue_heartbeat(queue)]) for queue in WORKER_QUEUES}
    return HealthResult(fit=not silent, state=state, detail={"age_seconds": detail})


def check_redis(_now: datetime) -> HealthResult:
    """Ask the broker for a sign, on a connection of its own without retries."""
    client = Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_connect_timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    finally:
        client.close()
    return HealthResult(fit=True, state="answers", detail={})


@cache
def expected_migrations() -> frozenset[tuple[str, str]]:
    """List the migrations of this code; they cannot change while the process runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


CHECKS_OF_READINESS: Mapping[str, Check] = {
    "database": check_database,
    "migrations": check_migrations,
}
CHECKS_OF_DATABASE: Mapping[str, Check] = {
    **CHECKS_OF_READINESS,
    "beat": check_beat,
    "workers": check_workers,
}
CHECKS_OF_REDIS: Mapping[str, Check] = {"redis": check_redis}


def _is_fresh(age: timedelta | None) -> bool:
    """Say whether a sign of life is young enough."""
    return age is not None and age <= STALE_AFTER


def _worded(age: timedelta | None) -> str:
    """Word the age of a sign of life."""
    if age is None:
        return "never seen"
    return "fresh" if _is_fresh(age) else "stale"


def _seconds(age: timedelta | None) -> float | None:
    """Give an age in seconds."""
    return None if age is None else round(age.total_seconds(), 1)
