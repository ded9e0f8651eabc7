"""Processes of this machine: who they are, tying them to their parent, ending them.

A process is named by its number and its start time together: numbers are given out again, and a
stranger who got an old number must never be ended in its place.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

IS_LINUX = sys.platform == "linux"
PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
ZOMBIE = "Z"


@dataclass(frozen=True)
class ProcessId:
    """One process for ever: its number and the moment it started, as the kernel tells it."""

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        """Tell whether this very process still runs (a zombie does not)."""
        return start_moment(self.pid) == self.started


def identify(pid: int) -> ProcessId | None:
    """Name a running process; None where it is gone."""
    started = start_moment(pid)
    return None if started is None else ProcessId(pid, started)


def start_moment(pid: int) -> str | None:
    """Give the start of a process as an opaque word, unique over reboots; None where it is gone."""
    if not IS_LINUX:
        return _start_moment_by_ps(pid)
    try:
        line = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = line.rpartition(")")[2].split()  # the name in parentheses may hold anything
    return None if fields[0] == ZOMBIE else f"{boot}:{fields[19]}"


def _start_moment_by_ps(pid: int) -> str | None:
    """Ask `ps` where there is no /proc."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not started or state.startswith(ZOMBIE) else started.strip()


def tie_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Build what a new child calls so that the kernel signals it when its parent dies.

    Call it in the parent, from its main thread (the tie is to the thread), and give the result to
    `subprocess.Popen(preexec_fn=...)`. None where the kernel offers no such tie; the next start
    then ends what was left.
    """
    if not IS_LINUX:
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the tie was made
            os._exit(1)

    return tie


def working_in(folder: Path) -> list[ProcessId]:
    """Find the processes whose working directory is `folder` (a database server's are)."""
    wanted = os.path.realpath(folder)
    return [process for process in _all_processes() if _link(process.pid, "cwd") == wanted]


def carrying(word: str) -> list[ProcessId]:
    """Find the processes that were started with `word` as a variable (NAME=value) around them."""
    wanted = word.encode()
    return [process for process in _all_processes() if wanted in _environment(process.pid)]


def command_line(pid: int) -> list[str]:
    """Give the words a process was started with; empty where it is gone."""
    if not IS_LINUX:
        argv = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return [subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()]
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [word.decode(errors="replace") for word in words if word]


def _all_processes() -> list[ProcessId]:
    """List every process but this one; empty where there is no /proc."""
    if not IS_LINUX:
        return []
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    found = [identify(number) for number in numbers if number != os.getpid()]
    return [process for process in found if process is not None]


def _link(pid: int, name: str) -> str | None:
    """Follow a link of /proc; None where the process is gone or another user's."""
    try:
        return os.readlink(PROC / str(pid) / name)
    except OSError:
        return None


def _environment(pid: int) -> list[bytes]:
    """Read what a process was started with; nothing where it is gone or another user's."""
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def end_all(processes: Iterable[ProcessId], *, first: signal.Signals, patience: float) -> None:
    """End processes: `first` to each, and after `patience` seconds the signal none can refuse."""
    remaining = _signal_alive(processes, first)
    deadline = time.monotonic() + patience
    while remaining and time.monotonic() < deadline:
        time.sleep(0.05)
        remaining = [process for process in remaining if process.is_alive]
    _signal_alive(remaining, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(process.is_alive for process in remaining) and time.monotonic() < deadline:
        time.sleep(0.02)


def _signal_alive(processes: Iterable[ProcessId], number: signal.Signals) -> list[ProcessId]:
    """Signal those of the processes that still run; give them back."""
    alive = [process for process in processes if process.is_alive]
    for process in alive:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue
    return alive


def end_group(leader: int, number: signal.Signals) -> None:
    """Signal the group of a child that we started as its leader; nothing where it is empty."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return
