"""How often each source was asked and what came of it, counted over all processes.

Workers ask, web processes tell Prometheus: the counts meet in one hash in Redis. A count that
cannot be brought there waits in this process and goes with the next one.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import cast

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from atlas import registries
from atlas.registries import Family

log = structlog.get_logger(__name__)

SECONDS = 0.5
_SEPARATOR = "|"
_waiting: Counter[str] = Counter()
_lock = threading.Lock()


def register() -> None:
    """Let Prometheus read the counts; called once when the app is ready."""
    registries.metrics.add("market data", families)


def count(source: str, host: str, outcome: str) -> None:
    """Count one request, or one refusal to make it, under source, host and outcome."""
    with _lock:
        _waiting[_SEPARATOR.join((source, host, outcome))] += 1
        going = dict(_waiting)
        _waiting.clear()
    try:
        pipeline = _redis(settings.ATLAS_REDIS_URL).pipeline(transaction=False)
        for name, number in going.items():
            pipeline.hincrby(_key(), name, number)
        pipeline.execute()
    except RedisError as error:
        with _lock:
            _waiting.update(going)
        log.warning("market_data_counts_wait", error=type(error).__name__)


def families(_now: datetime) -> Iterable[Family]:
    """Give the counts as Prometheus reads them."""
    answer = _redis(settings.ATLAS_REDIS_URL).hgetall(_key())
    counts = cast(Mapping[bytes, bytes], answer)
    samples = []
    for name, number in sorted(counts.items()):
        source, host, outcome = name.decode().split(_SEPARATOR)
        samples.append(((source, host, outcome), float(number)))
    yield Family(
        "atlas_market_data_requests",
        "counter",
        "Requests to sources of market data, by what came of them.",
        ("source", "host", "outcome"),
        samples,
    )


def _key() -> str:
    return f"{settings.ATLAS_REDIS_PREFIX}:market-data:requests"


@cache
def _redis(url: str) -> Redis:
    """Keep one client a process; it connects when it is used."""
    return Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
