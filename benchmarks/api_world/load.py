"""Clients that ask without a pause over connections that stay open, in one thread."""

import selectors
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from atlas.embedded.ports import LOOPBACK

CHUNK = 1 << 18
GIVE_UP_SECONDS = 30.0
HEAD_END = b"\r\n\r\n"
NOT_MODIFIED = 304


class Unanswered(Exception):
    """A server closed a connection, answered another status, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How long each request took, in seconds, and how long all of it."""

    seconds: list[float]
    span: float

    @property
    def a_second(self) -> float:
        """Give the requests a second."""
        return len(self.seconds) / self.span

    def quantile(self, share: float) -> float:
        """Give the time that a share of the requests kept below, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


@dataclass(slots=True)
class _Wire:
    """One connection: what was asked when, and what has come of the answer."""

    socket: socket.socket
    began: float = 0.0
    head: bytes = b""
    missing: int = -1
    parts: list[bytes] | None = None


def ask(
    port: int,
    paths: Iterator[str],
    *,
    clients: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    expected: int = 200,
) -> Measured:
    """Ask for paths, one after the other on each connection, until the time is over."""
    wires = [_Wire(_connect(port)) for _ in range(clients)]
    taken: list[float] = []
    with selectors.DefaultSelector() as ready:
        for wire in wires:
            ready.register(wire.socket, selectors.EVENT_READ, wire)
            _send(wire, port, next(paths), headers)
        began = time.perf_counter()
        ends = began + seconds
        waiting = len(wires)
        while waiting:
            found = ready.select(timeout=GIVE_UP_SECONDS)
            if not found:
                raise Unanswered(f"nothing within {GIVE_UP_SECONDS} s")
            for key, _ in found:
                wire = key.data
                if not _receive(wire, expected):
                    continue
                now = time.perf_counter()
                taken.append(now - wire.began)
                if now >= ends:
                    waiting -= 1
                else:
                    _send(wire, port, next(paths), headers)
        span = time.perf_counter() - began
    for wire in wires:
        wire.socket.close()
    return Measured(taken, span)


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, bytes]:
    """Ask once; gives head and body."""
    wire = _Wire(_connect(port))
    _send(wire, port, path, headers)
    parts: list[bytes] = []
    wire.parts = parts  # only here is a body kept
    while not _receive(wire, 200):
        pass
    wire.socket.close()
    return wire.head, b"".join(parts)


def _connect(port: int) -> socket.socket:
    wire = socket.create_connection((LOOPBACK, port), timeout=GIVE_UP_SECONDS)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _send(wire: _Wire, port: int, path: str, headers: Mapping[str, str] | None) -> None:
    """Send one request and forget the answer before."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {LOOPBACK}:{port}", "Accept: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    wire.head, wire.missing = b"", -1
    wire.began = time.perf_counter()
    wire.socket.sendall("\r\n".join([*lines, "", ""]).encode())


def _receive(wire: _Wire, expected: int) -> bool:
    """Take what has come; gives whether the answer is whole. Raises Unanswered for a wrong one."""
    got = wire.socket.recv(CHUNK)
    if not got:
        raise Unanswered("the server closed the connection")
    if wire.missing < 0:
        wire.head += got
        head, separator, got = wire.head.partition(HEAD_END)
        if not separator:
            return False
        wire.head = head
        wire.missing = _length(head, expected)
    wire.missing -= len(got)
    if wire.parts is not None:
        wire.parts.append(got)
    return wire.missing <= 0


def _length(head: bytes, expected: int) -> int:
    """Read how long the body is; raises Unanswered for another status."""
    lines = head.split(b"\r\n")
    status = int(lines[0].split()[1])
    if status != expected:
        raise Unanswered(f"{status}: {head.decode(errors='replace')}")
    if status == NOT_MODIFIED:
        return 0
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise Unanswered("an answer without its length")
