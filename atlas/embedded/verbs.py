"""What each `make` verb runs once the virtual environment stands. Standard library only."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from atlas.embedded.checkout import Checkout
from atlas.embedded.environment import clean_environment
from atlas.embedded.installation import Environment, prepare
from atlas.embedded.problems import CannotStart, from_os_error

INTERRUPTED = 130
WRONG_USE = 2
LAUNCHER = ("-m", "atlas.embedded")
PYTEST = ("-m", "pytest")
FAST = (*PYTEST, "-n", "2", "-m", "not deep and not fork")


@dataclass(frozen=True)
class Verb:
    """A set of requirements that must stand, and what Python then runs (None: only set up)."""

    requirements: str
    arguments: tuple[str, ...] | None = None

    def command(self, own: Sequence[str]) -> list[str]:
        """Give the arguments of Python, the caller's own last."""
        return [*(self.arguments or ()), *own]


VERBS = {
    "setup": Verb("dev"),
    "run": Verb("embedded", (*LAUNCHER, "run")),
    "test": Verb("dev", FAST),
    # Apart from `test`, because tracing every line takes half as long again.
    "coverage": Verb("dev", (*FAST, "--cov", "--cov-report=term")),
    # One process, in the written order: these kill servers and fill disks, and tell a story.
    "test-deep": Verb("dev", (*PYTEST, "-m", "deep", "-p", "no:randomly", "-p", "no:xdist")),
    "check": Verb("dev", ("-m", "atlas.embedded.checks")),
    "smoke": Verb("dev", ("-m", "atlas.embedded.smoke")),
    "exec": Verb("dev", (*LAUNCHER, "exec", "--")),
    "python": Verb("dev", ()),
}


def prepare_and_run(root: str, arguments: Sequence[str]) -> int:
    """Prepare the environment and become the verb's command; give a code only where that fails."""
    try:
        return _prepare_and_run(Checkout(Path(root).resolve()), arguments)
    except CannotStart as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"{from_os_error(problem, doing='starting Atlas').message}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. What was half done is done over next time.\n")
        return INTERRUPTED


def _prepare_and_run(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Find the verb and hand over to it; `reset` needs no environment."""
    name = arguments[0] if arguments else ""
    if name == "reset":
        from atlas.embedded.reset import reset

        return reset(checkout)
    verb = VERBS.get(name)
    if verb is None:
        sys.stderr.write(f"Usage: bootstrap.py {' | '.join([*VERBS, 'reset'])} [ARGUMENT ...]\n")
        return WRONG_USE
    environment = prepare(checkout, verb.requirements)
    if verb.arguments is None:
        print(f"Ready: {environment.folder}", flush=True)
        return 0
    return _become(environment, checkout, verb.command(arguments[1:]))


def _become(environment: Environment, checkout: Checkout, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by the environment's Python, so that signals reach it directly."""
    os.chdir(checkout.root)
    python = str(environment.python)
    environ = clean_environment(os.environ, python=environment.python)
    os.execve(python, [python, *arguments], environ)  # noqa: S606  # no shell wanted
