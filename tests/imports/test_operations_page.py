"""The operator's page: each of its commands does what the page says, in the page's order."""

import io
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from atlas.domain.states import ImportState
from imports import cli
from imports.alert_rules import RULES
from imports.command_line import Exit
from imports.models import ImportRun
from strategies.models import Strategy
from tests.imports.builders import as_bytes, document, point, strategy
from tests.imports.source_world import put

PAGE = Path(__file__).resolve().parents[2] / "docs/imports-operations.md"
TEXT = PAGE.read_text()
COMMAND = re.compile(r"^\$ (?P<line>.+?)\s+# exit (?P<code>\d)$")


def commands() -> list[tuple[str, int]]:
    """Give the page's commands with the exit codes that it promises."""
    blocks = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    found = []
    for line in "".join(blocks).splitlines():
        told = COMMAND.match(line)
        assert told is not None, f"no promise of an exit code: {line}"
        found.append((told["line"], int(told["code"])))
    return found


@pytest.fixture
def desk(settings, tmp_path, monkeypatch):
    """A folder with the files that the page speaks of, and a house of its own."""
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    monkeypatch.setattr("imports.inbox.SETTLE_SECONDS", 0.0)
    (tmp_path / "inboxes" / "nightly").mkdir(parents=True)
    content = document(strategies=[strategy("beta")], vaults=[])
    put(tmp_path / "inboxes" / "nightly", "tonight.json", content)
    bad = [point(1), point(2, -1)]
    files = {
        "export.json": as_bytes(document()),
        "broken.json": as_bytes(document())[:-20],
        "partly-bad.json": as_bytes(document(strategies=[strategy(performance=bad, reports=[])])),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def exit_code_of(line: str, monkeypatch, capsysbinary) -> int:
    """Run a command of the page in this process, as the shell would."""
    newest = ImportRun.objects.order_by("pk").last()
    program, *arguments = shlex.split(line.replace("$RUN", str(newest.pk if newest else 0)))
    if "<" in arguments:
        *arguments, _, name = arguments
        monkeypatch.setattr(
            "sys.stdin", SimpleNamespace(buffer=io.BytesIO(Path(name).read_bytes()))
        )
    if program == "atlas-import":
        return cli.main(arguments)
    assert program == "manage.py"
    try:
        call_command(*arguments, stdout=io.StringIO(), stderr=io.StringIO())
    except SystemExit as ending:
        return int(ending.code or 0)
    except CommandError as error:
        return error.returncode
    return 0


@pytest.mark.django_db
def test_every_command_of_the_page_ends_as_the_page_says(desk, monkeypatch, capsysbinary):
    promised = commands()
    assert len(promised) > 25
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.test")
    done = [(line, exit_code_of(line, monkeypatch, capsysbinary)) for line, _ in promised]
    assert done == promised
    assert set(Strategy.objects.values_list("slug", flat=True)) == {"alpha", "beta"}
    assert (desk / "catalogue.json.zst").stat().st_size > 0
    assert not (desk / "catalogue.json").exists()


def test_every_state_exit_code_and_alert_is_explained():
    for state in ImportState:
        assert f"\n| {state.value} |" in TEXT
    for code in Exit:
        assert f"\n| {code.value} |" in TEXT
    for rule in RULES.values():
        assert f"| `{rule.title}` |" in TEXT
        assert f"runbook.md#{rule.section}" in TEXT


def test_every_link_of_the_page_leads_somewhere():
    for name, anchor in re.findall(r"\]\(([a-z-]+\.md)(?:#([a-z-]+))?\)", TEXT):
        target = PAGE.with_name(name)
        assert target.exists(), name
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        known = {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor in known, anchor


def test_every_command_of_the_house_about_imports_is_on_the_page():
    folder = PAGE.parents[1] / "imports/management/commands"
    names = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert names == {line.split()[1] for line, _ in commands() if line.startswith("manage.py")}
