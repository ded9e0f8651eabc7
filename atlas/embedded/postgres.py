"""The embedded PostgreSQL: making a cluster, starting it, its roles and its database.

Loopback only, no Unix socket (its path has a length limit that a deep checkout exceeds), scram
passwords, data checksums, UTF8 with the C collation. The superuser is for set-up alone; Atlas
connects as the owner, app and signer roles.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from atlas.embedded.binaries import PostgresPrograms
from atlas.embedded.checkout import PRIVATE_FILE, make_folder, read_record, write_private
from atlas.embedded.children import RUN_WORD, ChildSpec
from atlas.embedded.credentials import Credentials
from atlas.embedded.ports import LOOPBACK
from atlas.embedded.problems import CannotStart
from atlas.embedded.processes import command_line, end_all, identify, working_in
from atlas.embedded.service_user import ServiceUser

SUPERUSER = "postgres"
OWNER = "atlas_owner"
APP = "atlas_app"
SIGNER = "atlas_signer"
DATABASE = "atlas"
TEST_DATABASES = "test\\_%"

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "track_commit_timestamp": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "max_wal_size": "512MB",
}
# Test data is worthless after a power cut, so nothing waits for the disk. Commits still reach the
# kernel (synchronous_commit stays on): a killed server loses none.
TEST_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
READY_LINE = 7  # of postmaster.pid; the server writes its state there


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data folder and the server on it."""

    folder: Path
    programs: PostgresPrograms
    user: ServiceUser
    port: int
    credentials: Credentials = field(repr=False)
    is_for_tests: bool = False

    name = "postgres"

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    @property
    def record(self) -> Path:
        """Written last: says that the cluster is whole, and with which passwords it was made."""
        return self.folder / "cluster.json"

    def prepare(self) -> None:
        """Bring the data folder into a state from which the server starts; makes it if needed.

        Raises CannotStart where data of an earlier run cannot be opened with what is here.
        """
        self._end_leftovers()
        made_with = (read_record(self.record) or {}).get("credentials")
        if made_with is None or (self.is_for_tests and made_with != self.credentials.serial):
            self._make()
        elif made_with != self.credentials.serial:
            raise CannotStart(
                f"The embedded database in {self.folder} was made with passwords that are gone "
                "from .atlas. Restore that folder, or run `make reset` to start anew."
            )

    def spec(self, *, run: str) -> ChildSpec:
        """Describe the server as a child of the run named `run`."""
        settings = SETTINGS | (TEST_SETTINGS if self.is_for_tests else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = str(self.programs.program("postgres"))
        return ChildSpec(
            name=self.name,
            argv=(program, "-D", str(self.data), "-p", str(self.port), *options),
            env={**server_environment(), RUN_WORD: run},
            folder=self.data,
            user=self.user,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes everything, stops
            death_signal=signal.SIGINT,
        )

    def is_ready(self) -> bool:
        """Tell whether the server takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready"

    def set_up(self) -> None:
        """Create the roles and the database in a new cluster; does nothing in one that has them."""
        if self.record.exists():
            return
        with self.connect() as connection:
            _make_role(connection, OWNER, self.credentials.owner_password, may="CREATEDB")
            _make_role(connection, APP, self.credentials.app_password, may="NOCREATEDB")
            _make_role(connection, SIGNER, self.credentials.signer_password, may="NOCREATEDB")
        self.recreate_database()
        write_private(self.record, {"credentials": self.credentials.serial})

    def recreate_database(self) -> None:
        """Drop the database with all it holds and create it empty, open to our roles alone."""
        name, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
        roles = sql.SQL(", ").join(sql.Identifier(role) for role in (APP, SIGNER))
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles))
        with self.connect(DATABASE) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")

    def drop_test_databases(self) -> None:
        """Drop what test runs that were killed left behind."""
        with self.connect() as connection:
            found = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [TEST_DATABASES]
            ).fetchall()
            for (name,) in found:
                statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                connection.execute(statement.format(sql.Identifier(name)))

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the superuser; every statement is its own transaction."""
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self.credentials.superuser_password,
            dbname=database,
            connect_timeout=10,
            autocommit=True,
        )

    def url(self, role: str, password: str) -> str:
        """Give the address of the database as one role."""
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def _end_leftovers(self) -> None:
        """End what an earlier run that was killed left working on this data folder.

        The pid file goes only when its server is known to be gone: after a reboot its number may
        be a stranger's, and the server would refuse to start.
        """
        pid_file = self.data / "postmaster.pid"
        left = working_in(self.data)
        if pid_file.exists():
            first = pid_file.read_text(encoding="utf-8").partition("\n")[0].strip()
            server = identify(int(first)) if first.isdigit() else None
            if server is not None and str(self.data) in " ".join(command_line(server.pid)):
                left.append(server)
        end_all(left, first=signal.SIGQUIT, patience=5)
        pid_file.unlink(missing_ok=True)

    def _make(self) -> None:
        """Make the data folder anew; what an interrupted start left there never held data."""
        self.record.unlink(missing_ok=True)
        if self.data.exists():
            shutil.rmtree(self.data)
        make_folder(self.folder)
        self.data.mkdir(mode=0o700)
        self.user.own(self.data)
        password_file = self.folder / "superuser-password"
        password_file.unlink(missing_ok=True)
        handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(self.credentials.superuser_password)
            self.user.own(password_file)
            self._initdb(password_file)
        finally:
            password_file.unlink(missing_ok=True)

    def _initdb(self, password_file: Path) -> None:
        """Run initdb as the servers' user; raises CannotStart with its own last words."""
        argv = [str(self.programs.program("initdb")), "-D", str(self.data), "-U", SUPERUSER]
        argv += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--data-checksums"]
        argv += ["--encoding=UTF8", "--no-locale", "--no-instructions"]
        argv += ["--no-sync"] if self.is_for_tests else []
        other = self.user if self.user.is_other else None
        done = subprocess.run(
            argv,
            env=server_environment(),
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # a Ctrl-C ends the launcher in order, not initdb half-way
            user=other.uid if other else None,
            group=other.gid if other else None,
            extra_groups=[] if other else None,
        )
        if done.returncode != 0:
            raise CannotStart(_initdb_problem(done.stderr, self.data))


def server_environment() -> dict[str, str]:
    """Give the environment of a server: nothing of ours, no secret."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _initdb_problem(said: str, data: Path) -> str:
    """Word a failure of initdb as a sentence with its remedy."""
    if "No space left on device" in said or "quota exceeded" in said:
        return f"No disk space left for the database in {data}. Free 200 MB and try again."
    last = [line for line in said.strip().splitlines() if line] or ["nothing"]
    return (
        f"The embedded database could not be made in {data}; initdb said: {last[-1]} "
        "Remove the cause, or set ATLAS_DATABASE_URL to a server of your own."
    )


def _make_role(connection: psycopg.Connection, role: str, password: str, *, may: str) -> None:
    """Create a login role, or give an existing one its password."""
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if known else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{}} LOGIN NOSUPERUSER {may} PASSWORD {{}}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
