"""Starts the whole of Atlas in order: servers, schema, processes, demo data."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas.embedded.addresses import Addresses
from atlas.embedded.checkout import Checkout
from atlas.embedded.children import RUN_WORD, ChildSpec
from atlas.embedded.environment import Connections, clean_environment, process_environment
from atlas.embedded.own_servers import check_database, check_redis
from atlas.embedded.ports import LOOPBACK
from atlas.embedded.problems import CannotStart
from atlas.embedded.services import Server, Services
from atlas.embedded.stack import StackProcess, stack
from atlas.embedded.supervisor import Supervisor

SERVERS_SECONDS = 60
READY_SECONDS = 180
SAMPLE_EXPORT = "fixtures/sample_export_v1.json"
OK = 200


@dataclass(frozen=True)
class Command:
    """One management command of the set-up, and the role it plays."""

    role: str
    arguments: tuple[str, ...]


MIGRATE = Command("migrate", ("migrate", "--no-input", "--verbosity", "0"))
# One process for both: each loads Django anew, which is seconds on a small machine.
MIGRATE_AND_GRANT = Command("migrate", ("grant_roles", "--migrate"))
IMPORT_SAMPLE = Command("command", ("import_export", "--file", SAMPLE_EXPORT, "--quiet"))
DEMO_SETUP = Command("command", ("demo_setup",))
YES = {"1", "true", "yes", "on", "t", "y"}


@dataclass(frozen=True)
class Launch:
    """The start of one run in one checkout; `word` names the run in its children's environment."""

    checkout: Checkout
    environ: Mapping[str, str]
    python: Path
    word: str
    supervisor: Supervisor
    services: Services
    connections: Connections
    addresses: Addresses

    @property
    def has_signer(self) -> bool:
        """Tell whether the signer worker has a database address and is started."""
        return self.connections.signer_url is not None

    @property
    def makes_demo(self) -> bool:
        """Tell whether demo operators and deployments are made.

        In a database that the caller brings, accounts with passwords on a terminal would be holes;
        there they are made in debug mode alone.
        """
        in_debug_mode = self.environ.get("ATLAS_DEBUG", "").lower() in YES
        return self.services.postgres is not None or in_debug_mode

    def begin(self) -> None:
        """Start everything in order; gives back control when the web server is ready.

        The demo data is brought in while the processes start: on a small machine that saves a
        third of the wait. Raises CannotStart, or StopRequested when told to end meanwhile.
        """
        self._start_servers()
        self._check_own_servers()
        has_owner = self.connections.owner_url is not None
        self._manage(MIGRATE_AND_GRANT if has_owner else MIGRATE)
        self._start_processes()
        self._manage(IMPORT_SAMPLE)
        if self.makes_demo:
            self._manage(DEMO_SETUP)
        self._wait_until_fit()

    def _start_servers(self) -> None:
        """Start the embedded servers and make what a new one lacks."""
        for server in self.services.servers:
            spec = server.spec(run=self.word)
            self.supervisor.start(spec, before=server.prepare, is_server=True)
        for server in self.services.servers:
            self._wait_for_server(server)
            server.set_up()
        if self.services.redis is not None and self.services.redis.is_stand_in:
            self.supervisor.output.say(
                "redis-server cannot run on this machine; a stand-in takes its place and keeps "
                "nothing over a restart. Set ATLAS_REDIS_URL to use a server of your own."
            )

    def _start_processes(self) -> None:
        """Start every process of the stack."""
        self.supervisor.output.say(f"Starting the web server at {self.addresses.web}")
        for process in stack(
            web_port=self.addresses.web_port,
            flower_port=self.addresses.flower_port,
            with_signer=self.has_signer,
        ):
            self.supervisor.start(self._spec(process))

    def _wait_for_server(self, server: Server) -> None:
        """Wait until a server answers; raises CannotStart where it stays silent."""
        deadline = time.monotonic() + SERVERS_SECONDS
        while not server.is_ready():
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The embedded {server.name} did not answer within {SERVERS_SECONDS} s; its "
                    "last words are above. Put that right, or name a server of your own."
                )
            self.supervisor.pump(0.05)

    def _check_own_servers(self) -> None:
        """Try the servers that the caller named."""
        if self.services.postgres is None:
            addresses = {
                "ATLAS_DATABASE_URL": self.connections.app_url,
                "ATLAS_MIGRATE_DATABASE_URL": self.connections.owner_url,
                "ATLAS_SIGNER_DATABASE_URL": self.connections.signer_url,
            }
            for name, url in addresses.items():
                if url is not None:
                    check_database(name, url)
        if self.services.redis is None:
            check_redis("ATLAS_REDIS_URL", self.connections.redis_url)

    def _manage(self, command: Command) -> None:
        """Run one management command; raises CannotStart where it fails."""
        name = command.arguments[0]
        self.supervisor.output.say(f"manage.py {' '.join(command.arguments)}")
        spec = ChildSpec(
            name=name[:8],
            argv=(str(self.python), "manage.py", *command.arguments),
            env=self._environment(role=command.role),
            folder=self.checkout.root,
        )
        code = self.supervisor.finish(spec)
        if code != 0:
            raise CannotStart(
                f"`manage.py {name}` ended with code {code}; what it said is above. "
                "Put that right and run `make run` again: nothing is left running."
            )

    def _spec(self, process: StackProcess) -> ChildSpec:
        """Describe a process of the stack as a child."""
        return ChildSpec(
            name=process.name,
            argv=(str(self.python), *process.arguments),
            env=self._environment(role=process.role),
            folder=self.checkout.root,
        )

    def _environment(self, *, role: str) -> dict[str, str]:
        """Compose a child's environment; a person reads the output, unless told otherwise."""
        environ = clean_environment(self.environ, python=self.python)
        environ.setdefault("ATLAS_LOG_FORMAT", "console")
        told = process_environment(environ, self.connections, process=role)
        return told | {RUN_WORD: self.word}

    def _wait_until_fit(self) -> None:
        """Wait until the web server says that it is ready; raises CannotStart where it never does."""
        deadline = time.monotonic() + READY_SECONDS
        while (answer := ask(self.addresses.web_port, "/readyz")) != OK:
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The web server was not ready within {READY_SECONDS} s (last answer: "
                    f"{answer or 'none'}); what it said is above. Put that right and start again."
                )
            self.supervisor.pump(0.1)


def ask(port: int, path: str) -> int | None:
    """Ask our web server for a page and give the status it answers with; None where it does not."""
    wire = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        wire.request("GET", path)
        return wire.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        wire.close()
