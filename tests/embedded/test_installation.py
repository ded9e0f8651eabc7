"""The virtual environment: when it counts as whole, and what a failed installation tells."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.installation import SETS, Environment, Installed, prepare
from atlas.embedded.locks import Lock
from atlas.embedded.pip_problems import explain_pip, explain_venv
from atlas.embedded.problems import CannotStart
from atlas.embedded.verbs import VERBS

LOG = Path("install.log")
UNREACHABLE = """\
WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)'
ERROR: No matching distribution found for x==1"""


class RecordedEnvironment(Environment):
    """An environment whose steps are noted instead of downloaded."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(checkout)
        self.steps: list[str] = []
        self.fails_at = ""

    def _make_anew(self, name: str) -> None:
        self.note(f"anew {name}")
        self.python.parent.mkdir(parents=True, exist_ok=True)
        self.python.unlink(missing_ok=True)
        self.python.symlink_to(sys.executable)

    def _install_requirements(self, name: str) -> None:
        self.note(f"requirements {name}")

    def _pip(self, *options: str, log: str) -> None:
        self.note("project")

    def note(self, step: str) -> None:
        assert not self.marker.exists(), "a half-made environment must not look whole"
        if step == self.fails_at:
            raise CannotStart("the network went away")
        self.steps.append(step)

    def steps_of(self, wanted: str) -> list[str]:
        self.steps = []
        self.ensure(wanted)
        return self.steps


@pytest.fixture
def environment(tmp_path) -> RecordedEnvironment:
    root = tmp_path / "a checkout"
    (root / "requirements").mkdir(parents=True)
    for name in SETS:
        (root / "requirements" / f"{name}.txt").write_text(f"{name}==1.0 --hash=sha256:00\n")
    (root / "pyproject.toml").write_text("[project]\n")
    checkout = Checkout(root)
    checkout.make_state()
    return RecordedEnvironment(checkout)


def lock_file(environment: RecordedEnvironment, name: str) -> Path:
    return environment.requirements(name)


def test_a_fresh_checkout_gets_everything_and_a_second_run_nothing(environment):
    assert environment.steps_of("embedded") == ["anew embedded", "requirements embedded", "project"]
    assert environment.steps_of("embedded") == []


def test_a_bigger_set_serves_a_smaller_one(environment):
    environment.ensure("dev")
    assert environment.steps_of("embedded") == []
    assert environment.steps_of("test") == []


def test_a_smaller_set_grows_without_starting_over(environment):
    environment.ensure("embedded")
    assert environment.steps_of("dev") == ["requirements dev", "project"]
    assert environment.installed().set == "dev"


def test_a_changed_lock_file_makes_the_environment_anew(environment):
    environment.ensure("dev")
    lock_file(environment, "dev").write_text("dev==1.1 --hash=sha256:11\n")
    assert environment.steps_of("embedded") == ["anew dev", "requirements dev", "project"]


def test_a_changed_lock_of_another_set_changes_nothing(environment):
    environment.ensure("embedded")
    lock_file(environment, "dev").write_text("dev==1.1 --hash=sha256:11\n")
    assert environment.steps_of("embedded") == []


def test_a_changed_project_file_reinstalls_the_project_alone(environment):
    environment.ensure("embedded")
    (environment.checkout.root / "pyproject.toml").write_text("[project]\nname = 'atlas'\n")
    assert environment.steps_of("embedded") == ["project"]


def test_an_interrupted_installation_starts_over(environment):
    environment.fails_at = "project"
    with pytest.raises(CannotStart):
        environment.ensure("embedded")
    environment.fails_at = ""
    assert environment.steps_of("embedded") == ["anew embedded", "requirements embedded", "project"]


def test_an_interrupted_growth_starts_over(environment):
    environment.ensure("embedded")
    environment.fails_at = "requirements dev"
    with pytest.raises(CannotStart):
        environment.ensure("dev")
    environment.fails_at = ""
    assert environment.steps_of("embedded") == ["anew embedded", "requirements embedded", "project"]


def test_an_environment_whose_python_is_gone_is_made_anew(environment):
    environment.ensure("embedded")
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python3.11")
    assert environment.steps_of("embedded")[0] == "anew embedded"


def test_an_environment_that_was_moved_is_made_anew(environment):
    environment.ensure("embedded")
    record = json.loads(environment.marker.read_text())
    environment.marker.write_text(json.dumps(record | {"root": "/elsewhere"}))
    assert environment.steps_of("embedded")[0] == "anew embedded"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"set": "dev"}'])
def test_a_damaged_marker_counts_as_none(environment, text):
    environment.ensure("embedded")
    environment.marker.write_text(text)
    assert environment.installed() is None
    assert environment.steps_of("embedded")[0] == "anew embedded"


def test_an_unknown_set_in_the_marker_counts_as_none(environment):
    environment.ensure("embedded")
    record = json.loads(environment.marker.read_text())
    environment.marker.write_text(json.dumps(record | {"set": "research"}))
    assert environment.installed() is None


def test_the_marker_names_what_was_installed(environment):
    environment.ensure("test")
    assert environment.installed() == environment.described("test")
    assert isinstance(environment.installed(), Installed)


def test_a_running_atlas_keeps_its_programs(environment):
    lock = Lock(environment.checkout.state / "run.lock")
    lock.take()
    with pytest.raises(CannotStart, match="while Atlas runs from this checkout"):
        environment._refuse_while_running()
    lock.release()
    environment._refuse_while_running()


def test_a_linked_environment_is_refused_and_what_it_leads_to_is_left_alone(environment, tmp_path):
    kept = tmp_path / "of another project" / "kept"
    kept.parent.mkdir()
    kept.write_text("theirs")
    environment.folder.symlink_to(kept.parent)
    with pytest.raises(CannotStart, match=r"is a link to .*Remove the link"):
        environment.ensure("base")
    assert kept.read_text() == "theirs"
    assert environment.steps == []


def test_a_second_setup_waits_for_the_first_and_then_says_so(environment, monkeypatch):
    monkeypatch.setattr("atlas.embedded.installation.WAIT_SECONDS", 0.2)
    lock = Lock(environment.checkout.state / "setup.lock")
    lock.take()
    with pytest.raises(CannotStart, match=rf"Another set-up of this checkout \(pid {os.getpid()}"):
        environment.ensure("embedded")
    lock.release()


def test_a_full_disk_is_found_before_the_installation(tmp_path, monkeypatch):
    checkout = Checkout(tmp_path)
    checkout.make_state()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr("atlas.embedded.installation.MEGABYTE", 10**15)
    with pytest.raises(CannotStart, match="Free some space"):
        Environment(checkout).ensure("dev")
    assert not (tmp_path / ".venv").exists()


def test_a_folder_that_takes_no_files_is_a_sentence(tmp_path):
    (tmp_path / ".atlas").write_text("a file where the folder should be")
    with pytest.raises(CannotStart, match=r"^The system refused the set-up of this checkout"):
        prepare(Checkout(tmp_path), "embedded")


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "No disk space left"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS", "locked hash"),
        (UNREACHABLE, "registry cannot be reached"),
        ("ERROR: No matching distribution found for x==1", "no build of a locked package"),
        ("ERROR: [Errno 30] Read-only file system: '.venv'", "cannot be written"),
        ("ERROR: something never seen before", "something never seen before. The whole log"),
        ("", "it said nothing"),
    ],
)
def test_what_pip_said_becomes_one_sentence_with_a_remedy(said, meaning):
    sentence = explain_pip(said, LOG)
    assert meaning in sentence
    assert "\n" not in sentence
    assert "ry again" in sentence or "Use a" in sentence


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("The virtual environment was not created: ensurepip is not available", "venv module"),
        ("Error: [Errno 28] No space left on device", "No disk space left"),
        ("Error: [Errno 13] Permission denied: '.venv'", "cannot be made"),
        ("Segmentation fault", "Remove .venv"),
    ],
)
def test_what_venv_said_becomes_one_sentence_with_a_remedy(said, meaning):
    assert meaning in explain_venv(said)


def test_each_verb_asks_for_a_set_that_has_a_lock_file():
    for verb in VERBS.values():
        assert (ROOT / "requirements" / f"{verb.requirements}.txt").is_file()


def test_running_atlas_needs_no_development_tools():
    assert VERBS["run"].requirements == "embedded"


def test_the_locks_grow_from_set_to_set():
    packages = {}
    for name in SETS:
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        packages[name] = {line.split(" ")[0] for line in lines if "==" in line and line[0] != " "}
    assert packages["base"] < packages["embedded"] < packages["test"] < packages["dev"]


def test_an_unknown_verb_is_answered_with_the_known_ones():
    argv = [sys.executable, str(ROOT / "atlas" / "embedded" / "bootstrap.py"), "fly"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run" in done.stderr
    assert "Traceback" not in done.stderr
