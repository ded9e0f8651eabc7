"""Who is told what: no process learns a secret that is not for it."""

from pathlib import Path

import pytest

from atlas.embedded.environment import (
    Connections,
    clean_environment,
    command_environment,
    process_environment,
)
from atlas.embedded.pytest_plugin import hermetic, worker_environment

OWNER_URL = "postgresql://atlas_owner:owner-secret@127.0.0.1:1/atlas"
SIGNER_URL = "postgresql://atlas_signer:signer-secret@127.0.0.1:1/atlas"
CONNECTIONS = Connections(
    app_url="postgresql://atlas_app:app-secret@127.0.0.1:1/atlas",
    owner_url=OWNER_URL,
    signer_url=SIGNER_URL,
    redis_url="redis://:redis-secret@127.0.0.1:2/0",
    redis_prefix="atlas-0123abcd",
    secret_key="k" * 60,
    flower_login="atlas:flower-secret",
    is_embedded=True,
)
CALLER = {
    "PATH": "/usr/bin",
    "ATLAS_SIGNER_KEY_FILE": "/keys/trader",
    "ATLAS_SIGNER_DATABASE_URL": "postgresql://stray@nowhere/x",
    "ATLAS_MIGRATE_DATABASE_URL": "postgresql://stray-owner@nowhere/x",
    "ATLAS_FLOWER_BASIC_AUTH": "",
    "ATLAS_LIVE_TRADING": "false",
}
PROCESSES = ["web", "worker", "signer", "beat", "flower", "command", "migrate"]


def told(process: str) -> dict[str, str]:
    return process_environment(CALLER, CONNECTIONS, process=process)


@pytest.mark.parametrize("process", [name for name in PROCESSES if name != "signer"])
def test_nobody_but_the_signer_is_told_a_signer_setting(process):
    environ = told(process)
    assert not [name for name in environ if name.startswith("ATLAS_SIGNER_")]
    assert "signer-secret" not in "".join(environ.values())
    assert "/keys/trader" not in environ.values()


def test_the_signer_is_told_its_address_and_its_key_settings():
    environ = told("signer")
    assert environ["ATLAS_SIGNER_DATABASE_URL"] == SIGNER_URL
    assert environ["ATLAS_SIGNER_KEY_FILE"] == "/keys/trader"


@pytest.mark.parametrize("process", [name for name in PROCESSES if name != "migrate"])
def test_nobody_but_the_schema_commands_is_told_the_owners_address(process):
    environ = told(process)
    assert "ATLAS_MIGRATE_DATABASE_URL" not in environ
    assert "owner" not in "".join(environ.values())


def test_the_schema_commands_are_told_the_owners_address():
    assert told("migrate")["ATLAS_MIGRATE_DATABASE_URL"] == OWNER_URL


@pytest.mark.parametrize("process", [name for name in PROCESSES if name != "flower"])
def test_nobody_but_flower_is_told_flowers_password(process):
    assert "flower-secret" not in "".join(told(process).values())


def test_flower_reads_the_callers_password_where_there_is_one():
    assert told("flower")["FLOWER_BASIC_AUTH"] == "atlas:flower-secret"
    own = {**CALLER, "ATLAS_FLOWER_BASIC_AUTH": "me:mine"}
    environ = process_environment(own, CONNECTIONS, process="flower")
    assert environ["FLOWER_BASIC_AUTH"] == "me:mine"


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_is_told_its_role_and_the_shared_servers(process):
    environ = told(process)
    assert environ["ATLAS_PROCESS"] == process
    assert environ["ATLAS_DATABASE_URL"] == CONNECTIONS.app_url
    assert environ["ATLAS_REDIS_URL"] == CONNECTIONS.redis_url
    assert environ["ATLAS_REDIS_PREFIX"] == "atlas-0123abcd"
    assert environ["ATLAS_EMBEDDED"] == "true"
    assert environ["ATLAS_LIVE_TRADING"] == "false"


def test_the_callers_own_key_and_prefix_win_over_the_drawn_ones():
    caller = {"ATLAS_SECRET_KEY": "s" * 50, "ATLAS_REDIS_PREFIX": "mine"}
    environ = process_environment(caller, CONNECTIONS, process="web")
    assert environ["ATLAS_SECRET_KEY"] == "s" * 50
    assert environ["ATLAS_REDIS_PREFIX"] == "mine"


def test_a_developers_command_may_play_every_role():
    environ = command_environment({"ATLAS_PROCESS": "web"}, CONNECTIONS)
    assert "ATLAS_PROCESS" not in environ
    assert environ["ATLAS_MIGRATE_DATABASE_URL"] == OWNER_URL
    assert environ["ATLAS_SIGNER_DATABASE_URL"] == SIGNER_URL


def test_another_pythons_settings_do_not_reach_ours():
    stray = {"PYTHONPATH": "/else", "PYTHONHOME": "/else", "PATH": "/usr/bin", "HOME": "/home/me"}
    environ = clean_environment(stray, python=Path("/a b/.venv/bin/python"))
    assert "PYTHONPATH" not in environ
    assert "PYTHONHOME" not in environ
    assert environ["PATH"] == "/a b/.venv/bin:/usr/bin"
    assert environ["VIRTUAL_ENV"] == "/a b/.venv"
    assert environ["HOME"] == "/home/me"


def test_secrets_are_not_in_the_representation_of_connections():
    assert "secret" not in repr(CONNECTIONS)


def test_a_test_run_does_not_depend_on_the_callers_switches():
    environ = hermetic({"ATLAS_LIVE_TRADING": "true", "ATLAS_DATABASE_URL": "x", "HOME": "/h"})
    assert environ.keys() == {"ATLAS_DATABASE_URL", "HOME", "ATLAS_SECRET_KEY"}


def test_two_parallel_test_workers_share_neither_keys_nor_files(tmp_path):
    environ = {"ATLAS_REDIS_PREFIX": "atlas-test-0", "ATLAS_STATE_DIR": str(tmp_path)}
    first = worker_environment(environ, worker="gw0")
    second = worker_environment(environ, worker="gw1")
    assert first["ATLAS_REDIS_PREFIX"] != second["ATLAS_REDIS_PREFIX"]
    assert first["ATLAS_STATE_DIR"] != second["ATLAS_STATE_DIR"]
    assert Path(first["ATLAS_STATE_DIR"]).is_dir()
