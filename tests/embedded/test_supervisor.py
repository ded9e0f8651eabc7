"""The supervisor: keeps children alive, gives up on crash loops, ends everything in order."""

import io
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atlas.embedded.children import ChildSpec
from atlas.embedded.output import Output
from atlas.embedded.problems import CannotStart
from atlas.embedded.processes import identify
from atlas.embedded.run_state import RunState
from atlas.embedded.supervisor import Child, StopRequested, Supervisor
from tests.embedded.children import named

FOREVER = "import time; print('up', flush=True); time.sleep(60)"
WITH_GRANDCHILD = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print('grandchild', child.pid, flush=True); time.sleep(60)"
)
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)


class Stage:
    """A supervisor whose output can be read."""

    def __init__(self, folder: Path) -> None:
        self.stream = io.StringIO()
        self.folder = folder
        self.supervisor = Supervisor(Output(self.stream), RunState(folder / "state.json", "run"))

    @property
    def said(self) -> str:
        return self.stream.getvalue()

    def spec(self, name: str, code: str) -> ChildSpec:
        return ChildSpec(name, (sys.executable, "-c", code), dict(os.environ), self.folder)

    def pump_until(self, condition: Callable[[], object], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"it did not come to that; so far: {self.said}"
            self.supervisor.pump(0.05)

    def pid(self, name: str) -> int:
        process = self.supervisor._children[name].process
        assert process is not None
        return process.pid


def pump_for(supervisor: Supervisor, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        supervisor.pump(0.1)


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    it = Stage(tmp_path)
    yield it
    it.supervisor.stop_all()
    it.supervisor.close()


def test_what_children_say_is_shown_behind_their_names(stage):
    assert stage.supervisor.finish(stage.spec("migrate", "print('one\\ntwo')")) == 0
    lines = re.findall(r"\d\d:\d\d:\d\d (\S+) +\| (.*)", stage.said)
    assert lines == [("migrate", "one"), ("migrate", "two")]


def test_a_last_line_without_an_end_is_shown_too(stage):
    stage.supervisor.finish(stage.spec("migrate", "import sys; sys.stderr.write('no end')"))
    assert "| no end" in stage.said


def test_the_code_of_a_finished_child_is_given(stage):
    assert stage.supervisor.finish(stage.spec("migrate", "raise SystemExit(7)")) == 7


def test_a_killed_child_is_started_again(stage):
    stage.supervisor.start(stage.spec("worker", FOREVER))
    stage.pump_until(lambda: "up" in stage.said)
    first = stage.pid("worker")
    os.kill(first, signal.SIGKILL)
    stage.pump_until(lambda: stage.said.count("| up") == 2)
    assert stage.pid("worker") != first
    assert "worker ended unexpectedly (by signal SIGKILL); starting it again" in stage.said


def test_what_a_killed_child_had_started_does_not_outlive_it(stage):
    stage.supervisor.start(stage.spec("worker", WITH_GRANDCHILD))
    stage.pump_until(lambda: "grandchild" in stage.said)
    grandchild = named(int(stage.said.split("grandchild")[1].split()[0]))
    os.kill(stage.pid("worker"), signal.SIGKILL)
    stage.pump_until(lambda: stage.said.count("grandchild") == 2)
    assert not grandchild.is_alive


def test_what_a_server_needs_is_prepared_before_each_of_its_starts(stage):
    prepared: list[float] = []
    stage.supervisor.start(
        stage.spec("postgres", FOREVER), before=lambda: prepared.append(1), is_server=True
    )
    stage.pump_until(lambda: "up" in stage.said)
    os.kill(stage.pid("postgres"), signal.SIGKILL)
    stage.pump_until(lambda: stage.said.count("| up") == 2)
    assert len(prepared) == 2


def test_a_child_that_ends_again_and_again_ends_the_run_with_a_sentence(stage, monkeypatch):
    monkeypatch.setattr("atlas.embedded.supervisor.LONGEST_PAUSE_SECONDS", 0.01)
    stage.supervisor.start(stage.spec("beat", "print('bad setting'); raise SystemExit(3)"))
    with pytest.raises(CannotStart, match=r"beat ended 6 times within 60 s.*with code 3"):
        stage.pump_until(lambda: False, seconds=30)
    assert stage.said.count("bad setting") == 6


def test_pauses_grow_and_old_ends_are_forgiven(stage):
    child = Child(stage.spec("web", FOREVER), lambda: None, is_server=False, is_kept=True)
    assert [child.pause_after_end(moment) for moment in (0, 1, 2)] == [0.25, 0.5, 1.0]
    assert child.pause_after_end(100) == 0.25
    assert [child.pause_after_end(100 + n) for n in (1, 2, 3, 4)][-1] == 4.0
    assert child.pause_after_end(105) is None


def test_ctrl_c_ends_the_waiting(stage):
    stage.supervisor.catch_signals()
    stage.supervisor.start(stage.spec("web", FOREVER))
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(StopRequested):
        stage.pump_until(lambda: False, seconds=30)
    assert time.monotonic() - began < 10


def test_an_end_ends_every_child_and_forgets_the_run(stage):
    for name in ("web", "worker"):
        stage.supervisor.start(stage.spec(name, FOREVER))
    stage.pump_until(lambda: stage.said.count("| up") == 2)
    children = [named(stage.pid(name)) for name in ("web", "worker")]
    assert stage.supervisor.state.path.exists()
    stage.supervisor.stop_all()
    assert not any(child.is_alive for child in children)
    assert not stage.supervisor.state.path.exists()


def test_servers_end_after_the_processes_that_use_them(stage):
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep({pause}); print('{name} ended', flush=True); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    )
    server = stage.spec("postgres", code.format(name="server", pause=0))
    stage.supervisor.start(server, is_server=True)
    stage.supervisor.start(stage.spec("web", code.format(name="process", pause=0.5)))
    stage.pump_until(lambda: stage.said.count("| up") == 2)
    stage.supervisor.stop_all()
    assert re.findall(r"(\w+) ended", stage.said) == ["process", "server"]


def test_a_child_that_does_not_listen_is_made_to_end(stage, monkeypatch):
    monkeypatch.setattr("atlas.embedded.supervisor.STOP_SECONDS", 0.5)
    stage.supervisor.start(stage.spec("worker", DEAF))
    stage.pump_until(lambda: "up" in stage.said)
    pid = stage.pid("worker")
    stage.supervisor.stop_all()
    assert identify(pid) is None


def test_a_closed_terminal_ends_the_run(tmp_path):
    read_end, write_end = os.pipe()
    stream = os.fdopen(write_end, "w")
    supervisor = Supervisor(Output(stream), RunState(tmp_path / "state.json", "run"))
    os.close(read_end)
    code = "import time\nwhile True: print('line', flush=True); time.sleep(0.01)"
    argv = (sys.executable, "-c", code)
    supervisor.start(ChildSpec("web", argv, dict(os.environ), tmp_path))
    with pytest.raises(StopRequested):
        pump_for(supervisor, seconds=20)
    supervisor.stop_all()
    supervisor.close()
    os.dup2(os.open(os.devnull, os.O_WRONLY), write_end)
    stream.close()
