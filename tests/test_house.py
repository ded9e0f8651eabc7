"""Reads the house itself: what no linter and no import contract can see."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from atlas import registries
from atlas.domain import states
from atlas.domain.alerts import AlertState

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("atlas", "config", "execution", "imports", "onchain", "strategies")
SKIPPED_FOLDERS = {"node_modules", "staticfiles", "build", "dist", "htmlcov", "__pycache__"}
MOST_LINES = 400
JUNK_DRAWERS = {"utils.py", "helpers.py", "common.py", "misc.py"}
# Calls that jump over floors where the import law cannot see them. Only the one task of the signer
# may be sent by its name, and only by the venue that trades from a vault.
JUMPS = {"get_model", "import_module", "send_task", "__import__"}
MAY_JUMP = {"execution/venues/gmx.py": {"send_task"}}
QUEUES = {"default", "trading", "imports", "signer"}
# In pieces, so that this file does not find itself.
STRANGERS = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+)/",
            r"py" + r"pi\.org",
            r"python" + r"hosted",
            r"npm" + r"js\.(?:org|com)",
            r"deb\.deb" + r"ian",
            r"crates" + r"\.io",
        ]
    )
)
LIFECYCLE_STATES = {
    "order": states.OrderState,
    "trade": states.TradeState,
    "cycle": states.CycleState,
    "permit": states.PermitState,
    "import": states.ImportState,
    "approval": states.ApprovalState,
    "alert": AlertState,
}
OWN_MODELS = [
    model
    for label in ("atlas", "strategies", "onchain", "imports", "execution")
    for model in apps.get_app_config(label).get_models()
]
LOADED = """
import json, os, sys
import django
django.setup()
from config.celery import app
app.loader.import_default_modules()
if os.environ["ATLAS_PROCESS"] == "web":
    import config.urls
print(json.dumps({"tasks": sorted(app.tasks), "modules": sorted(sys.modules)}))
"""


def project_files(*suffixes):
    """Every file of the project that a person wrote, the generated and the installed left out."""
    for folder, below, names in os.walk(ROOT):
        below[:] = [
            name
            for name in below
            if name not in SKIPPED_FOLDERS
            and not name.endswith(".egg-info")
            and (not name.startswith(".") or name in {".ci", ".github"})
        ]
        yield from (
            Path(folder) / name for name in names if not suffixes or name.endswith(suffixes)
        )


def room_files():
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


def called_names(path):
    """Names of everything that is called in a file, methods by their last part."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Attribute):
                yield target.attr
            elif isinstance(target, ast.Name):
                yield target.id


def loaded(process):
    """What a process of this kind knows once it has started: its tasks and modules."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED],
        cwd=ROOT,
        env={**os.environ, "ATLAS_PROCESS": process},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_nobody_jumps_over_a_floor_by_name():
    found = {}
    for path in room_files():
        name = str(path.relative_to(ROOT))
        jumps = (JUMPS & set(called_names(path))) - MAY_JUMP.get(name, set())
        if jumps and "/migrations/" not in name:
            found[name] = sorted(jumps)
    assert found == {}


def test_no_file_is_longer_than_a_hard_look_allows():
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in project_files(".py")
        if "migrations" not in path.parts
    }
    assert len(sizes) > 200
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_there_is_no_junk_drawer():
    assert [path for path in project_files(".py") if path.name in JUNK_DRAWERS] == []


def test_no_file_names_a_machine_or_a_package_registry():
    found = {}
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a recording or a picture
        stranger = STRANGERS.search(text)
        if stranger is not None:
            found[str(path.relative_to(ROOT))] = stranger[0]
    assert found == {}


@pytest.mark.parametrize("name", states.LIFECYCLES)
def test_a_lifecycle_table_has_a_row_for_each_state_and_leads_to_known_ones_only(name):
    table = states.LIFECYCLES[name]
    assert set(table) == set(LIFECYCLE_STATES[name])
    assert set().union(*table.values()) <= set(table)


@pytest.mark.parametrize("name", states.LIFECYCLES)
def test_every_state_of_a_lifecycle_can_be_reached_from_its_first(name):
    table = states.LIFECYCLES[name]
    seen, open_ends = set(), [next(iter(table))]
    while open_ends:
        state = open_ends.pop()
        if state not in seen:
            seen.add(state)
            open_ends += table[state]
    assert seen == set(table)


def test_every_shipped_schedule_names_a_task_that_its_worker_knows():
    known = {"worker": loaded("worker"), "signer": loaded("signer")}
    assert len(registries.schedules) >= 3
    for name, schedule in registries.schedules:
        assert schedule.queue in QUEUES, name
        worker = "signer" if schedule.queue == "signer" else "worker"
        assert schedule.task in known[worker]["tasks"], name
        assert 0 < schedule.expires_seconds <= schedule.every_seconds, name


def test_the_web_process_starts_without_the_chain_library_and_without_the_signers_room():
    modules = set(loaded("web")["modules"])
    assert "config.urls" in modules
    assert not {"web3", "eth_account", "onchain.signer", "onchain.signer_tasks"} & modules


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_a_model_describes_the_world_in_its_own_words(model):
    generated = f"{model.__name__}({', '.join(field.name for field in model._meta.fields)})"
    assert model.__doc__
    assert model.__doc__ != generated


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_references_are_named_from_both_sides_and_protect_what_they_point_at(model):
    for field in model._meta.local_fields:
        if not isinstance(field, models.ForeignKey):
            continue
        assert field.remote_field.related_name, field
        assert field.remote_field.on_delete is models.PROTECT, field


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_constraints_and_triggers_have_names_of_the_houses_own(model):
    for constraint in model._meta.constraints:
        assert re.fullmatch(r"[a-z][a-z0-9_]{5,62}", constraint.name), constraint.name
    for trigger in getattr(model._meta, "triggers", []):
        assert re.fullmatch(r"[a-z][a-z0-9_]{5,46}", trigger.name), trigger.name
