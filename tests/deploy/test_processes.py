"""What the image, compose and the process files tell each process, read as data."""

import http.server
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from config.env import known_names
from deploy.probe import allowed_host, main

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {"migrate", "web", "worker", "signer", "beat", "flower"}
SECRET = re.compile(r"password|secret|auth", re.IGNORECASE)
ASKED = re.compile(r"\$\{(\w+):\?[^}]{10,}\}")
DEFAULTED = re.compile(r"\$\{(\w+):-([^}]*)\}")


def environment(service):
    return COMPOSE["services"][service].get("environment", {})


def test_compose_has_every_process_and_both_servers():
    assert set(COMPOSE["services"]) == OURS | {"postgres", "redis"}


@pytest.mark.parametrize("service", sorted(OURS))
def test_compose_tells_a_process_only_settings_that_exist(service):
    told = {name for name in environment(service) if name.startswith("ATLAS_")}
    assert told
    assert told <= known_names()


@pytest.mark.parametrize("service", sorted(OURS))
def test_each_secret_reaches_only_the_process_that_needs_it(service):
    told = str(environment(service))
    assert ("ATLAS_SIGNER_" in told) == (service == "signer")
    assert ("DB_SIGNER_PASSWORD" in told) == (service == "signer")
    assert ("DB_OWNER_PASSWORD" in told) == (service == "migrate")
    assert ("FLOWER_BASIC_AUTH" in told) == (service == "flower")
    assert ("ATLAS_S3_SECRET" in told) == (service in {"web", "worker"})
    assert ("ATLAS_IMPORT_CREDENTIALS" in told) == (service == "worker")
    assert ("ATLAS_METRICS_TOKEN" in told) == (service == "web")
    assert "POSTGRES_SUPERUSER" not in told


def test_compose_has_no_default_for_anything_secret_and_says_what_to_set():
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    asked = set(ASKED.findall(text))
    filled = {name for name, default in DEFAULTED.findall(text) if default}
    assert {name for name in filled if SECRET.search(name)} == set()
    assert asked >= {
        "ATLAS_SECRET_KEY",
        "ATLAS_FLOWER_BASIC_AUTH",
        "POSTGRES_SUPERUSER_PASSWORD",
        "DB_OWNER_PASSWORD",
        "DB_APP_PASSWORD",
        "DB_SIGNER_PASSWORD",
        "REDIS_PASSWORD",
    }


@pytest.mark.parametrize("service", sorted(OURS))
def test_each_process_restarts_is_watched_and_holds_no_more_rights_than_it_needs(service):
    described = COMPOSE["services"][service]
    one_shot = service == "migrate"
    assert described["restart"] == ("no" if one_shot else "unless-stopped")
    assert ("test" in described["healthcheck"]) is not one_shot
    assert described["cap_drop"] == ["ALL"]
    assert described["read_only"] is True
    assert one_shot or described["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }


def test_nothing_listens_beyond_this_machine_unless_told_to():
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]
    assert len(ports) == 2
    assert all(":-127.0.0.1:" in port for port in ports)


@pytest.mark.parametrize("service", sorted(OURS))
def test_the_start_script_knows_each_process_of_compose(service):
    (process,) = COMPOSE["services"][service]["command"]
    script = (ROOT / "deploy" / "start").read_text(encoding="utf-8")
    assert re.search(rf"^(\w+ \| )*{process}\b.*\)", script, re.MULTILINE)


def test_the_start_script_refuses_what_it_does_not_know():
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "deploy" / "start"), "everything"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: start web|worker|signer|beat|flower|migrate")


def test_queues_of_the_start_script_are_those_of_the_procfile():
    queues = re.compile(r"-Q ([\w,]+)")
    script = queues.findall((ROOT / "deploy" / "start").read_text(encoding="utf-8"))
    procfile = queues.findall((ROOT / "Procfile").read_text(encoding="utf-8"))
    assert sorted(script) == sorted(procfile) == ["signer", "trading,imports,default"]


def test_the_image_runs_as_an_ordinary_user_is_watched_and_installs_by_hash():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    final = text.rpartition("FROM ")[2]
    assert "USER 10001:10001" in final
    assert "HEALTHCHECK" in final
    assert "/livez" in final
    assert "pip install" not in final
    assert "--require-hashes" in text
    assert not re.search(r"requirements/(dev|test|embedded)", text)


def test_the_image_takes_only_what_is_named():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    assert {"atlas", "config", "execution", "imports", "onchain", "strategies"} <= let_in
    assert not let_in & {"tests", ".git", ".env", ".atlas", ".venv"}
    assert all((ROOT / name).exists() for name in let_in)
    assert "atlas/embedded" in rules


class Page(http.server.BaseHTTPRequestHandler):
    """Answer 200 to one host name alone, as Django does."""

    def do_GET(self):
        self.send_response(200 if self.headers["Host"] == "atlas.example.org" else 400)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def page():
    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/livez"
    server.shutdown()
    server.server_close()


def test_the_probe_asks_as_an_allowed_host(page, monkeypatch, capsys):
    monkeypatch.setenv("ATLAS_ALLOWED_HOSTS", ".atlas.example.org, other.example.org")
    assert main([page]) == 0
    assert "answers 200" in capsys.readouterr().out


def test_the_probe_fails_where_the_answer_is_not_200(page, monkeypatch):
    monkeypatch.setenv("ATLAS_ALLOWED_HOSTS", "other.example.org")
    assert main([page]) == 1


def test_the_probe_fails_where_nobody_listens(unused_port, capsys):
    assert main([f"http://127.0.0.1:{unused_port}/livez", "1"]) == 1
    assert "does not answer" in capsys.readouterr().err


@pytest.fixture
def unused_port():
    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    server.server_close()
    return server.server_port


@pytest.mark.parametrize("arguments", [[], ["ftp://x/"]])
def test_the_probe_tells_how_it_is_used(arguments, capsys):
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_the_probe_needs_nothing_but_python():
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "deploy" / "probe.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Usage" in done.stderr) == (2, True)


def test_an_empty_list_of_hosts_is_asked_as_localhost():
    assert allowed_host("") == "localhost"


def test_the_systemd_unit_runs_the_same_script_and_keeps_secrets_off_the_disk():
    unit = (ROOT / "deploy" / "systemd" / "atlas@.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/atlas/deploy/start %i" in unit
    assert "EnvironmentFile=-/etc/atlas/%i.env" in unit
    assert "LimitCORE=0" in unit
