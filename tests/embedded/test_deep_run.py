"""The running stack as its user knows it: started, crowded, killed, resumed, ended."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from atlas.embedded.checkout import ROOT, Checkout, read_record
from atlas.embedded.children import RUN_WORD
from atlas.embedded.launch import ask
from atlas.embedded.processes import carrying
from atlas.embedded.smoke import READY, WEB, status

pytestmark = [pytest.mark.deep, pytest.mark.timeout(600)]

NOT_COPIED = (".venv", ".git", ".atlas", "__pycache__", "node_modules", "*.egg-info", ".*_cache")
START_SECONDS = 240
LAUNCH = (sys.executable, "-m", "atlas.embedded")


@pytest.fixture(scope="module")
def copy() -> Iterator[Checkout]:
    """A copy of the project in a folder whose name holds spaces."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "a copy of Atlas"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield Checkout(root)


class Launched:
    """A launcher in the background, its words in a file."""

    def __init__(self, checkout: Checkout, log: Path) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("ATLAS_")}
        environ.pop("DJANGO_SETTINGS_MODULE", None)
        self.checkout, self.log = checkout, log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*LAUNCH, "run"], cwd=checkout.root, env=environ, stdout=output, stderr=output
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def port(self) -> int:
        found = WEB.search(self.said)
        assert found is not None
        return int(found[1])

    @property
    def state(self) -> dict[str, Any]:
        return read_record(self.checkout.state / "run" / "state.json") or {}

    def pid(self, name: str) -> int:
        return int(self.state["children"][name]["pid"])

    def wait_until(self, condition: Callable[[], object], seconds: float, wish: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"no {wish}; the launcher said: {self.said}"
            time.sleep(0.2)

    def wait_until_ready(self) -> None:
        self.wait_until(
            lambda: READY.search(self.said) or self.process.poll() is not None,
            START_SECONDS,
            "ready",
        )
        assert READY.search(self.said), self.said


@contextmanager
def launched(checkout: Checkout, log: Path) -> Iterator[Launched]:
    """A launcher that does not outlive the block."""
    it = Launched(checkout, log)
    try:
        yield it
    finally:
        if it.process.poll() is None:
            it.process.send_signal(signal.SIGTERM)
            it.process.wait(timeout=60)


def test_a_life_of_a_run(copy, tmp_path):
    with launched(copy, tmp_path / "first.log") as first:
        first.wait_until_ready()
        run = first.state["run"]
        assert first.said.count("(shown this once)") == 1
        cycles_run_on_their_schedule(first)
        a_second_run_is_refused(first)
        a_reset_is_refused(first)
        a_killed_database_comes_back(first)
        a_killed_worker_comes_back(first)
        a_killed_launcher_takes_everything_down(first, run)
    with launched(copy, tmp_path / "second.log") as second:
        second.wait_until_ready()
        assert "shown this once" not in second.said
        assert results(second, "/api/v1/strategies/"), "the imported strategies were lost"
        ctrl_c_ends_everything(second)
    a_reset_wipes_what_was_made(copy)


def cycles_run_on_their_schedule(first: Launched) -> None:
    first.wait_until(
        lambda: [row for row in results(first, "/api/v1/deployments/") if row["last_cycle"]],
        120,
        "paper cycle",
    )


def results(it: Launched, path: str) -> list[dict[str, Any]]:
    """Give the rows of a list of the API."""
    code, body = status(it.port, path)
    assert code == 200, body
    return list(json.loads(body)["results"])


def a_second_run_is_refused(first: Launched) -> None:
    done = run_verb(first.checkout, "run")
    assert done.returncode == 1
    expected = rf"Atlas already runs in this checkout \(pid {first.process.pid}\) at http://127\S+"
    assert re.search(expected, done.stderr)


def a_reset_is_refused(first: Launched) -> None:
    done = run_verb(first.checkout, "reset")
    assert done.returncode == 1
    assert "nothing was wiped" in done.stderr
    assert ask(first.port, "/readyz") == 200


def a_killed_database_comes_back(first: Launched) -> None:
    before = first.pid("postgres")
    os.kill(before, signal.SIGKILL)
    first.wait_until(
        lambda: first.state["children"].get("postgres", {}).get("pid") not in {None, before},
        30,
        "new database server",
    )
    first.wait_until(lambda: ask(first.port, "/readyz") == 200, 60, "fit web server")
    assert first.process.poll() is None


def a_killed_worker_comes_back(first: Launched) -> None:
    before = first.pid("worker")
    os.kill(before, signal.SIGKILL)
    first.wait_until(
        lambda: first.state["children"].get("worker", {}).get("pid") not in {None, before},
        30,
        "new worker",
    )
    first.wait_until(lambda: first.said.count("worker ended unexpectedly") == 1, 5, "word of it")


def a_killed_launcher_takes_everything_down(first: Launched, run: str) -> None:
    assert len(carrying(f"{RUN_WORD}={run}")) >= 7
    first.process.kill()
    first.process.wait()
    first.wait_until(lambda: not carrying(f"{RUN_WORD}={run}"), 30, "end of every process")


def ctrl_c_ends_everything(second: Launched) -> None:
    run, port = second.state["run"], second.port
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(timeout=60) == 0
    assert not carrying(f"{RUN_WORD}={run}")
    assert ask(port, "/livez") is None
    assert second.said.rstrip().endswith("goes on where this run stopped.")


def a_reset_wipes_what_was_made(copy: Checkout) -> None:
    done = run_verb(copy, "reset")
    assert done.returncode == 0, done.stderr
    assert not (copy.state / "run").exists()


def run_verb(checkout: Checkout, verb: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of the launcher to its end."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ATLAS_")}
    return subprocess.run(
        [*LAUNCH, verb],
        cwd=checkout.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
