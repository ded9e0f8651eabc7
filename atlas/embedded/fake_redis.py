"""A stand-in for Redis in plain Python, where the real program cannot run; it keeps nothing.

Run as `python -m atlas.embedded.fake_redis PORT`.
"""

import signal
import sys
from types import FrameType

from fakeredis import TcpFakeServer

from atlas.embedded.ports import LOOPBACK


def serve(port: int) -> None:
    """Answer on a port of the loopback address until the process is told to end."""
    server = TcpFakeServer((LOOPBACK, port), server_type="redis", server_version=(7, 4))
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    server.serve_forever(poll_interval=0.1)


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once: there is nothing to keep."""
    raise SystemExit(0)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
