"""Free ports of the loopback address."""

import random
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from atlas.embedded.checkout import read_record, write_private
from atlas.embedded.problems import CannotStart

LOOPBACK = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections (Linux 32768, macOS
# 49152), so that a port found once is still free when a server is restarted on it.
SERVICE_PORTS = range(20_000, 32_000)
NEIGHBOURS = 100
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: after a restart
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Claim:
    """A port that no other launcher on this machine takes while the claim is held.

    The web server shares its port with any other that asks for it (SO_REUSEPORT), so two launchers
    that start at the same moment would answer each other's pages. The claim is a socket in the
    kernel's own name space: it needs no file, has the reach of the port, and dies with its holder.
    """

    port: int
    _guard: socket.socket | None = field(default=None, repr=False)

    def release(self) -> None:
        """Let others take the port."""
        if self._guard is not None:
            self._guard.close()


def claim(port: int) -> Claim | None:
    """Claim a free port; None where somebody listens on it or has claimed it."""
    if sys.platform != "linux":
        return Claim(port) if is_free(port) else None
    guard = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        guard.bind(f"\0atlas-port-{port}")
    except OSError:
        guard.close()
        return None
    if is_free(port):
        return Claim(port, guard)
    guard.close()
    return None


def claim_preferred(port: int) -> Claim:
    """Claim the port itself where it is free, else the next free one above it.

    Raises CannotStart where a hundred ports in a row are occupied.
    """
    for candidate in range(port, min(port + NEIGHBOURS, 65_536)):
        claimed = claim(candidate)
        if claimed is not None:
            return claimed
    raise CannotStart(
        f"No free port from {port} on was found. End what listens there, "
        "or name another port with ATLAS_WEB_PORT or ATLAS_FLOWER_PORT."
    )


def free_service_port(*, taken: Iterable[int] = ()) -> int:
    """Find a free port for a server that only Atlas talks to; raises CannotStart."""
    avoid = set(taken)
    for _ in range(ATTEMPTS):
        candidate = random.choice(SERVICE_PORTS)  # noqa: S311  # spreads neighbours, hides nothing
        if candidate not in avoid and is_free(candidate):
            return candidate
    raise CannotStart(
        f"No free port between {SERVICE_PORTS.start} and {SERVICE_PORTS.stop} was found. "
        "End some of the programs that listen there and try again."
    )


def kept_port(record: Path, name: str) -> int:
    """Give the port that this checkout's server had before, or a new one where it is occupied.

    The choice is kept in `record`, so that addresses stay the same from run to run.
    """
    ports = read_record(record) or {}
    port = ports.get(name)
    others = {value for key, value in ports.items() if key != name}
    if not isinstance(port, int) or not is_free(port):
        port = free_service_port(taken=others)
        write_private(record, {**ports, name: port})
    return port
