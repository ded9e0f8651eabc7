"""What the API keeps in Redis for a while: cached answers and the counts of throttles.

Redis is a courtesy here: where it is away or slow, whoever asks gets None and does without. After a
failure it is left alone for some seconds, so that an outage costs one short wait and not one for
each request; then a single request tries again.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import structlog
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")

ANSWER_SECONDS = 0.25  # a quarter of a second is longer than reading the answer anew takes
REST_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Store:
    """Redis behind a breaker; safe to share between threads."""

    def __init__(self, url: str, *, prefix: str) -> None:
        self.prefix = prefix
        self._guard = threading.Lock()
        self._resting_until = 0.0
        self._client: Redis = Redis.from_url(
            url,
            socket_connect_timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def named(self, name: str) -> str:
        """Give the key of a thing under the prefix of this installation."""
        return f"{self.prefix}:api:{name}"

    def ask(self, question: Callable[[Redis], T]) -> T | None:
        """Ask Redis; gives None where it is away, slow, or being left alone."""
        if not self._may_ask():
            return None
        try:
            answer = question(self._client)
        except (RedisError, OSError) as error:
            self._rest(error)
            return None
        self._resting_until = 0.0
        return answer

    def _may_ask(self) -> bool:
        """Say whether to ask; at the end of a rest one caller tries and the others go on resting."""
        if self._resting_until == 0.0:
            return True
        with self._guard:
            now = time.monotonic()
            if now < self._resting_until:
                return False
            self._resting_until = now + REST_SECONDS
            return True

    def _rest(self, error: Exception) -> None:
        """Leave Redis alone for a while."""
        with self._guard:
            self._resting_until = time.monotonic() + REST_SECONDS
        log.warning("redis_left_alone", error=type(error).__name__, seconds=REST_SECONDS)


def api_store() -> Store:
    """Give the store of this process."""
    return _store(settings.ATLAS_REDIS_URL, settings.ATLAS_REDIS_PREFIX)


@lru_cache(maxsize=8)
def _store(url: str, prefix: str) -> Store:
    return Store(url, prefix=prefix)


def script(client: Redis, text: str, keys: list[str], values: list[Any]) -> Any:
    """Run a script by its digest, teaching it to Redis where it is new there."""
    return client.register_script(text)(keys=keys, args=values)
