"""The bar on a terminal: there while an import runs, nowhere else, and gone afterwards."""

import io
import json
import os
import pty
import select
import subprocess
import sys

import pytest
from django.core.management import call_command

from imports.progress import Progress, report
from imports.progress_bar import amount, shown_on
from imports.synthetic import lines_of, reference_spec
from tests.imports.builders import document
from tests.imports.test_command_line import ROOT, environment


class Screen(io.StringIO):
    """A terminal as far as a program can tell."""

    def isatty(self):
        return True


def drawn(stream, *, wanted=True):
    with shown_on(stream, wanted=wanted):
        for phase in ("stage", "review", "apply"):
            report(1, phase, 0)
            report(1, phase + "", 5, 10)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _each_report_is_told(monkeypatch):
    monkeypatch.setattr("imports.progress.LEAST_SECONDS_BETWEEN", 0.0)


def test_each_phase_has_a_bar_on_a_terminal():
    shown = drawn(Screen())
    for words in ("Reading", "Comparing", "Applying", "5 of 10"):
        assert words in shown


def test_nothing_is_drawn_where_nobody_looks_or_nobody_wants_it():
    assert drawn(io.StringIO()) == ""
    assert drawn(Screen(), wanted=False) == ""


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Progress(1, "stage", 1_500_000, 3_000_000), "1.5 of 3.0 MB"),
        (Progress(1, "apply", 1_500, 3_000), "1,500 of 3,000"),
        (Progress(1, "stage", 0, 0), ""),
    ],
)
def test_what_is_done_is_written_in_its_unit(told, words):
    assert amount(told) == words


def seen_on_a_terminal(arguments, told) -> tuple[int, str, str]:
    """Run a command whose error stream is a terminal; gives code, output and the screen."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "imports.cli", *arguments],
        cwd=ROOT,
        env={**told, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    screen = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break  # the other end is closed
        if not part:
            break
        screen += part
    out, _ = child.communicate(timeout=60)
    os.close(ours)
    return child.returncode, out.decode(), screen.decode(errors="replace")


@pytest.mark.deep
@pytest.mark.django_db(transaction=True)
def test_a_real_terminal_shows_the_bar_and_a_quiet_command_shows_none(tmp_path):
    call_command("grant_roles", verbosity=0)
    told = {**environment(tmp_path), "ATLAS_LOG_LEVEL": "ERROR"}
    large = tmp_path / "large.ndjson"
    large.write_bytes(lines_of(reference_spec(strategies=4, days=400, trades=50, holdings=20)))
    code, out, screen = seen_on_a_terminal(["--file", str(large)], told)
    assert code == 0
    assert "applied" in out
    assert "Reading" in screen
    assert "Applying" in screen
    for flag in ("--quiet", "--json"):
        small = tmp_path / f"small{flag}.json"
        small.write_text(json.dumps(document(generated_at=f"2026-01-0{len(flag) % 9}T00:00:00Z")))
        code, out, screen = seen_on_a_terminal(["--file", str(small), flag], told)
        assert (code, screen) == (0, "")
