"""The figures of imports: what the rows say, no more and no less."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from imports.metrics import families
from imports.models import ImportRun, ImportSource
from imports.revert import revert
from tests.imports.builders import document, point, strategy
from tests.imports.source_world import make_source
from tests.imports.world import ACTOR, NOW

pytestmark = pytest.mark.django_db


def told(now=NOW):
    return {
        (family.name, *labels): float(value)
        for family in families(now)
        for labels, value in family.samples
    }


def test_runs_bytes_records_and_findings_are_added_up_by_source(world):
    good = world.run(document())
    bad = world.run(document(strategies=[strategy(performance=[point(1), point(2, nav=-5)])]))
    values = told()
    assert values["atlas_import_runs", "file", "APPLIED"] == 1
    assert values["atlas_import_runs", "file", "REJECTED"] == 1
    size = good.size_bytes + bad.size_bytes
    assert values["atlas_import_received_bytes", "file"] == size
    assert values["atlas_import_records", "file"] == good.record_count + bad.record_count
    assert values["atlas_import_rejected_records", "file"] == 1
    assert values["atlas_import_errors", "file"] == good.error_count + bad.error_count > 0
    assert values["atlas_import_warnings", "file"] == good.warning_count + bad.warning_count


def test_phases_are_counted_and_timed(world):
    run = world.run(document())
    revert(run, reason="back", actor=ACTOR, now=NOW)
    run.refresh_from_db()
    values = told()
    for phase in ("stage", "review", "apply", "revert"):
        assert values["atlas_import_phases", "file", phase] == 1
        assert values["atlas_import_phase_seconds", "file", phase] == run.seconds[phase]


def test_the_age_of_the_newest_applied_run_is_that_of_the_newest_applied_run(world):
    world.run(document(), now=NOW - timedelta(hours=5))
    world.run(document(mode="delta"), now=NOW - timedelta(hours=3))
    world.run(b"{", now=NOW - timedelta(hours=1))
    age = told()["atlas_import_newest_applied_age_seconds", "file"]
    assert age == timedelta(hours=3).total_seconds()


def test_a_source_tells_when_it_was_looked_at_and_how_that_went():
    now = timezone.now()
    source = make_source("inbox", "nightly", expected_every_seconds=3600)
    assert ("atlas_import_source_look_failed", "nightly") not in told(now)
    looked = now - timedelta(seconds=90)
    ImportSource.objects.filter(pk=source.pk).update(looked_at=looked, look_failure="gone")
    values = told(now)
    assert values["atlas_import_source_look_failed", "nightly"] == 1
    assert values["atlas_import_source_look_age_seconds", "nightly"] == 90
    assert values["atlas_import_source_expected_every_seconds", "nightly"] == 3600
    ImportSource.objects.filter(pk=source.pk).update(enabled=False)
    assert not [key for key in told(now) if "nightly" in key]


def test_as_many_questions_are_asked_for_many_runs_as_for_few(world):
    world.run(document())
    with CaptureQueriesContext(connection) as few:
        told()
    row = ImportRun.objects.values().get()
    first = {name: value for name, value in row.items() if name != "id"}
    ImportRun.objects.bulk_create(
        ImportRun(**{**first, "sha256": f"{number:064}", "state": "REJECTED"})
        for number in range(200)
    )
    with CaptureQueriesContext(connection) as many:
        assert told()["atlas_import_runs", "file", "REJECTED"] == 200
    assert len(many) == len(few) <= 3
