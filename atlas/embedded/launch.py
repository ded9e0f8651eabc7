"""Starts the whole of Atlas in order: servers, schema, demo data, then every process."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas.embedded.checkout import Checkout
from atlas.embedded.children import RUN_WORD, ChildSpec
from atlas.embedded.environment import Connections, clean_environment, process_environment
from atlas.embedded.own_servers import check_database, check_redis
from atlas.embedded.ports import LOOPBACK, preferred_port
from atlas.embedded.problems import CannotStart
from atlas.embedded.services import Server, Services
from atlas.embedded.stack import StackProcess, stack
from atlas.embedded.supervisor import Supervisor

WEB_PORT = 8000
FLOWER_PORT = 5555
HIGHEST_PORT = 65_535
SERVERS_SECONDS = 60
READY_SECONDS = 180
SAMPLE_EXPORT = "fixtures/sample_export_v1.json"
OK = 200


@dataclass(frozen=True)
class Command:
    """One management command of the set-up, and the role it plays."""

    role: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Addresses:
    """Where the pages of a run are."""

    web_port: int
    flower_port: int
    has_signer: bool

    @property
    def web(self) -> str:
        """The address of the web server."""
        return f"http://{LOOPBACK}:{self.web_port}/"

    @property
    def lines(self) -> list[str]:
        """Every address that a person wants to know, the web server's first."""
        return [
            f"  Web      {self.web}",
            f"  API      {self.web}api/v1/strategies/",
            f"  Docs     {self.web}docs",
            f"  Health   {self.web}health",
            f"  Console  {self.web}admin/",
            f"  Flower   http://{LOOPBACK}:{self.flower_port}/",
        ]


@dataclass(frozen=True)
class Launch:
    """The start of one run in one checkout; `word` names the run in its children's environment."""

    checkout: Checkout
    environ: Mapping[str, str]
    python: Path
    word: str
    supervisor: Supervisor

    def begin(self, services: Services) -> Addresses:
        """Start everything in order and tell where it is.

        Raises CannotStart, or StopRequested when told to end meanwhile.
        """
        self._start_servers(services)
        connections = services.connections(self.environ, prefix=f"atlas-{self.checkout.digest[:8]}")
        self._check_own_servers(services, connections)
        self._set_up(connections)
        addresses = choose_addresses(self.environ, has_signer=connections.signer_url is not None)
        self.supervisor.output.say(f"Starting the web server at {addresses.web}")
        for process in stack(
            web_port=addresses.web_port,
            flower_port=addresses.flower_port,
            with_signer=addresses.has_signer,
        ):
            self.supervisor.start(self._spec(process, connections))
        self._wait_until_fit(addresses.web_port)
        return addresses

    def _start_servers(self, services: Services) -> None:
        """Start the embedded servers and make what a new one lacks."""
        for server in services.servers:
            server.prepare()
            spec = server.spec(run=self.word)
            self.supervisor.start(spec, before=server.prepare, is_server=True)
        for server in services.servers:
            self._wait_for_server(server)
            server.set_up()
        if services.redis is not None and services.redis.is_stand_in:
            self.supervisor.output.say(
                "redis-server cannot run on this machine; a stand-in takes its place and keeps "
                "nothing over a restart. Set ATLAS_REDIS_URL to use a server of your own."
            )

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

    def _check_own_servers(self, services: Services, connections: Connections) -> None:
        """Try the servers that the caller named."""
        if services.postgres is None:
            addresses = {
                "ATLAS_DATABASE_URL": connections.app_url,
                "ATLAS_MIGRATE_DATABASE_URL": connections.owner_url,
                "ATLAS_SIGNER_DATABASE_URL": connections.signer_url,
            }
            for name, url in addresses.items():
                if url is not None:
                    check_database(name, url)
        if services.redis is None:
            check_redis("ATLAS_REDIS_URL", connections.redis_url)

    def _set_up(self, connections: Connections) -> None:
        """Bring schema, rights and demo data up to date."""
        commands = [Command("migrate", ("migrate", "--no-input", "--verbosity", "0"))]
        if connections.owner_url is not None:
            commands.append(Command("migrate", ("grant_roles",)))
        commands.append(Command("command", ("import_export", "--file", SAMPLE_EXPORT, "--quiet")))
        commands.append(Command("command", ("demo_setup",)))
        for command in commands:
            self._manage(command, connections)

    def _manage(self, command: Command, connections: Connections) -> None:
        """Run one management command; raises CannotStart where it fails."""
        name = command.arguments[0]
        self.supervisor.output.say(f"manage.py {name}")
        spec = ChildSpec(
            name=name[:8],
            argv=(str(self.python), "manage.py", *command.arguments),
            env=self._environment(connections, role=command.role),
            folder=self.checkout.root,
        )
        code = self.supervisor.finish(spec)
        if code != 0:
            raise CannotStart(
                f"`manage.py {name}` ended with code {code}; what it said is above. "
                "Put that right and run `make run` again: nothing is left running."
            )

    def _spec(self, process: StackProcess, connections: Connections) -> ChildSpec:
        """Describe a process of the stack as a child."""
        return ChildSpec(
            name=process.name,
            argv=(str(self.python), *process.arguments),
            env=self._environment(connections, role=process.role),
            folder=self.checkout.root,
            death_signal=process.death_signal,
        )

    def _environment(self, connections: Connections, *, role: str) -> dict[str, str]:
        """Compose a child's environment; a person reads the output, unless told otherwise."""
        environ = clean_environment(self.environ, python=self.python)
        environ.setdefault("ATLAS_LOG_FORMAT", "console")
        return process_environment(environ, connections, process=role) | {RUN_WORD: self.word}

    def _wait_until_fit(self, port: int) -> None:
        """Wait until the web server says that it is ready; raises CannotStart where it never does."""
        deadline = time.monotonic() + READY_SECONDS
        while (answer := ask(port, "/readyz")) != OK:
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The web server was not ready within {READY_SECONDS} s (last answer: "
                    f"{answer or 'none'}); what it said is above. Put that right and start again."
                )
            self.supervisor.pump(0.1)


def choose_addresses(environ: Mapping[str, str], *, has_signer: bool) -> Addresses:
    """Choose the ports of the web server and of Flower: the wished ones, or the next free above.

    Raises CannotStart where a wish is no port.
    """
    web_port = preferred_port(_wished_port(environ, "ATLAS_WEB_PORT", WEB_PORT))
    wished = _wished_port(environ, "ATLAS_FLOWER_PORT", FLOWER_PORT)
    return Addresses(web_port, preferred_port(wished, taken=[web_port]), has_signer)


def _wished_port(environ: Mapping[str, str], name: str, usual: int) -> int:
    """Read a port from the environment."""
    wish = environ.get(name) or str(usual)
    if not wish.isdigit() or not 1 <= int(wish) <= HIGHEST_PORT:
        raise CannotStart(f"{name} must be a number from 1 to {HIGHEST_PORT}. Correct or unset it.")
    return int(wish)


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
