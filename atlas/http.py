"""The one client for outbound HTTP; no other file talks HTTP to the world.

Every request has a total deadline that holds for each single read too, a cap on the size of the
answer, and goes only where `atlas.outbound` allows, redirects included. Messages name the host and
never the rest of an address: node providers put their keys into paths.
"""

import io
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

import httpcore
import httpx
import orjson

from atlas.domain.errors import DomainRefusal, Temporary
from atlas.http_wire import PinnedBackend
from atlas.outbound import REFUSED, OutboundPolicy

DEFAULT_SECONDS = 10.0
DEFAULT_BYTES = 5_000_000
MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
USER_AGENT = "atlas"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered; header names are in lower case."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def require_success(self) -> "Answer":
        """Give the answer if its status is 2xx.

        Raises Temporary for a status that asks to come back later, DomainRefusal for any other.
        """
        if 200 <= self.status < 300:  # noqa: PLR2004  # the range is the definition of success
            return self
        words = f"{self.host} answered with status {self.status}"
        if self.status in RETRIABLE:
            raise Temporary(words, detail={"status": self.status})
        raise DomainRefusal(words, code=REFUSED, detail={"status": self.status})

    def json(self) -> Any:
        """Read the body as JSON; raises DomainRefusal where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise DomainRefusal(f"{self.host} answered with no JSON", code=REFUSED) from None


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = DEFAULT_SECONDS,
    max_bytes: int = DEFAULT_BYTES,
    policy: OutboundPolicy | None = None,
    tls: ssl.SSLContext | None = None,
    sink: BinaryIO | None = None,
) -> Answer:
    """Send one request and give its answer, whatever its status.

    Redirects of GET and HEAD are followed, at most five, each checked like the first; the caller's
    headers go to the first origin only. The body of a success goes into `sink`, if one is given,
    and is never in memory as a whole. Raises DomainRefusal for what the policy forbids, an answer
    above `max_bytes` or a redirect that is not followed; Temporary for time-outs and broken
    connections.
    """
    rules = policy or OutboundPolicy.from_settings()
    deadline = time.monotonic() + timeout_seconds
    here, sent = _parsed(url), {"user-agent": USER_AGENT, **_lower(headers or {})}
    for _ in range(MOST_REDIRECTS + 1):
        _require_allowed(here, rules)
        request = _request(method, here, sent, body)
        with _sent(request, rules, deadline, tls or _public_tls()) as response:
            answer = _answer(here.host, response, max_bytes, sink)
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            return answer
        following = _redirected(here, answer.headers["location"], method)
        sent = sent if _origin(following) == _origin(here) else {"user-agent": USER_AGENT}
        here = following
    raise DomainRefusal(f"{here.host} redirects more than {MOST_REDIRECTS} times", code=REFUSED)


def _parsed(url: str) -> httpx.URL:
    """Read an address; raises DomainRefusal without repeating it."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise DomainRefusal("The outbound address is malformed", code=REFUSED) from None


def _require_allowed(url: httpx.URL, rules: OutboundPolicy) -> None:
    """Refuse an address that the policy forbids or that carries credentials in its host part."""
    if url.userinfo:
        raise DomainRefusal(
            f"The address of {url.host} carries credentials; send them as a header", code=REFUSED
        )
    rules.require_allowed(scheme=url.scheme, host=url.host, port=url.port)


def _request(
    method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None
) -> httpx.Request:
    """Build the request; compressed answers are not asked for, so that a cap caps."""
    return httpx.Request(
        method, url, headers={**headers, "accept-encoding": "identity"}, content=body
    )


@contextmanager
def _sent(
    request: httpx.Request, rules: OutboundPolicy, deadline: float, tls: ssl.SSLContext
) -> Iterator[httpcore.Response]:
    """Send one request over a connection of its own and give the answer as it begins."""
    asked = request.url
    url = httpcore.URL(
        scheme=asked.raw_scheme, host=asked.raw_host, port=asked.port, target=asked.raw_path
    )
    backend = PinnedBackend(rules, deadline)
    with (
        _worded_failures(asked.host),
        httpcore.ConnectionPool(ssl_context=tls, network_backend=backend) as pool,
        pool.stream(
            request.method, url, headers=request.headers.raw, content=request.content
        ) as response,
    ):
        yield response


def _answer(
    host: str, response: httpcore.Response, max_bytes: int, sink: BinaryIO | None
) -> Answer:
    """Read the whole answer: a success into the sink, if there is one, anything else into memory."""
    headers = httpx.Headers(response.headers)
    _require_plain(host, headers)
    held = io.BytesIO()
    if sink is not None and 200 <= response.status < 300:  # noqa: PLR2004  # the range defines success
        _read(host, response.iter_stream(), max_bytes, sink)
    else:
        cap = max_bytes if sink is None else min(max_bytes, DEFAULT_BYTES)
        _read(host, response.iter_stream(), cap, held)
    return Answer(host, response.status, dict(headers.items()), held.getvalue())


@contextmanager
def _worded_failures(host: str) -> Iterator[None]:
    """Turn what the wire says into errors named by what to do next."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise Temporary(f"{host} did not answer in time") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        if isinstance(error.__context__, ssl.SSLCertVerificationError):
            raise DomainRefusal(
                f"The certificate of {host} is not trusted", code=REFUSED
            ) from error
        raise Temporary(f"The connection to {host} failed: {type(error).__name__}") from error


def _read(host: str, parts: Iterable[bytes], max_bytes: int, into: BinaryIO) -> None:
    """Read an answer part by part and stop at the cap."""
    size = 0
    for part in parts:
        size += len(part)
        if size > max_bytes:
            raise DomainRefusal(
                f"{host} sent more than {max_bytes:,} bytes",
                code="answer_too_large",
                detail={"max_bytes": max_bytes},
            )
        into.write(part)


def _require_plain(host: str, headers: httpx.Headers) -> None:
    """Refuse a compressed answer: nobody asked for one, and it may unpack to any size."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise DomainRefusal(f"{host} sent a compressed answer that nobody asked for", code=REFUSED)


def _redirected(here: httpx.URL, target: str, method: str) -> httpx.URL:
    """Give where a redirect leads; raises DomainRefusal for one that must not be followed."""
    if method not in {"GET", "HEAD"}:
        raise DomainRefusal(f"{here.host} redirects a {method}; it is not sent twice", code=REFUSED)
    try:
        following = here.join(target)
    except (httpx.InvalidURL, ValueError):
        raise DomainRefusal(f"{here.host} redirects to a malformed address", code=REFUSED) from None
    if here.scheme == "https" and following.scheme != "https":
        raise DomainRefusal(f"{here.host} redirects from https to {following.scheme}", code=REFUSED)
    return following


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Give scheme, host and port."""
    return url.scheme, url.host, url.port


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    """Write header names in lower case, so that none is sent twice."""
    return {name.lower(): value for name, value in headers.items()}


@cache
def _public_tls() -> ssl.SSLContext:
    """Trust the public certificate authorities; the environment of the process has no say."""
    return httpx.create_ssl_context(trust_env=False)
