"""Servers for one test run or one developer's command: started at once, stopped at its end.

Each concurrent run of a checkout takes a slot of its own (a lock file, a data folder, ports), so
that several `make test` and a `make run` never meet. A slot's cluster is kept between runs: making
one costs seconds, starting one a fraction of a second.
"""

import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from atlas.embedded.checkout import Checkout, make_folder
from atlas.embedded.children import spawn
from atlas.embedded.environment import Connections
from atlas.embedded.locks import Lock, LockHeld
from atlas.embedded.places import remove_folder
from atlas.embedded.problems import CannotStart
from atlas.embedded.processes import end_group
from atlas.embedded.services import Server, Services, plan_services

SLOTS = 16
ATTEMPTS = 3
READY_SECONDS = 60
STOP_SECONDS = 10


@dataclass
class Slot:
    """A slot that this process holds, with the servers it started in there."""

    checkout: Checkout
    number: int
    lock: Lock
    services: Services | None = None
    _children: list[tuple[Server, subprocess.Popen[bytes]]] = field(default_factory=list)

    @property
    def purpose(self) -> str:
        """Name of the slot's folders."""
        return f"test-{self.number}"

    @property
    def state(self) -> Path:
        """Folder for what Atlas itself keeps while it runs in this slot."""
        return self.checkout.state / self.purpose / "state"

    def start(self, environ: Mapping[str, str]) -> Connections:
        """Start the servers that the caller does not bring and tell where they are.

        Test data that a server cannot open any more is made anew. Raises CannotStart where the
        servers do not start.
        """
        make_folder(self.checkout.state / self.purpose)
        remove_folder(self.state)
        make_folder(self.state)
        for attempt in range(1, ATTEMPTS + 1):
            services = plan_services(
                self.checkout, environ, purpose=self.purpose, is_for_tests=True
            )
            self.services = services
            if self._start_all(services):
                break
            self.stop_servers()
            if attempt == ATTEMPTS:
                raise CannotStart(
                    f"The test servers did not start; their last words are in {self.checkout.logs}."
                    " Run `make reset` and try again."
                )
            self._forget_data()
        connections = services.connections(environ, prefix=f"atlas-{self.purpose}")
        extra = {"ATLAS_STATE_DIR": str(self.state)}
        return Connections(**{**connections.__dict__, "extra": extra})

    def stop(self) -> None:
        """Stop what was started and free the slot."""
        self.stop_servers()
        self.lock.release()

    def stop_servers(self) -> None:
        """Stop the servers in the reverse order of their start."""
        while self._children:
            server, child = self._children.pop()
            _stop(child, server.spec(run="").stop_signal)

    def _start_all(self, services: Services) -> bool:
        """Start every server and wait until it answers; False where one ends instead."""
        run = secrets.token_hex(8)
        for server in services.servers:
            server.prepare()
            log = self.checkout.logs / f"{self.purpose}-{server.name}.log"
            with log.open("wb") as output:
                child = spawn(server.spec(run=run), output=output)
            self._children.append((server, child))
        return all(_wait_until_ready(server, child) for server, child in self._children)

    def _forget_data(self) -> None:
        """Let the next attempt make the cluster anew."""
        if self.services is not None and self.services.postgres is not None:
            self.services.postgres.record.unlink(missing_ok=True)


def take_slot(checkout: Checkout) -> Slot:
    """Take the first slot that no other run of this checkout holds; raises CannotStart."""
    checkout.make_state()
    for number in range(SLOTS):
        lock = Lock(checkout.state / f"test-{number}.lock")
        try:
            lock.take()
        except LockHeld:
            continue
        return Slot(checkout, number, lock)
    raise CannotStart(
        f"{SLOTS} test runs of this checkout are under way already. Wait for one to end."
    )


def _wait_until_ready(server: Server, child: subprocess.Popen[bytes]) -> bool:
    """Wait for a server to answer and complete its set-up; False where it ends or stays silent."""
    deadline = time.monotonic() + READY_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        if server.is_ready():
            server.set_up()
            return True
        time.sleep(0.02)
    return False


def _stop(child: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    """Ask a server to end, and make it after ten seconds."""
    child.send_signal(stop_signal)
    try:
        child.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        end_group(child.pid, signal.SIGKILL)
        child.wait()
