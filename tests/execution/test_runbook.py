"""The runbook: each of its commands is run here, and each thing it names exists."""

import re
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from atlas import registries, sealing
from atlas.domain.states import CycleState
from atlas.domain.stopped_clock import StoppedClock
from atlas.domain.timetable import MOST_CAUGHT_UP, MissedSlots
from atlas.heartbeat import BEAT, pulse, queue_heartbeat
from atlas.models import AuditEvent, TradingState
from execution.leases import LEASE, MAX_TAKEOVERS
from execution.marketdata.replay import ReplayMarketData
from execution.models import CycleRun
from execution.tasks import CYCLE_LIMIT_SECONDS
from execution.vocabulary import Reason
from imports.models import ImportRun
from strategies.models import Strategy
from tests.execution.world import make_deployment, open_switches, recording, slot, waves
from tests.ground.alert_world import listening
from tests.ground.test_grants import url_of
from tests.imports.builders import as_bytes, document, point, strategy
from tests.imports.source_world import make_source, put

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/runbook.md").read_text()
SPANS = {" ".join(one.split()) for one in re.findall(r"`([^`]+)`", TEXT)}
MARKET = recording(waves())

# Each command of the page: what is filled in for its words in capitals, and what it then says.
COMMANDS: dict[str, tuple[list[str], str]] = {
    "halt": (["halt"], "HALTED"),
    "halt --scope MARKET --key ETH/USD": (
        ["halt", "--scope", "MARKET", "--key", "ETH/USD"],
        "MARKET",
    ),
    'restore --user NAME --reason "…"': (
        ["restore", "--user", "keeper", "--reason", "understood"],
        "ACTIVE",
    ),
    "preview_cycle STRATEGY": (["preview_cycle", "trend"], "Signal ETH/USD"),
    'run_cycle_now STRATEGY --reason "…"': (
        ["run_cycle_now", "trend", "--reason", "a look", "--slot", slot(0).isoformat()],
        "SKIPPED (halted)",
    ),
    "reset_demo_password demo-risk": (["reset_demo_password", "demo-risk"], "demo-risk  "),
    "verify_audit": (["verify_audit"], "The audit log holds"),
    "export_audit_head --file F": (["export_audit_head", "--file", "head"], ""),
    "verify_audit --against FILE": (["verify_audit", "--against", "head"], "The audit log holds"),
    "check_orphans": (["check_orphans"], ""),
    "check_heartbeat beat queue:trading": (
        ["check_heartbeat", "beat", "queue:trading"],
        "Alive: beat, queue:trading",
    ),
    'unlock_login NAME --reason "..."': (
        ["unlock_login", "keeper", "--reason", "asked in person"],
        "forgotten",
    ),
    "test_alerts": (["test_alerts"], "ops: sent"),
    "grant_roles": (["grant_roles"], "Rights of 2 roles"),
    "fetch_imports --source NAME": (["fetch_imports", "--source", "nightly"], "nightly"),
    "import_export --apply RUN": (["import_export", "--apply", "RUN"], ""),
    "import_export --file F --allow-partial": (
        ["import_export", "--file", "partly-bad.json", "--allow-partial"],
        "",
    ),
}


@pytest.fixture
def house(settings, tmp_path, monkeypatch):
    """A house in which everything that the page speaks of has happened."""
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    monkeypatch.setattr("imports.inbox.SETTLE_SECONDS", 0.0)
    (tmp_path / "inboxes" / "nightly").mkdir(parents=True)
    put(tmp_path / "inboxes" / "nightly", "tonight.json", document())
    make_source("inbox", "nightly", policy="review")
    bad = document(strategies=[strategy("beta", performance=[point(1), point(2, -1)], reports=[])])
    (tmp_path / "partly-bad.json").write_bytes(as_bytes(bad))
    monkeypatch.chdir(tmp_path)
    for module in ("preview", "cycle"):
        monkeypatch.setattr(
            f"execution.{module}.market_data_for",
            lambda _deployment, clock: ReplayMarketData.of([MARKET], clock),
        )
    monkeypatch.setattr(
        "execution.preview.clock_for", lambda _deployment, read: StoppedClock(slot(0))
    )
    settings.ATLAS_EMBEDDED = True
    settings.ATLAS_DATABASE_ROLES = {
        role: urlsplit(url_of(role)).username for role in ("app", "signer")
    }
    make_deployment()
    open_switches()
    keeper = User.objects.create_user("keeper", is_staff=True)
    keeper.user_permissions.add(Permission.objects.get(codename="restore_trading"))
    User.objects.create_user("demo-risk", is_staff=True)
    pulse([BEAT, queue_heartbeat("trading")], now=timezone.now())
    sealing.seal_up_to(AuditEvent.objects.latest("pk").pk, now=timezone.now())
    with listening() as sink:
        settings.ATLAS_ALERT_SECRETS = (sink.channel(),)
        yield tmp_path


def carry_out(arguments: list[str], capsysbinary) -> str:
    """Run a command in this process, as the shell would; gives everything it said."""
    waiting = ImportRun.objects.filter(source__name="nightly").last()
    filled = [str(waiting.pk) if one == "RUN" and waiting else one for one in arguments]
    out = StringIO()
    call_command(*filled, stdout=out)  # another end than a good one is raised
    return f"{out.getvalue()}{capsysbinary.readouterr().out.decode()}"


@pytest.mark.django_db
def test_every_command_of_the_page_does_what_the_page_says(house, capsysbinary):
    ran = {}
    for command, (arguments, said) in COMMANDS.items():
        ran[command] = carry_out(arguments, capsysbinary)
        assert said in ran[command], (command, ran[command])
    states = dict(TradingState.objects.values_list("scope", "state"))
    assert (states["GLOBAL"], states["MARKET"]) == ("ACTIVE", "HALTED")
    assert CycleRun.objects.get().origin == "manual"
    assert (house / "head").stat().st_size > 0
    assert {"alpha", "beta"} <= set(Strategy.objects.values_list("slug", flat=True))


def test_no_command_of_the_page_is_left_out():
    named = {one.removeprefix("manage.py ") for one in SPANS if one.startswith("manage.py ")}
    assert named == set(COMMANDS)


@pytest.mark.django_db
def test_the_statement_of_the_page_is_one():
    (statement,) = [one for one in SPANS if one.startswith("SELECT ")]
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert [column.name for column in cursor.description or ()] == [
            "pid",
            "state",
            "xact_start",
            "query",
        ]


def test_verbs_services_and_processes_of_the_page_exist():
    makefile, compose = (ROOT / "Makefile").read_text(), (ROOT / "compose.yaml").read_text()
    start = (ROOT / "deploy/start").read_text()
    for span in SPANS:
        words = span.split()
        if words[0] == "make":
            assert f"\n{words[1]}:" in makefile, span
        if words[:2] == ["docker", "compose"]:
            services = [one for one in words[3:] if not one.startswith("-")]
            assert words[2] in {"up", "stop", "run"}, span
            assert all(f"\n  {one}:" in compose for one in services), span
        if words[0] == "deploy/start":
            assert f"{words[1]})" in start or f"| {words[1]}" in start, span


def test_every_state_reason_and_policy_of_a_cycle_is_explained():
    for state in set(CycleState) - {CycleState.RUNNING}:
        assert f"\n| {state} |" in TEXT
    table = TEXT[TEXT.index("## What a cycle's end means") :]
    missing = [one for one in Reason if one not in table]
    assert missing == []
    for policy in MissedSlots:
        assert f"\n| {policy} |" in TEXT


def test_every_number_of_the_page_is_that_of_the_code():
    assert f"{MOST_CAUGHT_UP} at most" in TEXT
    assert f"ends within {CYCLE_LIMIT_SECONDS} seconds" in TEXT
    assert f"runs out after {int(LEASE.total_seconds())} seconds" in TEXT
    assert {5: "five"}[MAX_TAKEOVERS] + " workers did not survive" in TEXT
    every = {name: one.every_seconds for name, one in registries.schedules}
    assert every["execution-dispatch-due-cycles"] == every["execution-watch-stops"] == 5
    assert "every five seconds" in TEXT


def test_every_check_of_health_is_explained():
    for name in dict(registries.health_checks):
        assert f"| `{name}` |" in TEXT, name
