"""The wire below `atlas.http`: connections to checked addresses only, that end with their deadline."""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from atlas.outbound import OutboundPolicy

CONNECT_SECONDS = 5.0


class PinnedBackend(httpcore.NetworkBackend):
    """Connect to checked addresses only, and let no operation outlive the deadline.

    TLS still names and verifies the host: only the address below it is ours to choose.
    """

    def __init__(self, rules: OutboundPolicy, deadline: float) -> None:
        self._rules = rules
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check, and connect to the first address that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._rules.addresses(host, port, timeout_seconds=_left(self._deadline)):
            try:
                stream = self._network.connect_tcp(
                    address, port, timeout=min(CONNECT_SECONDS, _left(self._deadline))
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _DeadlineStream(stream, self._deadline)
        raise failure


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every operation ends with the deadline of the whole request.

    A host that sends one byte a second would never run into a time-out for a single read.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, no later than the deadline."""
        return self._stream.read(max_bytes, timeout=_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write, no later than the deadline."""
        self._stream.write(buffer, timeout=_left(self._deadline))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands, no later than the deadline."""
        secured = self._stream.start_tls(
            ssl_context, server_hostname=server_hostname, timeout=_left(self._deadline)
        )
        return _DeadlineStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Pass on what is known of the connection."""
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Give the seconds that are left; raises a time-out where none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline of the request has passed")
    return left
