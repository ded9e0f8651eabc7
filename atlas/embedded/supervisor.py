"""Keeps the children of one run alive, shows what they say, and ends them in order.

honcho's own manager is not used for this: it runs every child through a shell in a forked copy of
itself, ends all when one ends, and gives neither process groups nor ties to the parent nor another
user. Its printer is.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from atlas.embedded.children import ChildSpec, spawn
from atlas.embedded.output import Output
from atlas.embedded.problems import CannotStart
from atlas.embedded.processes import end_group
from atlas.embedded.run_state import RunState

CRASHES_ALLOWED = 5
CRASH_WINDOW_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 8.0
STOP_SECONDS = 10.0
READ_BYTES = 65_536
TICK_SECONDS = 0.2


class StopRequested(Exception):
    """Somebody wants the run to end: Ctrl-C, a signal, or the terminal is gone."""


def _nothing() -> None:
    """Prepare nothing before a start."""


@dataclass
class Child:
    """One child over its lives."""

    spec: ChildSpec
    before: Callable[[], None]
    is_server: bool
    is_kept: bool
    process: subprocess.Popen[bytes] | None = None
    start_at: float | None = None
    code: int | None = None
    unfinished: bytes = b""
    ends: list[float] = field(default_factory=list)

    def pause_after_end(self, now: float) -> float | None:
        """Note an unexpected end; give the seconds until the next start, None for "give up"."""
        self.ends = [moment for moment in self.ends if now - moment < CRASH_WINDOW_SECONDS]
        self.ends.append(now)
        if len(self.ends) > CRASHES_ALLOWED:
            return None
        return float(min(0.25 * 2 ** (len(self.ends) - 1), LONGEST_PAUSE_SECONDS))


class Supervisor:
    """The parent of every process of a run."""

    def __init__(self, output: Output, state: RunState) -> None:
        self.output = output
        self.state = state
        self._children: dict[str, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._stops = 0
        self._handlers: dict[signal.Signals, Any] = {}
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)

    def catch_signals(self) -> None:
        """Turn Ctrl-C, an order to end and a closed terminal into an orderly stop."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # started by nohup
            self._handlers[number] = signal.signal(number, self._request_stop)

    def close(self) -> None:
        """Give the signals back and close what was opened; the supervisor is of no use after."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._handlers:
            signal.set_wakeup_fd(-1)
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def start(
        self, spec: ChildSpec, *, before: Callable[[], None] = _nothing, is_server: bool = False
    ) -> None:
        """Start a child and keep it alive; `before` is called before each of its starts."""
        child = Child(spec, before, is_server, is_kept=True)
        self._children[spec.name] = child
        self._launch(child)

    def finish(self, spec: ChildSpec) -> int:
        """Run a child to its end and give its exit code; raises StopRequested."""
        child = Child(spec, _nothing, is_server=False, is_kept=False)
        self._children[spec.name] = child
        self._launch(child)
        while child.code is None:
            self.pump(TICK_SECONDS)
        del self._children[spec.name]
        return child.code

    def pump(self, seconds: float) -> None:
        """Show output and tend the children for up to `seconds`.

        Raises StopRequested, or CannotStart where a child ends again and again.
        """
        self._read(seconds)
        if self._stops or self.output.is_lost:
            raise StopRequested
        self._tend()

    def stop_all(self) -> None:
        """End every child: the processes first, the servers last, each asked before it is made."""
        for is_server in (False, True):
            going = [child for child in self._children.values() if child.is_server is is_server]
            self._stop(going)
        self.state.clear()

    def _launch(self, child: Child) -> None:
        """Start a child's next life."""
        child.before()
        child.start_at, child.code, child.unfinished = None, None, b""
        child.process = spawn(child.spec, output=subprocess.PIPE)
        self.state.add(child.spec.name, child.process.pid)
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Note a request; a second one means at once."""
        self._stops += 1

    def _read(self, seconds: float) -> None:
        """Show what the children said."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                os.read(self._wake_read, READ_BYTES)
            else:
                self._show(key.data)

    def _show(self, child: Child) -> bool:
        """Show the whole lines that wait in a child's pipe; False where nothing waits."""
        if child.process is None or child.process.stdout is None:
            return False
        try:
            said = os.read(child.process.stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return False
        *lines, child.unfinished = (child.unfinished + said).split(b"\n")
        if not said:
            self._selector.unregister(child.process.stdout)
            child.process.stdout.close()
            child.process.stdout = None
            lines += [child.unfinished] if child.unfinished else []
            child.unfinished = b""
        for line in lines:
            self.output.show(child.spec.name, line.decode(errors="replace"))
        return bool(said)

    def _tend(self) -> None:
        """Notice ends and start again what is due."""
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.process is not None and _has_ended(child.process):
                self._bury(child)
                if child.is_kept:
                    self._plan_restart(child, now)
            elif child.start_at is not None and now >= child.start_at:
                self._launch(child)

    def _plan_restart(self, child: Child, now: float) -> None:
        """Plan the next life of a child that ended unasked; raises CannotStart for a crash loop."""
        name, ending = child.spec.name, _ending(child.code)
        pause = child.pause_after_end(now)
        if pause is None:
            raise CannotStart(
                f"{name} ended {len(child.ends)} times within {CRASH_WINDOW_SECONDS:.0f} s, the last "
                f"time {ending}. Its last words are above; put that right and start again."
            )
        self.output.say(f"{name} ended unexpectedly ({ending}); starting it again in {pause:g} s")
        child.start_at = now + pause

    def _bury(self, child: Child) -> None:
        """Take note of an end, and end what the child itself had started."""
        if child.process is None:
            return
        end_group(child.process.pid, signal.SIGKILL)  # its number is still ours: not yet waited for
        child.code = child.process.wait()
        while self._show(child):
            continue
        if child.process.stdout is not None:
            self._selector.unregister(child.process.stdout)
            child.process.stdout.close()
        child.process = None
        self.state.remove(child.spec.name)

    def _stop(self, going: list[Child]) -> None:
        """Ask children to end, wait for them, and make those that do not."""
        asked_before = self._stops
        for child in going:
            if child.process is not None:
                child.process.send_signal(child.spec.stop_signal)
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.process for child in going):
            self._wait_for(going)
            if time.monotonic() > deadline or self._stops > max(asked_before, 1):
                self._kill(going)

    def _wait_for(self, going: list[Child]) -> None:
        """Show output and bury what has ended."""
        self._read(TICK_SECONDS / 4)
        for child in going:
            if child.process is not None and _has_ended(child.process):
                self._bury(child)

    def _kill(self, going: list[Child]) -> None:
        """End children that do not listen, with all they started."""
        for child in going:
            if child.process is not None:
                end_group(child.process.pid, signal.SIGKILL)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a child has ended, leaving its number in the kernel's list until it is buried."""
    if not hasattr(os, "waitid"):  # macOS
        return process.poll() is not None
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, flags) is not None


def _ending(code: int | None) -> str:
    """Word an exit code."""
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"with code {code}"
