"""How long `make run` takes, where everything is installed, until it is ready and `/health` is fit.

Figures: `start_first` where no data is kept yet (the cluster is made, everything migrated and the
sample imported), `start_again` with the data of an earlier run. In a checkout that has data only
the second is measured; `--clean` copies the checkout into an empty folder, installs there, and
measures both. The yardstick is what no launcher can avoid: the bare PostgreSQL and Redis, one
after the other until they answer, then granian with a page of five lines.

What `make run` says appears on standard error, the demo's passwords included; nothing keeps it.
"""

import argparse
import contextlib
import http.client
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from atlas.embedded.checkout import ROOT, Checkout, read_record
from atlas.embedded.children import RUN_WORD
from atlas.embedded.environment import clean_environment
from atlas.embedded.places import known_roots
from atlas.embedded.ports import LOOPBACK, free_service_port
from atlas.embedded.processes import carrying, end_group
from atlas.embedded.slots import take_slot
from benchmarks.frame import Figure, Goal, publish, tell

GOAL = Goal("value", "<=", 30.0)
PATIENCE_SECONDS = 240
END_SECONDS = 60
OK = 200
WEB = re.compile(r"Web +http://127\.0\.0\.1:(\d+)/|web server at http://127\.0\.0\.1:(\d+)/")
READY = "Atlas is ready"
PAGE = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
"""


class NoFigure(Exception):
    """The stack did not do what would be measured."""


@dataclass
class Run:
    """One `make run`, started like a person would and ended with Ctrl-C."""

    root: Path
    child: subprocess.Popen[str] = field(init=False)
    port: int | None = None
    is_ready: bool = False

    def __post_init__(self) -> None:
        self.child = subprocess.Popen(
            ["make", "run"],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_until_fit(self) -> None:
        """Wait until it says that it is ready and `/health` answers 200; raises NoFigure."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_ready or self.port is None or status(self.port, "/health") != OK:
            if self.child.poll() is not None:
                raise NoFigure(f"`make run` ended with code {self.child.returncode}")
            if time.monotonic() > deadline:
                raise NoFigure(f"no fit /health within {PATIENCE_SECONDS} s")
            time.sleep(0.1)

    def memory_mb(self) -> float:
        """Sum up the memory of every process of the run, shared pages counted once."""
        word = (read_record(self.root / ".atlas" / "run" / "state.json") or {}).get("run")
        return sum(_pss_mb(process.pid) for process in carrying(f"{RUN_WORD}={word}"))

    def end(self) -> None:
        """Press Ctrl-C and wait; what does not end in time is killed with its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGINT)
        try:
            self.child.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            end_group(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def _listen(self) -> None:
        """Pass on what is said and find the port of the web server in it."""
        assert self.child.stdout is not None
        for line in self.child.stdout:
            sys.stderr.write(line)
            self.is_ready = self.is_ready or READY in line
            found = WEB.search(line)
            if found is not None and self.port is None:
                self.port = int(found[1] or found[2])


def status(port: int, path: str) -> int:
    """Get a page and give its status, 0 where nobody answers."""
    wire = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        wire.request("GET", path)
        return wire.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        wire.close()


def measure(root: Path, *, name: str, yardstick: float) -> Iterator[Figure]:
    """Start once: seconds to a fit `/health`, memory held then, processor time to an orderly end."""
    tell(f"{name}: make run in {root.name}; load of the machine {os.getloadavg()[0]:.1f}")
    began, spent = time.monotonic(), _children_cpu_seconds()
    run = Run(root)
    try:
        run.wait_until_fit()
        seconds = time.monotonic() - began
        memory = run.memory_mb()
    finally:
        run.end()
    yield Figure(name, seconds, "s", yardstick=yardstick, goal=GOAL)
    yield Figure(f"{name}_memory", memory, "MB")
    yield Figure(f"{name}_cpu", _children_cpu_seconds() - spent, "s")


def bare_seconds() -> float:
    """Time the bare servers and a bare granian; the test slot's cluster is made beforehand."""
    environ = clean_environment(os.environ, python=Path(sys.executable))
    environ = {name: value for name, value in environ.items() if not name.startswith("ATLAS_")}
    slot = take_slot(Checkout(ROOT))
    try:
        slot.start(environ)  # makes the cluster where there is none yet
        slot.stop_servers()
        began = time.monotonic()
        slot.start(environ)
        with tempfile.TemporaryDirectory() as folder:
            _answer_once(Path(folder))
        return time.monotonic() - began
    finally:
        slot.stop()


def _answer_once(folder: Path) -> None:
    """Start granian with a bare page, wait for its first answer, end it."""
    (folder / "page.py").write_text(PAGE, encoding="utf-8")
    port = free_service_port()
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK]
    argv += ["--port", str(port), "--no-ws", "--no-log", "page:application"]
    server = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while status(port, "/") != OK:
            if server.poll() is not None or time.monotonic() > deadline:
                raise NoFigure("granian did not answer")
            time.sleep(0.02)
    finally:
        server.terminate()
        server.wait(timeout=END_SECONDS)


@contextlib.contextmanager
def clean_copy() -> Iterator[Path]:
    """Copy what git knows into an empty folder and install there; not part of any figure."""
    with tempfile.TemporaryDirectory(prefix="atlas-bench-") as folder:
        root = Path(folder) / "atlas"
        names = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, names.stdout.split("\0")):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        tell("Installing into a clean copy; this is not measured.")
        subprocess.run(["make", "setup"], cwd=root, stdout=sys.stderr, check=True)
        try:
            yield root
        finally:
            subprocess.run(["make", "reset"], cwd=root, stdout=sys.stderr, check=False)


def has_data(root: Path) -> bool:
    """Tell whether an earlier run left a database."""
    return any(
        (place / "run" / "data" / "PG_VERSION").exists() for place in known_roots(Checkout(root))
    )


def figures(*, clean: bool) -> Iterator[Figure]:
    """Measure the yardstick, then every start that this checkout allows."""
    yardstick = bare_seconds()
    tell(f"The bare servers and a bare granian took {yardstick:.2f} s.")
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(clean_copy()) if clean else ROOT
        if not has_data(root):
            yield from measure(root, name="start_first", yardstick=yardstick)
        yield from measure(root, name="start_again", yardstick=yardstick)


def _children_cpu_seconds() -> float:
    """Read the processor time of every process below us that has ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _pss_mb(pid: int) -> float:
    """Read a process's proportional share of memory; 0 where it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> int:
    """Measure and publish; 1 where the goal is missed or nothing could be measured."""
    parser = argparse.ArgumentParser(description="Time from `make run` to a fit /health.")
    parser.add_argument("--clean", action="store_true", help="measure in a clean, installed copy")
    options = parser.parse_args()
    try:
        return publish(figures(clean=options.clean))
    except NoFigure as problem:
        tell(f"Nothing measured: {problem}.")
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
