"""What a killed run left behind is ended; what merely looks like it is left alone."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atlas.embedded.checkout import write_private
from atlas.embedded.children import RUN_WORD, ChildSpec, spawn
from atlas.embedded.processes import (
    ProcessId,
    carrying,
    command_line,
    end_all,
    identify,
    working_in,
)
from atlas.embedded.run_state import RunState, end_leftovers, end_run
from tests.embedded.children import line_of, named, put_away

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); time.sleep(60)"
)
DEAF_TO_TERM = (sys.executable, "-c", DEAF)


@pytest.fixture
def start(tmp_path):
    """Start processes that end with the test."""
    started = []

    def begin(argv=SLEEP, run="word-of-this-test"):
        environ = {**os.environ, RUN_WORD: run}
        process = subprocess.Popen(argv, env=environ, cwd=tmp_path, stdout=subprocess.PIPE)
        started.append(process)
        return process

    yield begin
    for process in started:
        put_away(process)


def test_a_process_is_known_by_number_and_start_time(start):
    process = start()
    it = named(process.pid)
    assert named(process.pid).is_alive
    assert not ProcessId(process.pid, "another moment").is_alive
    process.kill()
    process.wait()
    assert not it.is_alive
    assert identify(process.pid) is None


def test_a_zombie_counts_as_gone(start):
    process = start()
    it = named(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while it.is_alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not it.is_alive


def test_processes_are_found_by_their_run_and_by_their_folder(start, tmp_path):
    process = start(run="a-rare-word")
    time.sleep(0.2)
    assert [found.pid for found in carrying(f"{RUN_WORD}=a-rare-word")] == [process.pid]
    assert [found.pid for found in working_in(tmp_path)] == [process.pid]
    assert command_line(process.pid)[0] == sys.executable


def test_the_children_of_a_killed_run_are_ended(start, tmp_path):
    recorded, descendant = start(), start()
    state = RunState(tmp_path / "state.json", run="word-of-this-test")
    state.add("web", recorded.pid)
    assert end_leftovers(tmp_path / "state.json") == 2
    assert recorded.wait(timeout=5) == -signal.SIGTERM
    assert descendant.wait(timeout=5) == -signal.SIGTERM
    assert not (tmp_path / "state.json").exists()


def test_a_stranger_who_got_an_old_number_is_left_alone(start, tmp_path):
    stranger = start(run="another run")
    entry = {"pid": stranger.pid, "started": "the moment of the one before"}
    write_private(tmp_path / "state.json", {"run": "gone", "children": {"web": entry}})
    assert end_leftovers(tmp_path / "state.json") == 0
    assert stranger.poll() is None


def test_a_process_that_does_not_listen_is_made_to_end(start):
    process = start(DEAF_TO_TERM)
    assert line_of(process) == b"deaf\n"
    end_all([named(process.pid)], first=signal.SIGTERM, patience=0.3)
    assert process.wait(timeout=5) == -signal.SIGKILL


def test_nothing_is_left_where_nothing_was_recorded(tmp_path):
    assert end_leftovers(tmp_path / "state.json") == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"children": [1]}', '{"children": {"web": 5}}'])
def test_a_damaged_record_ends_nobody(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)
    assert end_leftovers(path) == 0


def test_the_state_names_what_runs_and_forgets_what_ended(start, tmp_path):
    process = start()
    state = RunState(tmp_path / "state.json", run="r")
    state.add("web", process.pid)
    assert json.loads(state.path.read_text())["children"]["web"]["pid"] == process.pid
    state.remove("web")
    assert json.loads(state.path.read_text())["children"] == {}


def test_a_child_dies_with_its_parent(tmp_path):
    script = (
        "import os, signal, subprocess, sys, time\n"
        "from pathlib import Path\n"
        "from atlas.embedded.children import ChildSpec, spawn\n"
        "sleep = (sys.executable, '-c', 'import time; time.sleep(60)')\n"
        "spec = ChildSpec('child', sleep, dict(os.environ), Path.cwd())\n"
        "print(spawn(spec, output=subprocess.DEVNULL).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path)
    child = named(int(line_of(parent)))
    assert child.is_alive
    put_away(parent)
    deadline = time.monotonic() + 5
    while child.is_alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not child.is_alive


def test_a_child_leads_its_own_session_and_reads_its_configuration(tmp_path):
    code = "import os, sys; print(os.getsid(0) == os.getpid(), sys.stdin.read())"
    argv = (sys.executable, "-c", code)
    spec = ChildSpec("child", argv, dict(os.environ), tmp_path, stdin=b"settings")
    child = spawn(spec, output=subprocess.PIPE)
    assert line_of(child) == b"True settings\n"
    assert child.wait(timeout=10) == 0
    put_away(child)


def test_a_childs_secrets_are_not_in_its_representation(tmp_path):
    spec = ChildSpec("child", ("true",), {"KEY": "hush"}, tmp_path, stdin=b"requirepass hush")
    assert "hush" not in repr(spec)


def wait_until_deaf(process, number):
    """Wait until a process ignores a signal, as the kernel tells it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = Path(f"/proc/{process.pid}/status").read_text()
        found = re.search(r"^SigIgn:\s+(\w+)$", status, re.MULTILINE)
        assert found is not None, status
        if int(found[1], 16) & 1 << (number - 1):
            return
        time.sleep(0.02)
    pytest.fail("it never ignored the signal")


def test_the_watchdog_ends_what_a_killed_launcher_had_started(start, tmp_path):
    deaf = start(DEAF_TO_TERM, run="a-watched-run")
    assert line_of(deaf) == b"deaf\n"
    launcher = start(run="the-launcher-itself")
    script = (
        "import sys; from pathlib import Path; from atlas.embedded import run_state, watchdog; "
        "run_state.PATIENCE_SECONDS = 0.3; watchdog.watch(Path(sys.argv[1]), sys.argv[2])"
    )
    argv = [sys.executable, "-c", script, str(tmp_path / "state.json"), "a-watched-run"]
    watchdog = subprocess.Popen(argv, stdin=subprocess.PIPE)
    wait_until_deaf(watchdog, signal.SIGTERM)
    watchdog.terminate()
    time.sleep(0.3)
    assert watchdog.poll() is None, "it must outlive the launcher"
    assert deaf.poll() is None
    watchdog.communicate(timeout=15)
    assert deaf.wait(timeout=5) == -signal.SIGKILL
    assert launcher.poll() is None


def test_the_watchdog_of_a_dead_run_leaves_a_new_run_alone(start, tmp_path):
    of_the_new_run = start(run="new")
    state = RunState(tmp_path / "state.json", run="new")
    state.add("web", of_the_new_run.pid)
    assert end_run(state.path, run="old") == 0
    assert of_the_new_run.poll() is None
    assert state.path.exists()
