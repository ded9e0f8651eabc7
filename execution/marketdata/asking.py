"""Asking one source over its endpoints: pace, breaker, fallback, retries with jitter, one deadline.

A question goes to the endpoints in their order until one gives an answer that can be read. Where
none does, the round is repeated after a wait with jitter, as long as the time that the caller gave
lasts. Every end has a type (`execution.marketdata.errors`).
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

import tenacity
from tenacity.stop import stop_base

from atlas import http
from atlas.domain.errors import DomainRefusal, Temporary, UnusableData
from execution.marketdata import tallies
from execution.marketdata.circuits import CIRCUITS, Circuits
from execution.marketdata.errors import MalformedAnswer, SourceAway, SourceBusy, SourceRefused
from execution.marketdata.reading import Json, json_of

V = TypeVar("V")
OUT_OF_PATIENCE = frozenset({425, 429})
SUCCESS = range(200, 300)


class Fetch(Protocol):
    """Send a GET and give the answer, as `atlas.http.fetch` does."""

    def __call__(self, url: str, *, timeout_seconds: float, max_bytes: int) -> http.Answer:
        """Raises Temporary for what may pass, DomainRefusal for what will not."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer that is JSON: numbers with a point are Decimals, never floats.

    `served_at` is the time by the clock of the host that answered, where it told.
    """

    host: str
    content: Json
    served_at: datetime | None


@dataclass(frozen=True, slots=True)
class AskTerms:
    """How long one request and the whole question may take, and how often a round is tried."""

    request_seconds: float = 4.0
    total_seconds: float = 12.0
    rounds: int = 3
    first_wait_seconds: float = 0.3
    longest_wait_seconds: float = 4.0
    max_bytes: int = 5_000_000


@dataclass(frozen=True)
class Source:
    """A named source with its endpoints, the preferred one first."""

    name: str
    endpoints: tuple[str, ...]
    terms: AskTerms = AskTerms()
    fetch: Fetch = field(default=http.fetch, repr=False)
    circuits: Circuits = field(default=CIRCUITS, repr=False)
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def ask(self, path: str, params: Mapping[str, str | int], read: Callable[[Received], V]) -> V:
        """Ask for a path and give what `read` makes of the answer.

        `read` raises MalformedAnswer for an answer that is none, another UnusableData for one that
        cannot be used; either way the next endpoint is asked. Raises SourceAway or SourceBusy
        (later), SourceRefused (never), or the first UnusableData.
        """
        target = f"{path}?{urlencode(params)}" if params else path
        deadline = self.monotonic() + self.terms.total_seconds
        jitter = tenacity.wait_random_exponential(
            multiplier=self.terms.first_wait_seconds, max=self.terms.longest_wait_seconds
        )
        attempts = tenacity.Retrying(
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self.terms.rounds), _TooLate(deadline, self.monotonic)
            ),
            wait=lambda state: max(jitter(state), _wanted_wait(state)),
            retry=tenacity.retry_if_exception_type(SourceAway),
            sleep=self.sleep,
            reraise=True,
        )
        value: V = attempts(self._round, target, read, deadline)
        return value

    def _round(self, target: str, read: Callable[[Received], V], deadline: float) -> V:
        """Ask one endpoint after the other; raises the gravest of what they said."""
        said: list[Exception] = []
        for base_url in self.endpoints:
            try:
                return self._one(base_url, target, read, deadline)
            except (SourceAway, SourceRefused, UnusableData) as error:
                said.append(error)
        raise _verdict(self.name, said)

    def _one(self, base_url: str, target: str, read: Callable[[Received], V], deadline: float) -> V:
        """Ask one endpoint, and let its breaker know how it went."""
        host = urlsplit(base_url).netloc
        circuit = self.circuits.of(self.name, base_url)
        self._wait_for_turn(base_url, host, deadline)
        try:
            value = read(self._received(f"{base_url}{target}", host, deadline))
        except (SourceAway, SourceRefused, UnusableData) as error:
            # What is well said but cannot be used (stale, unknown market) is no fault of the line.
            if isinstance(error, SourceAway | MalformedAnswer):
                wanted = float(error.detail.get("wait_seconds", 0.0))
                if circuit.breaker.failed(self.monotonic(), pause_seconds=wanted):
                    tallies.count(self.name, host, "opened")
            else:
                circuit.breaker.succeeded()
            tallies.count(self.name, host, error.code)
            raise
        circuit.breaker.succeeded()
        tallies.count(self.name, host, "answered")
        return value

    def _wait_for_turn(self, base_url: str, host: str, deadline: float) -> None:
        """Wait for the endpoint's turn; raises SourceAway where its breaker or pace forbids."""
        circuit, now = self.circuits.of(self.name, base_url), self.monotonic()
        if not circuit.breaker.admit(now):
            wait = circuit.breaker.wait_seconds(now)
            tallies.count(self.name, host, "not_asked")
            raise SourceAway(
                f"{host} has a pause of {wait:.1f} s after failures", detail={"wait_seconds": wait}
            )
        turn = circuit.pace.take(now, most_seconds=max(0.0, deadline - now))
        if turn is None:
            tallies.count(self.name, host, "paced")
            raise SourceBusy(f"{host} was asked as often as we allow ourselves")
        if turn > 0:
            self.sleep(turn)

    def _received(self, url: str, host: str, deadline: float) -> Received:
        """Send one request; raises SourceAway, SourceRefused or MalformedAnswer."""
        left = deadline - self.monotonic()
        if left <= 0:
            raise SourceAway(f"There was no time left to ask {host}")
        seconds = min(self.terms.request_seconds, left)
        try:
            answer = self.fetch(url, timeout_seconds=seconds, max_bytes=self.terms.max_bytes)
        except Temporary as error:
            raise SourceAway(error.message) from error
        except UnusableData:
            raise  # a recording that has ended says so itself
        except DomainRefusal as error:
            raise SourceRefused(error.message, detail=error.detail) from error
        if answer.status not in SUCCESS:
            raise _refusal(host, answer)
        return Received(host, json_of(answer.body, host), _date(answer))


def _refusal(host: str, answer: http.Answer) -> SourceAway | SourceRefused:
    """Read a status that is no success."""
    words = f"{host} answered with status {answer.status}"
    if answer.status in OUT_OF_PATIENCE:
        wait = _retry_after(answer)
        return SourceBusy(words, detail={"status": answer.status, "wait_seconds": wait})
    if answer.status in http.RETRIABLE:
        wait = _retry_after(answer)
        return SourceAway(words, detail={"status": answer.status, "wait_seconds": wait})
    return SourceRefused(words, detail={"status": answer.status})


def _retry_after(answer: http.Answer) -> float:
    """Read how many seconds a host asks us to wait: a number or a date; 0 where it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < len("1000000"):
        return float(text)
    with suppress(ValueError, TypeError):
        until, served = parsedate_to_datetime(text), _date(answer)
        return max(0.0, (until - served).total_seconds()) if served else 0.0
    return 0.0


def _date(answer: http.Answer) -> datetime | None:
    """Read the clock of the host that answered, in UTC."""
    with suppress(ValueError, TypeError):
        told = parsedate_to_datetime(answer.headers.get("date", ""))
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    return None


def _verdict(source: str, said: list[Exception]) -> Exception:
    """Choose what a round ends in: unusable data first, then what may pass, then the refusal.

    Whoever answered nonsense or stale data is the finding; one endpoint that is merely away keeps
    the door open for another round.
    """
    away = [error for error in said if isinstance(error, SourceAway)]
    unusable = [error for error in said if isinstance(error, UnusableData)]
    if unusable:
        return unusable[0]
    if not away:
        return said[-1]
    waits = [float(error.detail.get("wait_seconds", 0.0)) for error in away]
    kind = SourceBusy if all(isinstance(error, SourceBusy) for error in away) else SourceAway
    words = "; ".join(dict.fromkeys(error.message for error in away))
    return kind(f"{source} cannot be asked: {words}.", detail={"wait_seconds": min(waits)})


def _wanted_wait(state: tenacity.RetryCallState) -> float:
    """Read how long the endpoints asked us to wait."""
    error = state.outcome.exception() if state.outcome is not None else None
    return float(error.detail.get("wait_seconds", 0.0)) if isinstance(error, SourceAway) else 0.0


@dataclass(frozen=True, slots=True)
class _TooLate(stop_base):
    """Stop where the wait before the next round would outlast the deadline."""

    deadline: float
    monotonic: Callable[[], float]

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        """Tell whether there is no time left for another round."""
        return self.monotonic() + retry_state.upcoming_sleep >= self.deadline
