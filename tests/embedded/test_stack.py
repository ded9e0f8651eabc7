"""The processes of Atlas are the same in `make run` and in the Procfile."""

import io
import re
import shlex
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from atlas.embedded.addresses import choose_addresses
from atlas.embedded.audit import holes
from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.checks import Outcome, summary
from atlas.embedded.launch import Launch
from atlas.embedded.output import Output
from atlas.embedded.own_servers import check_database, check_redis, database_reason
from atlas.embedded.ports import free_service_port
from atlas.embedded.problems import CannotStart
from atlas.embedded.reset import reset
from atlas.embedded.run_state import RunState
from atlas.embedded.runner import refuse_production
from atlas.embedded.services import plan_services
from atlas.embedded.stack import stack
from atlas.embedded.supervisor import Supervisor

PROCFILE = (ROOT / "Procfile").read_text(encoding="utf-8")
DEFAULT = re.compile(r"\$\{\w+:-(\w+)\}")


def test_the_procfile_starts_what_make_run_starts():
    lines = dict(line.split(": ", 1) for line in PROCFILE.splitlines())
    processes = stack(web_port=8000, flower_port=5555, with_signer=True)
    assert list(lines) == [process.name for process in processes]
    for process in processes:
        words = shlex.split(DEFAULT.sub(r"\1", lines[process.name]))
        assert words == [f"ATLAS_PROCESS={process.role}", "exec", "python", *process.arguments]


def test_only_the_signer_worker_listens_to_the_signers_queue():
    processes = stack(web_port=8000, flower_port=5555, with_signer=True)
    queues = {
        p.name: p.arguments[p.arguments.index("-Q") + 1] for p in processes if "-Q" in p.arguments
    }
    assert queues == {"worker": "trading,imports,default", "signer": "signer"}


def test_without_a_signer_address_there_is_no_signer_worker():
    names = [p.name for p in stack(web_port=1, flower_port=2, with_signer=False)]
    assert names == ["web", "worker", "beat", "flower"]


def test_everything_listens_on_the_loopback_address_alone():
    for process in stack(web_port=8000, flower_port=5555, with_signer=True):
        assert "0.0.0.0" not in " ".join(process.arguments)
    web, *_, flower = stack(web_port=8000, flower_port=5555, with_signer=True)
    assert web.arguments[web.arguments.index("--host") + 1] == "127.0.0.1"
    assert "--address=127.0.0.1" in flower.arguments


def test_make_run_refuses_production_settings():
    with pytest.raises(CannotStart, match="DJANGO_SETTINGS_MODULE"):
        refuse_production({"DJANGO_SETTINGS_MODULE": "config.settings.production"})
    refuse_production({"DJANGO_SETTINGS_MODULE": "config.settings.dev"})
    refuse_production({})


def test_a_wrong_database_address_is_a_sentence_without_the_address():
    url = f"postgresql://me:hush@127.0.0.1:{free_service_port()}/atlas"
    with pytest.raises(CannotStart) as refused:
        check_database("ATLAS_DATABASE_URL", url)
    assert "ATLAS_DATABASE_URL cannot be used: nothing listens" in refused.value.message
    assert "hush" not in refused.value.message


@pytest.mark.parametrize("url", ["postgresql://me:hu/sh@host:x/atlas", "nonsense with hush", "="])
def test_a_malformed_database_address_is_a_sentence_without_the_address(url):
    with pytest.raises(CannotStart, match="cannot be used") as refused:
        check_database("ATLAS_DATABASE_URL", url)
    assert "hu" not in refused.value.message.replace("ATLAS", "")


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ('FATAL:  password authentication failed for user "me"', "user or password"),
        ('FATAL:  database "x" does not exist', "no such database"),
        ("something new with a hush in it", "refuses the connection"),
    ],
)
def test_what_the_database_said_is_worded_and_never_repeated(said, meaning):
    assert meaning in database_reason(said)
    assert "hush" not in database_reason(said)


def test_a_wrong_redis_address_is_a_sentence_without_the_address():
    for url in (f"redis://:hush@127.0.0.1:{free_service_port()}/0", "http://hush"):
        with pytest.raises(CannotStart, match="ATLAS_REDIS_URL cannot be used") as refused:
            check_redis("ATLAS_REDIS_URL", url)
        assert "hush" not in refused.value.message


def test_the_summary_counts_what_was_not_run_apart():
    outcomes = [
        Outcome("lint", passed=True, said="", seconds=1),
        Outcome("types", passed=False, said="x", seconds=1),
        Outcome("audit", passed=None, said="away", seconds=1),
    ]
    assert summary(outcomes) == "Checks: 1 passed, 1 FAILED (types), 1 NOT RUN (audit)."
    assert [outcome.word for outcome in outcomes] == ["passed", "FAILED", "NOT RUN"]
    assert summary(outcomes[:1]) == "Checks: 1 passed."


def test_an_audit_is_believed_only_when_it_names_holes():
    found = '{"dependencies": [{"name": "django", "vulns": [{"id": "PYSEC-1"}]}], "fixes": []}'
    skipped = '{"dependencies": [{"name": "django", "skip_reason": "not found"}], "fixes": []}'
    assert holes(f"No known vulnerabilities found\n{found}") == ["PYSEC-1"]
    assert holes(skipped) == []
    assert holes("") == []


def test_make_alone_lists_every_verb_even_where_the_path_has_spaces(tmp_path):
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    done = subprocess.run(["make"], cwd=folder, capture_output=True, text=True, check=True)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    listed = re.findall(r"^  make (\S+)", done.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(phony[1].split())


def test_make_without_any_python_is_one_sentence(tmp_path):
    for name in ("make", "sh", "awk"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    argv = [str(tmp_path / "make"), "-f", str(ROOT / "Makefile"), "-C", str(ROOT), "run"]
    done = subprocess.run(
        argv, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Atlas needs Python 3.11 and found no Python. Install it" in done.stderr


def test_two_checkouts_have_different_names(tmp_path):
    assert Checkout(tmp_path / "one").digest != Checkout(tmp_path / "two").digest


@pytest.mark.parametrize(
    ("own_servers", "debug", "makes_demo"),
    [(False, "", True), (True, "", False), (True, "false", False), (True, "true", True)],
)
def test_demo_accounts_are_not_made_in_a_database_of_ones_own(
    tmp_path, own_servers, debug, makes_demo
):
    own = {"ATLAS_DATABASE_URL": "postgresql://u@h/d", "ATLAS_REDIS_URL": "redis://h/0"}
    environ = {"ATLAS_DEBUG": debug, **(own if own_servers else {})}
    checkout = Checkout(tmp_path)
    checkout.make_state()
    services = plan_services(checkout, environ, purpose="run", is_for_tests=False)
    connections = services.connections(environ, prefix="p")
    supervisor = Supervisor(Output(io.StringIO()), RunState(tmp_path / "state.json", "r"))
    with closing(supervisor), closing(choose_addresses({})) as addresses:
        launch = Launch(
            checkout, environ, Path("python"), "r", supervisor, services, connections, addresses
        )
        assert launch.makes_demo is makes_demo
        assert connections.is_embedded is not own_servers
    reset(checkout)
