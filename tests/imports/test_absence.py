"""Silence: an export that does not come is an alert, and ends it by coming."""

from datetime import timedelta

import pytest
from django.utils import timezone

from atlas.alerts import raise_alert
from atlas.models import Alert
from imports.absence import watch_sources
from imports.apply import apply
from imports.fetching import run_due_sources
from imports.models import ImportRun, ImportSource
from imports.source_settings import change_source
from imports.tasks import watch_sources as watch_task
from tests.imports.builders import document
from tests.imports.source_world import (
    ACTOR,
    alerts,
    fetch_now,
    make_source,
    names_in,
    put,
    settled,
    states,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def folder(settings, tmp_path):
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    made = tmp_path / "inboxes" / "nightly"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def source(folder):
    return make_source("inbox", "nightly", expected_every_seconds=3600)


@pytest.fixture
def store(world):
    return world.store


def test_a_source_is_silent_once_its_time_has_passed_and_not_before(source):
    now = timezone.now()
    assert watch_sources(now=now + 0.9 * HOUR) == []
    assert alerts() == {}
    assert watch_sources(now=now + 1.1 * HOUR) == ["nightly"]
    assert watch_sources(now=now + 1.2 * HOUR) == ["nightly"]
    alert = Alert.objects.get()
    assert (alert.rule, alert.count, alert.subject_id) == ("import_missed", 2, str(source.pk))
    assert "nothing usable for 1 h 12 min" in alert.message
    assert "every 3600 s" in alert.message
    assert "fetch_imports" in alert.remedy


def test_the_alert_ends_by_itself_once_an_export_came(source, folder, store):
    watch_sources(now=timezone.now() + 2 * HOUR)
    put(folder, "export.json", document())
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert watch_sources(now=timezone.now()) == []
    assert alerts() == {"import_missed": ("RESOLVED", 1)}
    later = timezone.now() + 2 * HOUR
    assert watch_sources(now=later) == ["nightly"]
    message = Alert.objects.filter(state="OPEN").get().message
    assert "Its last usable export came at" in message


def test_a_bad_file_is_no_arrival(source, folder, store):
    put(folder, "export.json", b"{")
    fetch_now(source, store)
    assert watch_sources(now=timezone.now() + 2 * HOUR) == ["nightly"]


def test_the_same_export_again_is_an_arrival(source, folder, store):
    put(folder, "export.json", document())
    fetch_now(source, store)
    first = ImportSource.objects.get(pk=source.pk).arrived_at
    put(folder, "export.json", document())
    fetch_now(source, store, now=settled() + HOUR)
    again = ImportSource.objects.get(pk=source.pk).arrived_at
    assert first is not None
    assert again is not None
    assert again - first > 0.9 * HOUR


def test_why_the_last_look_failed_stands_in_the_alert(source):
    ImportSource.objects.filter(pk=source.pk).update(look_failure="The folder is gone.")
    watch_sources(now=timezone.now() + 2 * HOUR)
    assert "The last look failed: The folder is gone." in Alert.objects.get().message


@pytest.mark.parametrize("change", [{"enabled": False}, {"expected_every_seconds": None}])
def test_who_is_no_longer_waited_for_is_no_longer_missed(source, change):
    watch_sources(now=timezone.now() + 2 * HOUR)
    change_source(source, actor=ACTOR, now=timezone.now(), **change)
    assert watch_sources(now=timezone.now() + 9 * HOUR) == []
    assert alerts() == {"import_missed": ("RESOLVED", 1)}


def test_a_source_that_was_disabled_is_no_longer_unreachable(source):
    raise_alert("import_unreachable", subject=source, message="gone", now=timezone.now())
    watch_sources(now=timezone.now())
    assert alerts() == {"import_unreachable": ("OPEN", 1)}
    change_source(source, actor=ACTOR, now=timezone.now(), enabled=False)
    watch_sources(now=timezone.now())
    assert alerts() == {"import_unreachable": ("RESOLVED", 1)}


def test_an_import_that_waits_is_told_until_it_is_decided(folder, store):
    source = make_source("inbox", "nightly", policy="review")
    put(folder, "export.json", document())
    fetch_now(source, store)
    watch_sources(now=timezone.now())
    assert alerts() == {"import_waiting": ("OPEN", 1)}
    apply(ImportRun.objects.get(), actor=ACTOR, now=timezone.now())
    watch_sources(now=timezone.now())
    assert alerts() == {"import_waiting": ("RESOLVED", 1)}


def test_nobody_waits_for_files_that_are_handed_in_unless_told_so():
    assert watch_sources(now=timezone.now() + timedelta(days=999)) == []
    handed = ImportSource.objects.get(name="file")
    change_source(handed, actor=ACTOR, now=timezone.now(), expected_every_seconds=3600)
    assert watch_sources(now=timezone.now() + 2 * HOUR) == ["file"]


def test_the_watch_is_a_task(source):
    ImportSource.objects.update(watched_since_at=timezone.now() - 2 * HOUR)
    watch_task()
    assert alerts() == {"import_missed": ("OPEN", 1)}


def test_due_sources_are_fetched_and_one_that_fails_does_not_stop_the_others(
    folder, store, settings
):
    settings.ATLAS_OUTBOUND_ALLOW = []
    make_source("http", "https://exports.example/x.json", name="broken", cadence_seconds=60)
    make_source("inbox", "nightly", name="works", cadence_seconds=60)
    make_source("inbox", "by-hand", name="by-hand")
    put(folder, "export.json", document())
    now = settled()
    done = run_due_sources(store=store, actor=ACTOR, now=now)
    assert {name: states(files) for name, files in done.items()}["works"] == ["APPLIED"]
    assert "ATLAS_OUTBOUND_ALLOW" in done["broken"][0].problem
    assert set(done) == {"broken", "works"}
    assert run_due_sources(store=store, actor=ACTOR, now=now + timedelta(seconds=59)) == {}
    again = run_due_sources(store=store, actor=ACTOR, now=now + timedelta(seconds=60))
    assert set(again) == {"broken", "works"}
    assert names_in(folder / "working") == []
