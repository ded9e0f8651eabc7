"""The embedded servers as they really are: made, started, asked, stopped."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from atlas.embedded.binaries import choose_postgres, postgres_versions
from atlas.embedded.checkout import Checkout, write_private
from atlas.embedded.children import spawn
from atlas.embedded.postgres import Cluster
from atlas.embedded.problems import CannotStart
from atlas.embedded.redis_server import RedisServer
from atlas.embedded.services import Server, Services, plan_services
from atlas.embedded.slots import Slot, take_slot


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """A checkout whose path holds a space and that every user may pass through."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        it = Checkout(Path(folder) / "a checkout")
        it.root.mkdir(mode=0o755)
        it.make_state()
        yield it


@contextmanager
def running(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is ready, until the end of the block."""
    server.prepare()
    spec = server.spec(run="a-test")
    child = spawn(spec, output=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not server.is_ready():
            assert child.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server stays silent"
            time.sleep(0.02)
        server.set_up()
        yield child
    finally:
        child.send_signal(spec.stop_signal)
        child.wait(timeout=20)


def services_of(checkout: Checkout, purpose: str = "run") -> Services:
    return plan_services(checkout, {}, purpose=purpose, is_for_tests=False)


def cluster_of(checkout: Checkout, purpose: str = "run") -> Cluster:
    postgres = services_of(checkout, purpose).postgres
    assert postgres is not None
    return postgres


def redis_of(checkout: Checkout, purpose: str = "run") -> RedisServer:
    server = services_of(checkout, purpose).redis
    assert server is not None
    return server


def ask(url: str, question: str) -> object:
    """Ask the database one thing, as the role in the address."""
    with psycopg.connect(url, autocommit=True) as connection:
        answer = connection.execute(question)
        return answer.fetchone() if answer.description else None


@pytest.fixture(scope="module")
def services(checkout) -> Iterator[Services]:
    """The servers of this checkout; the database runs."""
    it = services_of(checkout)
    assert it.postgres is not None
    with running(it.postgres):
        yield it


@pytest.fixture(scope="module")
def urls(services) -> dict[str, str]:
    """The running database's address, by role."""
    connections = services.connections({}, prefix="atlas-test")
    return {
        "owner": connections.owner_url,
        "app": connections.app_url,
        "signer": connections.signer_url,
    }


def test_the_newest_installed_postgresql_is_chosen():
    versions = postgres_versions()
    assert choose_postgres(major=None) == versions[0]
    assert versions[0].major == max(programs.major for programs in versions) >= 18


def test_data_of_a_version_that_is_not_installed_is_a_sentence():
    with pytest.raises(CannotStart, match=r"was made by PostgreSQL 14; installed is .*18"):
        choose_postgres(major=14)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("max_connections", "200"),
        ("track_commit_timestamp", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
    ],
)
def test_the_database_runs_with_the_promised_settings(urls, setting, value):
    assert ask(urls["owner"], f"SHOW {setting}") == (value,)


def test_the_database_opens_no_unix_socket(services):
    with services.postgres.connect() as connection:
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_text_sorts_by_its_code_points(urls):
    collation = "SELECT datcollate FROM pg_database WHERE datname = 'atlas'"
    assert ask(urls["owner"], collation) == ("C",)


@pytest.mark.parametrize("role", ["owner", "app", "signer"])
def test_each_role_connects_as_itself_and_is_no_superuser(urls, role):
    question = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
    assert ask(urls[role], question) == (f"atlas_{role}", False)


def test_a_wrong_password_is_refused(urls):
    head, _, tail = urls["app"].partition("@")
    wrong = f"{head.rpartition(':')[0]}:wrong@{tail}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


@pytest.mark.parametrize("role", ["app", "signer"])
def test_only_the_owner_creates_tables_and_databases(urls, role):
    for statement in ("CREATE TABLE intruder (id int)", "CREATE DATABASE test_intruder"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(urls[role], statement)


def test_the_owner_creates_databases_for_tests(urls):
    ask(urls["owner"], "CREATE DATABASE test_of_the_owner")
    ask(urls["owner"], "DROP DATABASE test_of_the_owner")


def test_a_role_that_nobody_named_cannot_enter(urls):
    question = "SELECT has_database_privilege('public', 'atlas', 'CONNECT')"
    assert ask(urls["owner"], question) == (False,)


def test_a_second_start_keeps_data_passwords_and_port(checkout):
    first = cluster_of(checkout, "kept")
    with running(first), first.connect("atlas") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    second = cluster_of(checkout, "kept")
    assert second.port == first.port
    with running(second), second.connect("atlas") as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_database_whose_passwords_are_lost_is_a_sentence(checkout):
    cluster = cluster_of(checkout, "lost")
    write_private(cluster.record, {"credentials": "of another time"})
    with pytest.raises(CannotStart, match="passwords that are gone"):
        cluster.prepare()
    assert not cluster.data.exists()


def test_a_cluster_that_was_interrupted_while_it_was_made_is_made_anew(checkout):
    cluster = cluster_of(checkout, "half")
    cluster.prepare()
    (cluster.data / "PG_VERSION").unlink()
    with running(cluster), cluster.connect("atlas") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_stale_pid_file_with_a_strangers_number_does_not_matter(checkout):
    cluster = cluster_of(checkout, "kept")
    with running(cluster):
        pass
    (cluster.data / "postmaster.pid").write_text(f"{os.getppid()}\n{cluster.data}\n")
    with running(cluster), cluster.connect("atlas") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def assert_that_a_stranger_is_refused(port: int) -> None:
    with (
        redis.Redis(host="127.0.0.1", port=port) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("x")


def test_redis_asks_for_its_password_and_keeps_what_it_was_told(checkout):
    server = redis_of(checkout)
    with running(server):
        assert_that_a_stranger_is_refused(server.port)
        with redis.Redis.from_url(server.url) as client:
            client.set("queued", "task")
    with running(redis_of(checkout)), redis.Redis.from_url(server.url) as client:
        assert client.get("queued") == b"task"


def test_the_password_of_redis_is_in_no_file_and_no_argument(checkout):
    server = redis_of(checkout)
    assert server.password not in " ".join(server.spec(run="r").argv)
    with running(server):
        files = [path for path in server.data.rglob("*") if path.is_file()]
        assert not [path for path in files if server.password.encode() in path.read_bytes()]


def test_the_stand_in_serves_where_redis_cannot_run(checkout):
    real = redis_of(checkout)
    stand_in = RedisServer(real.folder, None, real.user, real.port, real.password)
    with running(stand_in), redis.Redis.from_url(stand_in.url) as client:
        client.lpush("queue", "task")
        assert client.brpop(["queue"], timeout=5) == (b"queue", b"task")


def test_a_test_run_starts_with_an_empty_queue_and_a_fresh_state(checkout):
    with held_slot(checkout) as slot:
        connections = slot.start({})
        with redis.Redis.from_url(connections.redis_url) as client:
            client.set("left", "behind")
        (slot.state / "left").touch()
    with held_slot(checkout) as slot:
        connections = slot.start({})
        with redis.Redis.from_url(connections.redis_url) as client:
            assert client.get("left") is None
        assert not (slot.state / "left").exists()


def test_two_test_runs_of_a_checkout_never_meet(checkout):
    with held_slot(checkout) as first, held_slot(checkout) as second:
        one, two = first.start({}), second.start({})
        assert first.number != second.number
        assert one.app_url != two.app_url
        assert one.redis_url != two.redis_url
        assert one.owner_url is not None
        ask(one.owner_url, "CREATE TABLE mine (id int)")
        assert two.owner_url is not None
        assert ask(two.owner_url, "SELECT to_regclass('mine')") == (None,)


def test_test_data_that_cannot_be_opened_is_made_anew(checkout):
    with held_slot(checkout) as slot:
        slot.start({})
        assert slot.services is not None
        assert slot.services.postgres is not None
        data = slot.services.postgres.data
    (data / "global" / "pg_control").write_bytes(b"")
    with held_slot(checkout) as slot:
        assert ask(slot.start({}).app_url, "SELECT 1") == (1,)


def test_servers_that_the_caller_names_are_not_started(checkout):
    environ = {"ATLAS_DATABASE_URL": "postgresql://x@h/d", "ATLAS_REDIS_URL": "redis://h/0"}
    services = plan_services(checkout, environ, purpose="own", is_for_tests=False)
    assert services.servers == []
    connections = services.connections(environ, prefix="p")
    assert connections.app_url == "postgresql://x@h/d"
    assert connections.owner_url is None
    assert not connections.is_embedded


@contextmanager
def held_slot(checkout: Checkout) -> Iterator[Slot]:
    """A slot that is given back at the end of the block."""
    with ExitStack() as stack:
        slot = take_slot(checkout)
        stack.callback(slot.stop)
        yield slot
