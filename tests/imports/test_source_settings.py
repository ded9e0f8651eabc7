"""Setting sources up: what is refused, what is noted, and the schedule that follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from atlas.domain.errors import InvalidInput
from atlas.models import AuditEvent
from atlas.schedules import ensure_schedules
from imports.models import ImportSource
from imports.source_settings import change_source, create_source
from imports.tasks import fetch_source
from imports.vocabulary import SourceKind
from tests.imports.source_world import ACTOR, make_source

pytestmark = pytest.mark.django_db

NAME = "import-source-nightly"


def task():
    return PeriodicTask.objects.filter(name=NAME).select_related("interval").first()


def change(source, **values):
    source.refresh_from_db()
    return change_source(source, actor=ACTOR, now=timezone.now(), **values)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("inbox", ""),
        ("inbox", "/etc"),
        ("inbox", "../other"),
        ("inbox", "a/b"),
        ("inbox", ".."),
        ("inbox", "Upper"),
        ("inbox", "x" * 61),
        ("http", ""),
        ("http", "ftp://host/x"),
        ("http", "file:///etc/passwd"),
        ("http", "https:///nothing"),
        ("http", "https://user:pass@host/x"),
        ("http", "https://token@host/x"),
        ("http", "https://host/x#part"),
        ("http", "https://host:port/x"),
        ("http", "https://host/x?api_key=0123456789abcdef"),
        ("http", "https://host/x y"),
        ("http", "https://host/x\nHost: other"),
        ("http", "https://[::1/x"),
        ("s3", ""),
        ("s3", "s3://bucket"),
        ("s3", "s3://UPPER/key"),
        ("s3", "s3:///key"),
        ("s3", "https://bucket/key"),
        ("s3", "s3://bucket@evil.example/key"),
        ("file", "/tmp"),
        ("stdin", "-"),
    ],
)
def test_an_address_that_leads_nowhere_or_elsewhere_is_refused(kind, address):
    with pytest.raises(InvalidInput):
        make_source(kind, address, name="other")
    assert not ImportSource.objects.filter(name="other").exists()


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("inbox", "nightly-2"),
        ("http", "https://host.example:8443/path/export.json?day=today"),
        ("s3", "s3://bucket/"),
        ("s3", "s3://bucket.with.dots/some/folder/"),
        ("file", ""),
    ],
)
def test_an_address_of_its_kind_is_taken(kind, address):
    assert make_source(kind, address, name="other").address == address


@pytest.mark.parametrize(
    "values",
    [
        {"cadence_seconds": 9},
        {"expected_every_seconds": 59},
        {"largest_bytes": 0},
        {"jump_threshold_ratio": Decimal(0)},
        {"weight_tolerance_ratio": Decimal(0)},
        {"claim_tolerance_ratio": Decimal("1.1")},
        {"policy": "perhaps"},
        {"wanted_format": "csv"},
        {"arrived_at": timezone.now()},
        {"kind_of": "x"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(values):
    with pytest.raises(InvalidInput):
        make_source("inbox", "nightly", **values)
    assert not ImportSource.objects.filter(name="nightly").exists()


def test_the_database_refuses_it_too():
    source = make_source("inbox", "nightly")
    for values in ({"cadence_seconds": 9}, {"address": ""}, {"policy": "x"}, {"largest_bytes": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ImportSource.objects.filter(pk=source.pk).update(**values)


def test_two_sources_never_look_at_one_place():
    make_source("inbox", "nightly")
    with pytest.raises(InvalidInput, match="Another source looks at this address already"):
        make_source("inbox", "nightly", name="other")


def test_files_that_are_handed_in_have_no_cadence():
    with pytest.raises(InvalidInput, match="nowhere to look"):
        make_source("file", "", name="other", cadence_seconds=60)


def test_what_is_set_up_and_changed_is_in_the_audit_log():
    source = make_source("inbox", "nightly", cadence_seconds=60)
    change(source, cadence_seconds=120)
    change(source, cadence_seconds=120)
    events = AuditEvent.objects.filter(action__startswith="import_source.").order_by("pk")
    assert [event.action for event in events] == ["import_source.create", "import_source.change"]
    assert events[1].before is not None
    assert events[1].after is not None
    assert (events[1].before["cadence_seconds"], events[1].after["cadence_seconds"]) == (60, 120)


def test_a_change_of_what_is_waited_for_begins_the_waiting_anew():
    source = make_source("inbox", "nightly", expected_every_seconds=3600)
    long_ago = timezone.now() - timedelta(days=9)
    ImportSource.objects.filter(pk=source.pk).update(watched_since_at=long_ago)
    assert change(source, cadence_seconds=60).watched_since_at == long_ago
    assert change(source, expected_every_seconds=60).watched_since_at > long_ago


def test_a_source_with_a_cadence_has_a_schedule_that_fetches_it():
    source = make_source("inbox", "nightly", cadence_seconds=60)
    row = task()
    assert (row.task, row.args, row.queue) == (fetch_source.name, f"[{source.pk}]", "imports")
    assert (row.interval.every, row.expire_seconds, row.enabled) == (60, 60, True)


def test_the_schedule_follows_the_cadence_and_goes_with_it():
    source = make_source("inbox", "nightly", cadence_seconds=60)
    change(source, cadence_seconds=300)
    assert task().interval.every == 300
    change(source, enabled=False)
    assert task() is None
    change(source, enabled=True)
    assert task().interval.every == 300
    change(source, cadence_seconds=None)
    assert task() is None


def test_an_operators_schedule_stands_and_a_release_leaves_it_alone():
    source = make_source("inbox", "nightly", cadence_seconds=60)
    row = task()
    row.interval, row.crontab = None, CrontabSchedule.objects.create(minute="0", hour="3")
    row.save()
    change(source, cadence_seconds=300)
    ensure_schedules(now=timezone.now())
    change(source, enabled=False)
    assert task().crontab.hour == "3"


def test_a_disabled_source_is_not_fetched_though_a_schedule_speaks(settings, tmp_path):
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path
    source = make_source("inbox", "nightly", cadence_seconds=60)
    change(source, enabled=False)
    fetch_source(source.pk)
    fetch_source(999_999)
    source.refresh_from_db()
    assert source.looked_at is None


def test_the_courier_leaves_what_is_wrong_with_the_source(settings):
    settings.ATLAS_OUTBOUND_ALLOW = []
    source = make_source("http", "https://exports.example/x.json", cadence_seconds=60)
    fetch_source(source.pk)
    source.refresh_from_db()
    assert "ATLAS_OUTBOUND_ALLOW" in source.look_failure


def test_the_kinds_of_the_command_line_exist_from_the_start():
    kinds = ImportSource.objects.filter(name__in=["file", "stdin"]).values_list("name", "kind")
    assert dict(kinds) == {"file": "file", "stdin": "stdin"}
    with pytest.raises(InvalidInput, match="already exists"):
        create_source(name="file", kind=SourceKind.FILE, actor=ACTOR, now=timezone.now())
