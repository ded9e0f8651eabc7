"""Sources from the shell: listed, set up, changed and fetched from."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from imports.management.commands.import_sources import SETTINGS
from imports.models import ImportSource
from imports.source_settings import CHANGEABLE
from tests.imports.builders import document
from tests.imports.source_world import put

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """Give an inbox; files in it need not settle, since nobody writes them any more."""
    monkeypatch.setattr("imports.inbox.SETTLE_SECONDS", 0.0)
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    made = tmp_path / "inboxes" / "nightly"
    made.mkdir(parents=True)
    return made


def say(*words):
    out = StringIO()
    code = 0
    try:
        call_command(*words, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue()


def add(*more):
    return say(
        "import_sources", "--add", "nightly", "--kind", "inbox", "--address", "nightly", *more
    )


def test_a_source_is_set_up_listed_and_changed(folder):
    add("--cadence-seconds", "60", "--policy", "apply", "--allow-partial", "yes")
    source = ImportSource.objects.get(name="nightly")
    assert (source.cadence_seconds, source.policy, source.allow_partial) == (60, "apply", True)
    say("import_sources", "--change", "nightly", "--cadence-seconds", "none", "--enabled", "no")
    source.refresh_from_db()
    assert (source.cadence_seconds, source.enabled, source.allow_partial) == (None, False, True)
    _, shown = say("import_sources")
    assert "nightly\n  kind: inbox\n  address: nightly\n" in shown
    told = json.loads(say("import_sources", "--json")[1])
    assert set(told) == {"file", "stdin", "nightly"}
    assert told["nightly"]["policy"] == "apply"


def test_every_setting_of_a_source_can_be_set():
    assert set(SETTINGS) == set(CHANGEABLE)


@pytest.mark.parametrize(
    "words",
    [
        ("--add", "nightly"),
        ("--add", "nightly", "--kind", "inbox"),
        ("--add", "nightly", "--kind", "file"),
        ("--add", "nightly", "--kind", "inbox", "--address", "../x"),
        ("--change", "nobody", "--policy", "apply"),
        ("--policy", "apply"),
        ("--change", "file", "--policy", "maybe"),
        ("--change", "file", "--enabled", "perhaps"),
        ("--change", "file", "--cadence-seconds", "soon"),
    ],
)
def test_what_makes_no_sense_is_refused(words):
    with pytest.raises(CommandError):
        say("import_sources", *words)


def test_a_source_is_fetched_from_and_each_file_is_told(folder):
    add("--policy", "apply")
    put(folder, "good.json", document(), age=9)
    put(folder, "bad.json", b"{")
    code, told = say("fetch_imports", "--source", "nightly")
    assert code == 1
    assert told.startswith("nightly: 2 file(s)\n  good.json: import ")
    assert "APPLIED" in told
    assert "REJECTED" in told
    assert say("fetch_imports", "--source", "nightly") == (0, "nightly: nothing new\n")
    put(folder, "again.json", document())
    assert "was there before" in say("fetch_imports", "--source", "nightly")[1]


def test_json_tells_the_same(folder):
    add("--policy", "apply", "--cadence-seconds", "60")
    put(folder, "good.json", document())
    code, told = say("fetch_imports", "--due", "--json")
    (one,) = json.loads(told)["nightly"]
    assert (code, one["file"], one["state"], one["repeat"], one["problem"]) == (
        0,
        "good.json",
        "APPLIED",
        False,
        "",
    )
    assert say("fetch_imports", "--due") == (0, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--source", "nobody"), "Known: none"),
        (("--source", "file"), "nowhere to look"),
        (("--due", "--again"), "goes with --source"),
        ((), "required"),
    ],
)
def test_what_cannot_be_fetched_is_said(words, message):
    with pytest.raises(CommandError, match=message):
        say("fetch_imports", *words)
