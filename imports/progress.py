"""How far a run has got just now, for who watches it: a terminal in the same process, or the console.

A phase is one transaction, so its rows tell nothing until it is through. Progress is therefore told
outside of it, in Redis, at most four times a second, and forgotten after a while. It is a courtesy:
where Redis is away nothing is told, and no import ever fails or waits for that.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

LEAST_SECONDS_BETWEEN = 0.25
KEPT_SECONDS = 30 * 60  # as long as the longest statement of a phase may take
SILENT_SECONDS = 30.0  # after Redis did not answer: each try may cost a time-out


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase of a run is; `total` is 0 where nobody knows how much there is to do.

    `stage` counts bytes of the unpacked file, `review` kinds of records, `apply` and `revert` rows.
    """

    run: int
    phase: str
    done: int
    total: int

    @property
    def percent(self) -> int | None:
        """Give the whole percents that are done, or None where the total is unknown."""
        return min(100, 100 * self.done // self.total) if self.total else None


Listener = Callable[[Progress], object]


@dataclass(slots=True)
class _Told:
    """What this process told last, and since when it does not bother Redis."""

    phase: tuple[int, str] = (0, "")
    done: int = 0
    at: float = 0.0
    silent_until: float = 0.0


_told = _Told()
_listeners: list[Listener] = []


def report(run_id: int, phase: str, done: int | Callable[[], int], total: int = 0) -> None:
    """Tell how far a phase is; costs nothing unless a quarter of a second has passed.

    `done` may be a function where counting is work: it is asked only when something is told. The
    beginning of a phase is always told, and what is told never goes back within a phase.
    """
    now = time.monotonic()
    if _told.phase != (run_id, phase):
        _told.phase, _told.done = (run_id, phase), 0
    elif now - _told.at < LEAST_SECONDS_BETWEEN:
        return
    _told.at = now
    _told.done = max(_told.done, done() if callable(done) else done)
    made = Progress(run_id, phase, _told.done, total)
    for listener in _listeners:
        listener(made)
    if now >= _told.silent_until:
        _with_redis(lambda: cache.set(_key(run_id), asdict(made), timeout=KEPT_SECONDS))


def advance(run_id: int, done: int, total: int) -> None:
    """Tell how far the phase is whose beginning was told last; nothing where it is not this run's."""
    told_run, phase = _told.phase
    if told_run == run_id:
        report(run_id, phase, done, total)


def read(run_id: int) -> Progress | None:
    """Give how far a run is, or None where it is not under way or Redis is away."""
    found = _with_redis(lambda: cache.get(_key(run_id)))
    return Progress(**found) if isinstance(found, dict) else None


def forget(run_id: int) -> None:
    """Say that a run is not under way any more."""
    _told.phase = (0, "")
    if time.monotonic() >= _told.silent_until:
        _with_redis(lambda: cache.delete(_key(run_id)))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell a listener in this process of everything that is told meanwhile."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def _key(run_id: int) -> str:
    return f"import-progress:{run_id}"


def _with_redis(ask: Callable[[], object]) -> object:
    """Ask Redis; where it does not answer, leave it alone for a while."""
    try:
        return ask()
    except (RedisError, OSError) as error:
        _told.silent_until = time.monotonic() + SILENT_SECONDS
        log.debug("import_progress_untold", error=type(error).__name__)
        return None
