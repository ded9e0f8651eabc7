"""Outlives a launcher that was killed, and ends what it had started.

The kernel signals each child when the launcher dies, but a child may be deaf at that moment (a
worker that is just starting) and what the child itself had started hears nothing. This process
holds one end of a pipe; when the launcher ends in whatever way, the pipe closes.

Run as `python -m atlas.embedded.watchdog STATE-FILE RUN`.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from atlas.embedded.checkout import Checkout
from atlas.embedded.run_state import RunState, end_run

GRACE_SECONDS = 5


class Watchdog:
    """The launcher's end of the pipe."""

    def __init__(self, checkout: Checkout, state: RunState, *, python: Path) -> None:
        argv = [str(python), "-m", "atlas.embedded.watchdog", str(state.path), state.run]
        self._process = subprocess.Popen(
            argv,
            cwd=checkout.root,
            env={"PATH": os.defpath},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """Let it look around a last time and go; call it when everything has ended in order."""
        self._process.communicate(timeout=GRACE_SECONDS)


def watch(path: Path, run: str) -> int:
    """Wait for the launcher's end, then end what is left of its run; give how many that were."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it goes when the launcher goes, and not before
    while os.read(sys.stdin.fileno(), 64):
        continue
    return end_run(path, run=run)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.argv[2])
