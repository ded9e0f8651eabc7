"""The embedded servers of one purpose (the running stack, or a slot of the tests) as one thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas.embedded.binaries import choose_postgres, reachable_postgres, reachable_redis
from atlas.embedded.checkout import Checkout, make_folder
from atlas.embedded.credentials import Credentials, kept_credentials
from atlas.embedded.environment import Connections
from atlas.embedded.places import known_roots, purpose_folder, service_root
from atlas.embedded.ports import free_service_port, kept_port
from atlas.embedded.postgres import APP, OWNER, SIGNER, Cluster
from atlas.embedded.redis_server import RedisServer
from atlas.embedded.service_user import choose_service_user

FLOWER_USER = "atlas"

Server = Cluster | RedisServer


@dataclass(frozen=True)
class Services:
    """The servers that Atlas runs itself; one is None where the caller named a server of theirs."""

    postgres: Cluster | None
    redis: RedisServer | None
    credentials: Credentials

    @property
    def servers(self) -> list[Server]:
        """List the servers in the order in which they are started."""
        return [server for server in (self.postgres, self.redis) if server is not None]

    def connections(self, environ: Mapping[str, str], *, prefix: str) -> Connections:
        """Tell where the servers are: ours, or those that the caller's environment names."""
        ours, secret = self.postgres, self.credentials
        return Connections(
            app_url=ours.url(APP, secret.app_password) if ours else environ["ATLAS_DATABASE_URL"],
            owner_url=ours.url(OWNER, secret.owner_password)
            if ours
            else environ.get("ATLAS_MIGRATE_DATABASE_URL") or None,
            signer_url=ours.url(SIGNER, secret.signer_password)
            if ours
            else environ.get("ATLAS_SIGNER_DATABASE_URL") or None,
            redis_url=self.redis.url if self.redis else environ["ATLAS_REDIS_URL"],
            redis_prefix=prefix,
            secret_key=secret.secret_key,
            flower_login=f"{FLOWER_USER}:{secret.flower_password}",
            is_embedded=ours is not None,  # demo operators may be made
        )


def plan_services(
    checkout: Checkout, environ: Mapping[str, str], *, purpose: str, is_for_tests: bool
) -> Services:
    """Choose programs, user, folders and ports of the servers that the caller does not bring.

    Raises CannotStart where this machine cannot run them.
    """
    own = make_folder(checkout.state / purpose)
    credentials = kept_credentials(own / "credentials.json")
    wants_postgres = not environ.get("ATLAS_DATABASE_URL")
    wants_redis = not environ.get("ATLAS_REDIS_URL")
    if not wants_postgres and not wants_redis:
        return Services(None, None, credentials)
    user = choose_service_user(environ, data=_existing_data(checkout, purpose))
    folder = purpose_folder(checkout, user, purpose)
    copies = service_root(checkout, user) / "programs"
    ports = _choose_ports(own / "ports.json", is_for_tests=is_for_tests)
    postgres = redis = None
    if wants_postgres:
        programs = choose_postgres(major=_made_by(folder))
        postgres = Cluster(
            folder=folder,
            programs=reachable_postgres(programs, user, copies=copies),
            user=user,
            port=ports["postgres"],
            credentials=credentials,
            is_for_tests=is_for_tests,
        )
    if wants_redis:
        redis = RedisServer(
            folder=folder,
            program=reachable_redis(user, copies=copies),
            user=user,
            port=ports["redis"],
            password=credentials.redis_password,
            is_for_tests=is_for_tests,
        )
    return Services(postgres, redis, credentials)


def _choose_ports(record: Path, *, is_for_tests: bool) -> dict[str, int]:
    """Keep the running stack's ports from run to run; draw fresh ones for each test run."""
    if is_for_tests:
        postgres = free_service_port()
        return {"postgres": postgres, "redis": free_service_port(taken=[postgres])}
    return {name: kept_port(record, name) for name in ("postgres", "redis")}


def _existing_data(checkout: Checkout, purpose: str) -> Path:
    """Name the data folder of this purpose: the one that exists, else the checkout's own."""
    folders = [root / purpose / "data" for root in known_roots(checkout)]
    return next((path for path in folders if path.exists()), checkout.state / purpose / "data")


def _made_by(folder: Path) -> int | None:
    """Read which major version made existing data; None where there is none yet."""
    try:
        version = (folder / "data" / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    whole = (folder / "cluster.json").exists()
    return int(version) if whole and version.isdigit() else None
