"""Sources in the console: read by all; looked at, silenced and woken by POST, with a right and a reason."""

import html
import re
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from atlas.models import AuditEvent
from config.celery import app
from imports.formats.registry import format_names
from imports.models import ImportRun, ImportSource
from tests.imports.builders import document
from tests.imports.source_world import make_source, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client_of, settings, tmp_path, monkeypatch, django_capture_on_commit_callbacks):
    """A source with a file in its inbox, and workers that answer at once."""
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    monkeypatch.setattr("imports.inbox.SETTLE_SECONDS", 0.0)
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    monkeypatch.setitem(app.conf, "task_eager_propagates", True)
    folder = tmp_path / "inboxes" / "nightly"
    folder.mkdir(parents=True)
    put(folder, "export.json", document())
    source = make_source("inbox", "nightly", cadence_seconds=60)

    def act(verb, role="analyst", row=source, **values):
        path = reverse(f"admin:imports_importsource_{verb}", args=[row.pk])
        with django_capture_on_commit_callbacks(execute=True):
            return client_of(role).post(path, {"_form_submitted": "True", **values})

    return SimpleNamespace(source=source, act=act, client_of=client_of)


def page(world, row, role="analyst"):
    path = reverse("admin:imports_importsource_change", args=[row.pk])
    return world.client_of(role).get(path).content.decode()


def test_looking_now_imports_what_has_come_in_the_name_of_who_asked(world):
    assert world.act("fetch_now").status_code == 200
    assert not ImportRun.objects.exists()
    assert world.act("fetch_now", reason="they called").status_code == 302
    run = ImportRun.objects.get()
    assert (run.state, run.requested_by) == ("APPLIED", "analyst-person")
    asked = AuditEvent.objects.get(action="import_source.fetch")
    assert (asked.actor, asked.reason) == ("analyst-person", "they called")


def test_a_source_is_silenced_and_woken_with_its_schedule(world):
    scheduled = PeriodicTask.objects.filter(name="import-source-nightly")
    assert world.act("disable", reason="holidays").status_code == 302
    assert not scheduled.exists()
    assert world.act("enable", reason="back").status_code == 302
    assert scheduled.exists()
    changes = AuditEvent.objects.filter(action="import_source.change").order_by("pk")
    assert [(one.actor, one.reason) for one in changes] == [
        ("analyst-person", "holidays"),
        ("analyst-person", "back"),
    ]


@pytest.mark.parametrize("verb", ["fetch_now", "edit", "disable", "enable"])
def test_a_viewer_may_not_act(world, verb):
    before = ImportSource.objects.values().get(pk=world.source.pk)
    assert world.act(verb, role="viewer", reason="please").status_code in {302, 403}
    assert ImportSource.objects.values().get(pk=world.source.pk) == before
    assert not ImportRun.objects.exists()


def offered(world, row, role="analyst"):
    """Give the acts that a source's page leads to."""
    shown = page(world, row, role)
    paths = {
        verb: reverse(f"admin:imports_importsource_{verb}", args=[row.pk])
        for verb in ("fetch_now", "edit", "disable", "enable")
    }
    return {verb for verb, path in paths.items() if path in shown}


def test_a_page_offers_what_fits_its_source(world):
    assert offered(world, world.source) == {"fetch_now", "edit", "disable"}
    world.act("disable", reason="x")
    assert offered(world, world.source) == {"edit", "enable"}
    assert offered(world, ImportSource.objects.get(name="file")) == {"edit"}
    assert offered(world, world.source, role="viewer") == set()


SETTINGS = {
    "cadence_seconds": "3600",
    "expected_every_seconds": "",
    "policy": "review",
    "allow_partial": "on",
    "wanted_format": format_names()[-1],
    "largest_bytes": "1000000",
    "jump_threshold_ratio": "0.25",
    "weight_tolerance_ratio": "0.05",
    "claim_tolerance_ratio": "0.1",
    "reason": "they come hourly now",
}


def settings_of(row):
    row.refresh_from_db()
    return {name: str(getattr(row, name)) for name in SETTINGS if name != "reason"}


def test_the_form_shows_what_is_set(world):
    path = reverse("admin:imports_importsource_edit", args=[world.source.pk])
    shown = world.client_of("analyst").get(path).content.decode()
    for name, value in (("cadence_seconds", "60"), ("jump_threshold_ratio", "0.5")):
        field = re.search(rf'<input[^>]*name="{name}"[^>]*>', shown)
        assert field is not None
        assert f'value="{value}"' in field[0]
    assert 'name="address"' not in shown
    assert 'name="credentials"' not in shown


def test_settings_are_changed_with_a_reason_an_audit_row_and_the_schedule(world):
    assert world.act("edit", **SETTINGS).status_code == 302
    changed = settings_of(world.source)
    assert changed["cadence_seconds"] == "3600"
    assert changed["expected_every_seconds"] == "None"
    assert (changed["policy"], changed["allow_partial"]) == ("review", "True")
    assert changed["wanted_format"] == format_names()[-1]
    assert float(changed["jump_threshold_ratio"]) == 0.25
    event = AuditEvent.objects.get(action="import_source.change")
    assert (event.actor, event.reason) == ("analyst-person", "they come hourly now")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["cadence_seconds"], event.after["cadence_seconds"]) == (60, 3600)
    task = PeriodicTask.objects.select_related("interval", "crontab").get(
        name="import-source-nightly"
    )
    assert "hour" in str(task.schedule).lower() or "3600" in str(task.interval)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cadence_seconds", "9", "Between two looks lie at least 10 seconds."),
        ("cadence_seconds", "-5", "greater than or equal to 0"),
        ("expected_every_seconds", "59", "Silence is told of after 60 seconds at the earliest."),
        ("largest_bytes", "0", "The largest file must have at least one byte."),
        ("largest_bytes", "", "This field is required."),
        ("jump_threshold_ratio", "0", "The threshold of a jump must be more than 0."),
        ("jump_threshold_ratio", "much", "Enter a number."),
        ("weight_tolerance_ratio", "1.5", "A tolerance is more than 0 and at most 1."),
        ("claim_tolerance_ratio", "0", "A tolerance is more than 0 and at most 1."),
        ("policy", "perhaps", "Select a valid choice."),
        ("wanted_format", "csv", "Select a valid choice."),
        ("reason", "", "This field is required."),
    ],
)
def test_what_makes_no_sense_is_said_at_the_form_and_nothing_changes(world, name, value, words):
    before = settings_of(world.source)
    answer = world.act("edit", **{**SETTINGS, name: value})
    assert answer.status_code == 200
    assert words in html.unescape(answer.content.decode())
    assert settings_of(world.source) == before
    assert not AuditEvent.objects.filter(action="import_source.change").exists()


def test_a_source_whose_files_are_handed_in_has_thresholds_and_no_cadence(world):
    row = ImportSource.objects.get(name="file")
    path = reverse("admin:imports_importsource_edit", args=[row.pk])
    shown = world.client_of("analyst").get(path).content.decode()
    assert 'name="cadence_seconds"' not in shown
    assert world.act("edit", row=row, **SETTINGS).status_code == 302
    changed = settings_of(row)
    assert float(changed["claim_tolerance_ratio"]) == 0.1
    assert (changed["cadence_seconds"], changed["wanted_format"]) == ("None", "auto")
