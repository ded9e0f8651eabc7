"""Sources in the console: read by all; looked at, silenced and woken by POST, with a right and a reason."""

from types import SimpleNamespace

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from atlas.models import AuditEvent
from config.celery import app
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


@pytest.mark.parametrize("verb", ["fetch_now", "disable", "enable"])
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
        for verb in ("fetch_now", "disable", "enable")
    }
    return {verb for verb, path in paths.items() if path in shown}


def test_a_page_offers_what_fits_its_source(world):
    assert offered(world, world.source) == {"fetch_now", "disable"}
    world.act("disable", reason="x")
    assert offered(world, world.source) == {"enable"}
    assert offered(world, ImportSource.objects.get(name="file")) == set()
    assert offered(world, world.source, role="viewer") == set()
