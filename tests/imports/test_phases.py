"""The log of an import: one line a phase, with what it did, how long it took and how fast it was."""

import pytest
from structlog.testing import capture_logs

from imports.formats.problems import FileRefused
from imports.revert import revert
from tests.imports.builders import document, point, strategy
from tests.imports.world import ACTOR, NOW

pytestmark = pytest.mark.django_db

FIGURES = {
    "phase",
    "run",
    "source",
    "state",
    "bytes",
    "records",
    "rejected",
    "errors",
    "warnings",
    "seconds",
    "records_per_second",
    "bytes_per_second",
}


def phases(lines):
    return [line for line in lines if line["event"].startswith("import_phase")]


def test_each_phase_is_one_line_with_its_figures(world):
    with capture_logs() as lines:
        run = world.run(document())
        revert(run, reason="back", actor=ACTOR, now=NOW)
    told = phases(lines)
    assert [line["phase"] for line in told] == ["stage", "review", "apply", "revert"]
    for line in told:
        assert set(line) == FIGURES | {"event", "log_level"}
        assert (line["run"], line["bytes"], line["records"]) == (run.pk, run.size_bytes, 13)
        assert line["seconds"] == run.seconds[line["phase"]]
        assert line["records_per_second"] == round(13 / line["seconds"])
    assert [line["state"] for line in told] == ["STAGED", "REVIEWED", "APPLIED", "REVERTED"]


def test_a_line_tells_what_was_turned_down(world):
    with capture_logs() as lines:
        world.run(document(strategies=[strategy(performance=[point(1), point(2, nav=-5)])]))
    staged, reviewed = phases(lines)
    assert (staged["rejected"], staged["errors"]) == (1, 1)
    assert reviewed["state"] == "REVIEWED"


def test_a_phase_that_breaks_off_is_a_line_too(world):
    with capture_logs() as lines:
        world.run(b"{")
    (line,) = phases(lines)
    assert (line["event"], line["log_level"]) == ("import_phase_broken_off", "warning")
    assert (line["phase"], line["state"]) == ("stage", "RECEIVED")
    assert isinstance(line["error"], FileRefused)
    assert set(line) >= FIGURES
