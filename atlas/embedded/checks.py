"""`make check`: everything that must hold before a commit, all of it, then one summary.

Run as `python -m atlas.embedded.checks`. Each check runs even when an earlier one failed; those
that need a database share one with nothing in it.
"""

import filecmp
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atlas.embedded.audit import audit
from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.environment import clean_environment, command_environment
from atlas.embedded.problems import CannotStart, from_os_error
from atlas.embedded.slots import take_slot

MANAGE = ("manage.py",)
API_DOCUMENT = Path("docs/openapi.yaml")


@dataclass(frozen=True)
class Outcome:
    """How a check ended: passed True, failed False, not run None; with what there is to say."""

    name: str
    passed: bool | None
    said: str
    seconds: float

    @property
    def word(self) -> str:
        """One word for the summary."""
        return {True: "passed", False: "FAILED", None: "NOT RUN"}[self.passed]


@dataclass(frozen=True)
class Checks:
    """The checks of one checkout, run with one Python and one environment."""

    root: Path
    python: Path
    environ: Mapping[str, str]

    def all(self) -> list[tuple[str, Callable[[], tuple[bool | None, str]]]]:
        """List every check by its name, quick ones first."""
        return [
            ("lint", lambda: self._module("ruff", "check", "--output-format=concise", ".")),
            ("format", lambda: self._module("ruff", "format", "--check", ".")),
            ("imports", lambda: self._command("lint-imports")),
            ("types", lambda: self._module("mypy", ".")),
            ("django", lambda: self._manage("check", "--fail-level", "WARNING")),
            ("migrations", lambda: self._manage("makemigrations", "--check", "--dry-run")),
            ("migrate", lambda: self._manage("migrate", "--no-input", "--verbosity", "0")),
            ("roles", lambda: self._manage("grant_roles")),
            ("api document", self._api_document),
            (".env.example", lambda: self._module("config.env_example", "--check")),
            ("docs/schema.md", lambda: self._manage("schema_doc", "--check")),
            ("audit", lambda: audit(self.python, self.root / "requirements" / "dev.txt")),
        ]

    def run(self) -> list[Outcome]:
        """Run every check, telling each outcome at once."""
        outcomes = []
        for name, check in self.all():
            began = time.monotonic()
            passed, said = check()
            outcome = Outcome(name, passed, said.strip(), time.monotonic() - began)
            print(f"{outcome.word:8} {name} ({outcome.seconds:.1f} s)", flush=True)
            if not outcome.passed and outcome.said:
                print(outcome.said, flush=True)
            outcomes.append(outcome)
        return outcomes

    def _api_document(self) -> tuple[bool, str]:
        """Generate the API document and compare it with the committed one."""
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder) / "openapi.yaml"
            options = ("--validate", "--fail-on-warn", "--file", str(fresh))
            passed, said = self._manage("spectacular", *options)
            if not passed:
                return False, said
            committed = self.root / API_DOCUMENT
            same = committed.exists() and filecmp.cmp(fresh, committed, shallow=False)
        return same, "" if same else f"{API_DOCUMENT} is out of date; run `make schema`."

    def _manage(self, *arguments: str) -> tuple[bool, str]:
        """Run a management command."""
        return self._run([str(self.python), *MANAGE, *arguments])

    def _module(self, *arguments: str) -> tuple[bool, str]:
        """Run a Python module."""
        return self._run([str(self.python), "-m", *arguments])

    def _command(self, name: str) -> tuple[bool, str]:
        """Run a script of the virtual environment that is no module."""
        return self._run([str(self.python), str(self.python.parent / name)])

    def _run(self, argv: Sequence[str]) -> tuple[bool, str]:
        """Run a command; a good end and what it said."""
        done = subprocess.run(
            argv,
            cwd=self.root,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stdout


def summary(outcomes: Sequence[Outcome]) -> str:
    """Word the whole in one line; what was not run is named, never counted as passed."""
    counts = [f"{sum(o.passed is True for o in outcomes)} passed"]
    failed = [outcome.name for outcome in outcomes if outcome.passed is False]
    not_run = [outcome.name for outcome in outcomes if outcome.passed is None]
    counts += [f"{len(failed)} FAILED ({', '.join(failed)})"] if failed else []
    counts += [f"{len(not_run)} NOT RUN ({', '.join(not_run)})"] if not_run else []
    return f"Checks: {', '.join(counts)}."


def main() -> int:
    """Run all checks with servers of their own; 1 where one failed."""
    checkout, python = Checkout(ROOT), Path(sys.executable)
    environ = clean_environment(os.environ, python=python)
    try:
        slot = take_slot(checkout)
        try:
            connections = slot.start(environ)
            if slot.services is not None and slot.services.postgres is not None:
                slot.services.postgres.recreate_database()
            outcomes = Checks(
                checkout.root, python, command_environment(environ, connections)
            ).run()
        finally:
            slot.stop()
    except CannotStart as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"{from_os_error(problem, doing='the checks').message}\n")
        return 1
    print(summary(outcomes), flush=True)
    return 1 if any(outcome.passed is False for outcome in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
