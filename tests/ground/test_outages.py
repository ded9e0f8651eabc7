"""Servers that really go away, hang and come back under a running Atlas; nothing is restarted."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from atlas.embedded import stack
from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.children import spawn
from atlas.embedded.environment import process_environment
from atlas.embedded.ports import free_service_port
from atlas.embedded.services import Services, plan_services

pytestmark = [pytest.mark.deep, pytest.mark.timeout(240)]

STRANGE = ("ATLAS_", "DJANGO_", "PYTEST_")
ANSWER_SECONDS = 2.3
READY_SECONDS = 90


@dataclass
class House:
    """A running Atlas with servers and processes of its own."""

    folder: Path
    services: Services
    port: int = field(default_factory=free_service_port)
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def planned(cls, folder):
        """Plan a house of its own in a folder."""
        checkout = Checkout(folder)
        checkout.make_state()
        return cls(folder, plan_services(checkout, {}, purpose="run", is_for_tests=False))

    def set_up(self):
        """Start the servers, bring the schema in, start web, worker and beat."""
        for server in self.services.servers:
            server.prepare()
            self.start_server(server.name)
            server.set_up()
        for command in ("migrate", "grant_roles"):
            self.manage(command)
        self.start(stack.web(port=self.port))
        self.start(stack.worker())
        self.start(stack.beat())

    def environment(self, process):
        bare = {name: os.environ[name] for name in os.environ if not name.startswith(STRANGE)}
        connections = self.services.connections({}, prefix="atlas-outage")
        told = process_environment(bare, connections, process=process)
        return {**told, "ATLAS_STATE_DIR": str(self.folder / "state")}

    def manage(self, command):
        subprocess.run(
            [sys.executable, "manage.py", command],
            cwd=ROOT,
            env=self.environment("migrate"),
            check=True,
            capture_output=True,
        )

    def server(self, name):
        return next(one for one in self.services.servers if one.name == name)

    def start_server(self, name):
        server = self.server(name)
        self.servers[name] = spawn(server.spec(run="outage"), output=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while not server.is_ready():
            assert time.monotonic() < until, f"{name} did not start"
            time.sleep(0.02)

    def stop_server(self, name):
        child = self.servers.pop(name)
        child.send_signal(self.server(name).spec(run="outage").stop_signal)
        child.wait(timeout=20)

    def signal_server(self, name, number):
        """Send a signal to a server and everything it forked (it leads a session of its own)."""
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                session = status.read_text().rpartition(")")[2].split()[3]
                if int(session) == self.servers[name].pid:
                    os.kill(int(status.parent.name), number)

    def start(self, process):
        log = (self.folder / f"{process.name}.log").open("ab")
        self.processes[process.name] = subprocess.Popen(
            [sys.executable, *process.arguments],
            cwd=ROOT,
            env=self.environment(process.role),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()

    def ask(self, path):
        """Give the status and the JSON of a path; no answer of a probe may take long."""
        began = time.monotonic()
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=20
            ) as answer:
                found = answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            found = refused.code, json.load(refused)
        if path in {"/livez", "/readyz", "/health"}:
            assert time.monotonic() - began < ANSWER_SECONDS, path
        return found

    def wait_until_fit(self):
        """Wait for a fit /health; the same processes must still run."""
        until = time.monotonic() + READY_SECONDS
        last = None
        while time.monotonic() < until:
            for name, process in self.processes.items():
                log = (self.folder / f"{name}.log").read_text()
                assert process.poll() is None, f"{name} ended:\n{log[-4000:]}"
            with contextlib.suppress(OSError):
                last = self.ask("/health")
                if last[0] == 200:
                    return last[1]
            time.sleep(0.5)
        raise AssertionError(f"not fit in time: {last}")

    def tear_down(self):
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)
        for name in list(self.servers):
            self.signal_server(name, signal.SIGCONT)
            self.stop_server(name)


@pytest.fixture(scope="module")
def house():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "house"
        root.mkdir(mode=0o755)
        built = House.planned(root)
        try:
            built.set_up()
            built.wait_until_fit()
            yield built
        finally:
            built.tear_down()


def unfit(checks):
    return {name for name, check in checks.items() if not check["fit"]}


def test_a_running_house_is_fit_by_the_heartbeats_of_real_processes(house):
    checks = house.wait_until_fit()["checks"]
    assert {"database", "migrations", "beat", "workers", "cycles", "redis"} <= set(checks)
    assert checks["beat"]["detail"]["age_seconds"] < 30
    assert house.ask("/api/v1/strategies/")[0] == 200


def test_the_database_goes_away_and_comes_back_without_a_restart_of_anything(house):
    house.wait_until_fit()
    house.stop_server("postgres")
    for _ in range(3):
        assert house.ask("/livez")[0] == 200
        status, body = house.ask("/health")
        assert (status, body["checks"]["database"]["state"]) == (503, "does not answer")
        assert body["checks"]["redis"]["fit"]
        assert house.ask("/readyz")[0] == 503
        status, refusal = house.ask("/api/v1/strategies/")
        assert (status, refusal["code"]) == (503, "temporary")
        time.sleep(1)
    house.start_server("postgres")
    assert house.ask("/api/v1/strategies/")[0] == 200
    house.wait_until_fit()


def test_a_database_that_hangs_is_reported_in_time_and_recovered_from(house):
    house.wait_until_fit()
    house.signal_server("postgres", signal.SIGSTOP)
    try:
        for _ in range(4):
            assert house.ask("/livez")[0] == 200
            status, body = house.ask("/health")
            assert (status, body["checks"]["database"]["fit"]) == (503, False)
            assert body["checks"]["redis"]["fit"]
    finally:
        house.signal_server("postgres", signal.SIGCONT)
    house.wait_until_fit()


def test_redis_goes_away_and_comes_back_and_the_read_api_does_not_notice(house):
    house.wait_until_fit()
    house.stop_server("redis")
    status, body = house.ask("/health")
    assert status == 503
    assert "redis" in unfit(body["checks"])
    assert house.ask("/readyz")[0] == 200
    assert house.ask("/api/v1/strategies/")[0] == 200
    house.start_server("redis")
    house.wait_until_fit()


def test_a_worker_and_a_beat_that_are_killed_are_missed(house):
    house.wait_until_fit()
    for name in ("worker", "beat"):
        killed = house.processes.pop(name)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait(timeout=20)
    until = time.monotonic() + 60
    while not {"workers", "beat"} <= unfit(house.ask("/health")[1]["checks"]):
        assert time.monotonic() < until, "nobody missed them"
        time.sleep(1)
    assert house.ask("/readyz")[0] == 200
    house.start(stack.worker())
    house.start(stack.beat())
    house.wait_until_fit()
