"""`python -m atlas.embedded run | exec -- CMD | reset`: the launcher's verbs, one exit code each."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.problems import CannotStart, from_os_error

USAGE = "Usage: python -m atlas.embedded run | reset | exec -- COMMAND [ARGUMENT ...]"
INTERRUPTED = 130
WRONG_USE = 2


def main(arguments: Sequence[str]) -> int:
    """Run one verb; a problem is one sentence on standard error and code 1."""
    try:
        return _run_verb(arguments)
    except CannotStart as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"{from_os_error(problem, doing='starting Atlas').message}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _run_verb(arguments: Sequence[str]) -> int:
    """Choose the verb; each imports only what it needs."""
    checkout, python = Checkout(ROOT), Path(sys.executable)
    match list(arguments):
        case ["exec", "--", *command] if command:
            from atlas.embedded.execute import execute

            return execute(checkout, command, os.environ, python=python)
        case ["run"]:
            from atlas.embedded.runner import run

            return run(checkout, os.environ, python=python)
        case ["reset"]:
            from atlas.embedded.reset import reset

            return reset(checkout)
        case _:
            sys.stderr.write(f"{USAGE}\n")
            return WRONG_USE


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
