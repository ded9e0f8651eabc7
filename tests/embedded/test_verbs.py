"""The launcher's verbs from outside: exit codes, sentences, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.children import RUN_WORD
from atlas.embedded.ports import free_service_port
from atlas.embedded.problems import CannotStart
from atlas.embedded.processes import carrying
from atlas.embedded.reset import reset
from atlas.embedded.runner import run
from tests.embedded.children import line_of, named, put_away

LAUNCHER = [sys.executable, "-m", "atlas.embedded"]
TELL = (
    "import json, os, psycopg; u = os.environ; "
    "c = psycopg.connect(u['ATLAS_DATABASE_URL']); "
    "print(json.dumps({'role': c.info.user, 'port': c.info.port, "
    "'tables': c.execute('select count(*) from pg_tables where schemaname = %s', ['public'])"
    ".fetchone()[0], 'names': sorted(n for n in u if n.startswith('ATLAS_'))}), flush=True)"
)


def environment() -> dict[str, str]:
    """Give this process's environment without what the test run was told."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ATLAS_")}


def launcher(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LAUNCHER, *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_command_runs_with_servers_around_it_and_an_empty_database():
    done = launcher("exec", "--", sys.executable, "-c", TELL)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["role"] == "atlas_app"
    assert told["tables"] == 0
    assert {"ATLAS_MIGRATE_DATABASE_URL", "ATLAS_SIGNER_DATABASE_URL"} <= set(told["names"])


def test_the_exit_code_of_the_command_is_passed_on():
    assert launcher("exec", "--", "sh", "-c", "exit 7").returncode == 7


def test_a_command_that_a_signal_ended_gives_a_shells_code():
    assert launcher("exec", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


def test_a_command_that_does_not_exist_is_one_sentence():
    done = launcher("exec", "--", "no-such-command")
    assert done.returncode == 1
    assert done.stderr == "There is no command 'no-such-command'. Check its spelling.\n"


@pytest.mark.parametrize("arguments", [(), ("fly",), ("exec",), ("exec", "--"), ("run", "fast")])
def test_wrong_use_is_answered_with_the_usage(arguments):
    done = launcher(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: ")


def test_a_killed_launcher_leaves_no_server_behind():
    code = f"{TELL}; import time; time.sleep(60)"
    process = subprocess.Popen(
        [*LAUNCHER, "exec", "--", sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
    )
    port = json.loads(line_of(process))["port"]
    listing = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    children = [named(int(number)) for number in listing]
    assert len(children) == 3
    put_away(process)
    deadline = time.monotonic() + 20
    while any(child.is_alive for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(child.is_alive for child in children), port


def test_a_wrong_database_address_ends_the_start_with_nothing_left(tmp_path, monkeypatch):
    checkout = Checkout(tmp_path)
    monkeypatch.setattr("atlas.embedded.runner.run_name", lambda: "the-run-of-this-test")
    environ = {
        **environment(),
        "ATLAS_DATABASE_URL": f"postgresql://me:hush@127.0.0.1:{free_service_port()}/atlas",
    }
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(CannotStart, match="ATLAS_DATABASE_URL cannot be used") as refused:
        run(checkout, environ, python=Path(sys.executable))
    assert "hush" not in refused.value.message
    assert not carrying(f"{RUN_WORD}=the-run-of-this-test")
    assert signal.getsignal(signal.SIGINT) == handler
    with pytest.raises(CannotStart):
        run(checkout, environ, python=Path(sys.executable))
    assert reset(checkout) == 0
