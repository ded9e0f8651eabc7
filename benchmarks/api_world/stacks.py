"""The stacks beside each other: our server, FastAPI in an environment of its own, PostgreSQL."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from atlas.embedded.checkout import ROOT
from atlas.embedded.ports import LOOPBACK, free_service_port
from benchmarks.api_world import load
from benchmarks.frame import tell

WORKERS = 2
PATIENCE_SECONDS = 60
END_SECONDS = 20
# Yardstick only, never a part of Atlas; the newest that there is.
YARDSTICK = ("fastapi", "asyncpg", "orjson", "uvicorn", "uvloop", "httptools")
TICKS = os.sysconf("SC_CLK_TCK")


class NoStack(Exception):
    """A stack cannot be started here."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A server that answers, and the process that its workers come from."""

    name: str
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Sum up the processor time of the server and its workers."""
        return sum(map(_cpu_seconds, _family(self.pid)))

    def memory_mb(self) -> float:
        """Sum up what the server and its workers hold, shared pages counted once."""
        return sum(map(_pss_mb, _family(self.pid)))


@contextlib.contextmanager
def atlas_server() -> Iterator[Stack]:
    """Start granian as `deploy/start` does, with the yardsticks' paths beside ours."""
    port = free_service_port()
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK]
    argv += ["--port", str(port), "--no-ws", "--no-log", "--workers", str(WORKERS)]
    argv += ["--blocking-threads", "4", "config.wsgi:application"]
    environ = {
        **os.environ,
        "ATLAS_PROCESS": "web",
        "ATLAS_LOG_LEVEL": "WARNING",
        "ATLAS_DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": "benchmarks.api_world.settings",
    }
    with _running("atlas", argv, environ, port, cwd=ROOT) as stack:
        yield stack


@contextlib.contextmanager
def fastapi_server(environ_of_app: dict[str, str]) -> Iterator[Stack]:
    """Start FastAPI under uvicorn in a virtual environment made for it; raises NoStack."""
    with tempfile.TemporaryDirectory(prefix="atlas-yardstick-") as folder:
        python = _yardstick_python(Path(folder))
        port = free_service_port()
        source = Path(__file__).parent / "fastapi_app.py"
        (Path(folder) / "fastapi_app.py").write_bytes(source.read_bytes())
        argv = [str(python), "-m", "uvicorn", "fastapi_app:app", "--host", LOOPBACK]
        argv += ["--port", str(port), "--workers", str(WORKERS), "--no-access-log"]
        argv += ["--log-level", "warning"]
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
        environ = {**kept, **environ_of_app, "BENCH_DATABASE": os.environ["ATLAS_DATABASE_URL"]}
        with _running("fastapi", argv, environ, port, cwd=Path(folder)) as stack:
            yield stack


def postgres_stack() -> Stack:
    """Find the database server that the environment names."""
    with psycopg.connect(os.environ["ATLAS_DATABASE_URL"]) as session:
        row = session.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        return Stack("postgres", 0, _parent(row[0]))


def _yardstick_python(folder: Path) -> Path:
    """Make a virtual environment with the yardstick's packages; raises NoStack where none can be."""
    tell("Making an environment for the yardstick; this is not measured.")
    made = folder / "venv"
    pip = [str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", *YARDSTICK]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(made)], check=True, stdout=sys.stderr)
        subprocess.run(pip, check=True, stdout=sys.stderr, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise NoStack(f"{error.cmd[0]} ended with code {error.returncode}") from None
    return made / "bin" / "python"


@contextlib.contextmanager
def _running(
    name: str, argv: list[str], environ: dict[str, str], port: int, *, cwd: Path
) -> Iterator[Stack]:
    """Start a server, wait for its first answer, and end it."""
    server = subprocess.Popen(argv, cwd=cwd, env=environ, stdin=subprocess.DEVNULL)
    try:
        _wait(server, port)
        yield Stack(name, port, server.pid)
    finally:
        server.terminate()
        try:
            server.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a server answers; raises NoStack."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            load.get(port, "/bench/static/")
        except (OSError, load.Unanswered) as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise NoStack(f"the server did not come up: {error}") from None
            time.sleep(0.1)
        else:
            return


def _family(pid: int) -> list[int]:
    """Give a process and everything that came from it and still runs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                children.setdefault(_parent(int(entry.name)), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def _stat(pid: int) -> list[str]:
    """Read the numbers that the kernel keeps of a process, from its state on."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return text.rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _cpu_seconds(pid: int) -> float:
    """Read the processor time of a process and of its children that have ended."""
    try:
        return sum(map(int, _stat(pid)[11:15])) / TICKS
    except OSError:
        return 0.0


def _pss_mb(pid: int) -> float:
    """Read a process's proportional share of memory."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def app_environ() -> dict[str, str]:
    """Tell the yardstick the words that answers use."""
    from strategies.discovery.items import BELOW
    from strategies.models.metrics import METRIC_COLUMNS
    from strategies.vocabulary import SOURCE_LABELS

    metrics = {metric.value: column for metric, column in METRIC_COLUMNS.items()}
    labels = {source.value: label for source, label in SOURCE_LABELS.items()}
    return {
        "BENCH_LABELS": json.dumps(labels),
        "BENCH_METRICS": json.dumps(metrics),
        "BENCH_BELOW": json.dumps(BELOW),
    }
