"""The first step: the right Python is found, or its absence is one sentence."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atlas.embedded.bootstrap import is_wanted, python_candidates
from atlas.embedded.checkout import ROOT

BOOTSTRAP = ROOT / "atlas" / "embedded" / "bootstrap.py"
PRETEND = """
import runpy, sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = [sys.argv[1], "setup-nothing"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def bootstrap_as_old_python(path: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", PRETEND, str(BOOTSTRAP)]
    return subprocess.run(
        argv, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=30
    )


def make_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_an_old_python_without_a_better_one_is_one_sentence_with_the_remedy(tmp_path):
    done = bootstrap_as_old_python(str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Atlas needs Python 3.11 and found 3.9.2. Install Python 3.11")
    assert done.stderr.count("\n") == 1


def test_an_old_python_hands_over_to_the_right_one_on_path(tmp_path):
    (tmp_path / "python3.11").symlink_to(sys.executable)
    done = bootstrap_as_old_python(str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: bootstrap.py")


def test_a_shim_that_stands_in_for_nothing_is_passed_over(tmp_path):
    shims, real = tmp_path / "shims", tmp_path / "real"
    shims.mkdir()
    real.mkdir()
    make_program(shims / "python3.11", "echo 'python3.11: command not found' >&2; exit 127")
    (real / "python3.11").symlink_to(sys.executable)
    path = os.pathsep.join([str(shims), str(real)])
    assert python_candidates(path) == [str(shims / "python3.11"), str(real / "python3.11")]
    assert bootstrap_as_old_python(path).returncode == 2


def test_a_shim_that_leads_back_to_the_old_python_does_not_loop(tmp_path):
    make_program(tmp_path / "python3.11", f'exec "{sys.executable}" "$@"')
    argv = [sys.executable, "-c", PRETEND, str(BOOTSTRAP)]
    environ = {"PATH": str(tmp_path), "BOOTSTRAPPED_BY_ATLAS": "before"}
    done = subprocess.run(
        argv, env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert "Atlas needs Python 3.11" in done.stderr


@pytest.mark.parametrize("text", ["exit 1", "exit 0"])
def test_only_an_interpreter_that_says_so_is_the_wanted_one(tmp_path, text):
    make_program(tmp_path / "python3.11", text)
    assert is_wanted(str(tmp_path / "python3.11")) == (text == "exit 0")
    assert not is_wanted(str(tmp_path / "missing"))


def test_the_bootstrap_can_be_read_by_a_python_of_long_ago():
    ast.parse(BOOTSTRAP.read_text(encoding="utf-8"), feature_version=(3, 4))


def test_what_runs_before_the_installation_needs_the_standard_library_alone():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "import atlas.embedded.verbs, atlas.embedded.reset; "
        "strange = {n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names; "
        "print(sorted(n for n in strange if not n.startswith('_')))"
    )
    argv = [sys.executable, "-I", "-S", "-c", code, str(ROOT)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['atlas']"
