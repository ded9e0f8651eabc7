"""The embedded Redis: queue and cache. A real redis-server, or a stand-in where it cannot run."""

import secrets
import shutil
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from atlas.embedded.checkout import ROOT, make_folder
from atlas.embedded.children import RUN_WORD, ChildSpec
from atlas.embedded.ports import LOOPBACK
from atlas.embedded.postgres import server_environment
from atlas.embedded.service_user import ServiceUser

PING = b"*1\r\n$4\r\nPING\r\n"
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
dir "{folder}"
save ""
appendonly {keeps}
appendfsync everysec
maxmemory-policy noeviction
loglevel warning
"""


@dataclass(frozen=True)
class RedisServer:
    """A redis-server on the loopback address.

    `program` is None where the real one cannot run: then a server in Python takes its place, which
    keeps nothing and knows no password.
    """

    folder: Path
    program: Path | None
    user: ServiceUser
    port: int
    password: str = field(repr=False)
    is_for_tests: bool = False

    name = "redis"

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "redis"

    @property
    def is_stand_in(self) -> bool:
        """Tell whether the Python server takes the real one's place."""
        return self.program is None

    @property
    def url(self) -> str:
        """Give the server's address, with its password."""
        secret = "" if self.is_stand_in else f":{self.password}@"
        return f"redis://{secret}{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        """Make the server's folder; a test server starts empty."""
        if self.is_for_tests and self.data.exists():
            shutil.rmtree(self.data)
        if not self.data.exists():
            make_folder(self.folder)
            self.data.mkdir(mode=0o700)
            self.user.own(self.data)

    def spec(self, *, run: str) -> ChildSpec:
        """Describe the server as a child of the run named `run`."""
        environment = {**server_environment(), RUN_WORD: run}
        if self.program is None:
            argv = (sys.executable, "-m", "atlas.embedded.fake_redis", str(self.port))
            return ChildSpec(name=self.name, argv=argv, env=environment, folder=ROOT)
        return ChildSpec(
            name=self.name,
            argv=(str(self.program), "-"),  # the configuration comes by standard input: no file
            env=environment,
            folder=self.data,
            user=self.user,
            stdin=self._configuration().encode(),
        )

    def is_ready(self) -> bool:
        """Tell whether the server answers a PING (a demand for the password is an answer too)."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as wire:
                wire.sendall(PING)
                answer = wire.recv(64)
        except OSError:
            return False
        return answer.startswith((b"+PONG", b"-NOAUTH"))

    def set_up(self) -> None:
        """Do nothing: an empty Redis is ready for use."""

    def _configuration(self) -> str:
        """Write the server's configuration; the folder's name may hold spaces and quotes."""
        folder = str(self.data).replace("\\", "\\\\").replace('"', '\\"')
        return CONFIGURATION.format(
            host=LOOPBACK,
            port=self.port,
            password=self.password or secrets.token_urlsafe(24),
            folder=folder,
            keeps="no" if self.is_for_tests else "yes",
        )
