"""Free ports of the loopback address."""

import random
import socket
from collections.abc import Iterable
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


def preferred_port(port: int, *, taken: Iterable[int] = ()) -> int:
    """Give the port itself where it is free, else the next free one above it.

    Raises CannotStart where a hundred ports in a row are occupied.
    """
    avoid = set(taken)
    for candidate in range(port, min(port + NEIGHBOURS, 65_536)):
        if candidate not in avoid and is_free(candidate):
            return candidate
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
