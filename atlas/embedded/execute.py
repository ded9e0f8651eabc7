"""Runs one command with servers of its own around it: `python -m atlas.embedded exec -- CMD`."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from atlas.embedded.checkout import Checkout
from atlas.embedded.environment import clean_environment, command_environment
from atlas.embedded.problems import CannotStart
from atlas.embedded.processes import tie_to_parent
from atlas.embedded.slots import take_slot

SIGNAL_BASE = 128  # a shell's way to say "ended by signal n"


def execute(
    checkout: Checkout, argv: Sequence[str], environ: Mapping[str, str], *, python: Path
) -> int:
    """Start servers with an empty database, run the command, stop them; give its exit code.

    Raises CannotStart where the servers do not start or there is no such command.
    """
    slot = take_slot(checkout)
    try:
        connections = slot.start(environ)
        if slot.services is not None and slot.services.postgres is not None:
            slot.services.postgres.recreate_database()
        told = command_environment(clean_environment(environ, python=python), connections)
        return _run(checkout, argv, told)
    finally:
        slot.stop()


def _run(checkout: Checkout, argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command in our own terminal group, so that a Ctrl-C reaches it by itself."""
    try:
        child = subprocess.Popen(
            argv,
            env=dict(environ),
            cwd=checkout.root,
            preexec_fn=tie_to_parent(signal.SIGTERM),  # noqa: PLW1509  # started from one thread
        )
    except FileNotFoundError:
        raise CannotStart(f"There is no command {argv[0]!r}. Check its spelling.") from None

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if child.poll() is None:
            child.send_signal(number)

    previous_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    previous_end = signal.signal(signal.SIGTERM, pass_on)
    try:
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, previous_interrupt)
        signal.signal(signal.SIGTERM, previous_end)
    return SIGNAL_BASE - code if code < 0 else code
