"""Starts `make run` behind a terminal, looks at its pages, presses Ctrl-C, and looks for leftovers.

Run as `python -m atlas.embedded.smoke`; what it sees is printed, a surprise ends it with code 1.
"""

import contextlib
import http.client
import json
import os
import pty
import re
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from atlas.embedded.checkout import ROOT, read_record
from atlas.embedded.children import RUN_WORD
from atlas.embedded.ports import LOOPBACK
from atlas.embedded.processes import carrying

START_SECONDS = 240  # the installs are done; a busy machine is slow
FIT_SECONDS = 90
END_SECONDS = 40
CTRL_C = b"\x03"
READY = re.compile(r"Atlas is ready in ([\d.]+) s")
WEB = re.compile(r"Web +http://127\.0\.0\.1:(\d+)/")
UNAUTHORISED = 401
OK = 200


class Surprise(Exception):
    """The running stack did something else than it should."""


@dataclass
class Terminal:
    """`make run` behind a terminal of its own, as a person would see it."""

    pid: int
    wire: int
    said: str = ""

    @classmethod
    def open(cls, root: Path) -> "Terminal":
        """Start `make run`."""
        pid, wire = pty.fork()
        if pid == 0:
            os.chdir(root)
            os.execvp("make", ["make", "run"])  # noqa: S606  # no shell wanted
        return cls(pid, wire)

    def read_until(self, condition: Callable[[], object], *, seconds: float, wish: str) -> None:
        """Read until a condition holds; raises Surprise when it ends or time runs out before."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise Surprise(f"no {wish} within {seconds:.0f} s")
            if not self._read() and not condition():
                raise Surprise(f"`make run` ended before {wish}")

    def end(self, *, seconds: float) -> None:
        """Press Ctrl-C and read to the end; raises Surprise where it does not come in time."""
        with contextlib.suppress(OSError):  # it may have ended by itself
            os.write(self.wire, CTRL_C)
        deadline = time.monotonic() + seconds
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                raise Surprise(f"no end within {seconds:.0f} s after Ctrl-C")
            if not self._read():
                time.sleep(0.1)

    def _read(self) -> bool:
        """Read what waits, for up to half a second; False where the terminal was closed."""
        if not select.select([self.wire], [], [], 0.5)[0]:
            return True
        try:
            chunk = os.read(self.wire, 65_536).decode(errors="replace")
        except OSError:
            return False
        sys.stdout.write(chunk)
        sys.stdout.flush()
        self.said += chunk
        return bool(chunk)


def smoke(root: Path) -> str:
    """Run the whole round; gives one sentence for the log, raises Surprise."""
    terminal = Terminal.open(root)
    try:
        terminal.read_until(
            lambda: READY.search(terminal.said), seconds=START_SECONDS, wish="'Atlas is ready'"
        )
        terminal.read_until(
            lambda: "Flower asks" in terminal.said, seconds=5, wish="word about Flower"
        )
        port = int(_found(WEB, terminal.said))
        run = (read_record(root / ".atlas" / "run" / "state.json") or {}).get("run")
        terminal.read_until(
            lambda: status(port, "/health")[0] == OK, seconds=FIT_SECONDS, wish="fit /health"
        )
        look_at_pages(port, terminal.said)
    finally:
        terminal.end(seconds=END_SECONDS)
    left = carrying(f"{RUN_WORD}={run}")
    if left:
        raise Surprise(
            f"{len(left)} processes outlived Ctrl-C: {[process.pid for process in left]}"
        )
    return (
        f"Smoke test: ready in {_found(READY, terminal.said)} s, fit, all pages there, all ended."
    )


def look_at_pages(port: int, said: str) -> None:
    """Look at what a newcomer opens; raises Surprise."""
    for path in ("/livez", "/readyz", "/health", "/docs", "/admin/login/"):
        code, _ = status(port, path)
        if code != OK:
            raise Surprise(f"{path} answers {code}")
    code, body = status(port, "/api/v1/strategies/")
    if code != OK or not json.loads(body).get("results"):
        raise Surprise(f"/api/v1/strategies/ answers {code} and lists no strategy")
    flower = int(_found(re.compile(r"Flower +http://127\.0\.0\.1:(\d+)/"), said))
    code, _ = status(flower, "/")
    if code != UNAUTHORISED:
        raise Surprise(f"Flower answers {code} to somebody without its password")


def status(port: int, path: str) -> tuple[int, bytes]:
    """Get a page; its status and body, or 0 where nobody answers."""
    wire = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        wire.request("GET", path)
        answer = wire.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        wire.close()


def _found(pattern: re.Pattern[str], said: str) -> str:
    """Give what a pattern found in the output; raises Surprise where it is not there."""
    match = pattern.search(said)
    if match is None:
        raise Surprise(f"the output does not say {pattern.pattern!r}")
    return match[1]


def main() -> int:
    """Run the smoke test in this checkout; 1 on a surprise."""
    try:
        print(smoke(ROOT), flush=True)
    except Surprise as surprise:
        sys.stderr.write(f"Smoke test failed: {surprise}.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
