"""Exports in buckets of S3: single objects and whole folders, each version once."""

import json
import time

import pytest

from atlas.domain.errors import NeedsHuman
from imports import bucket_looks
from imports.buckets import ObjectGone
from imports.credentials import S3Credentials, parse_credentials
from imports.models import FetchedObject, ImportRun
from strategies.models import Strategy
from tests.imports.buckets_world import serving
from tests.imports.builders import document, strategy
from tests.imports.source_world import alerts, fetch_now, make_source, states

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def service():
    with serving() as running:
        yield running


@pytest.fixture
def bucket(service, settings):
    settings.ATLAS_S3_SECRETS = service.access
    return service.bucket(versioned=True)


@pytest.fixture
def store(world):
    return world.store


def export(slug="alpha", **changes):
    return json.dumps(document(strategies=[strategy(slug)], vaults=[], **changes)).encode()


def test_an_object_is_imported_once_a_version(bucket, service, store):
    service.put(bucket, "exports/nightly.json", export())
    source = make_source("s3", f"s3://{bucket.name}/exports/nightly.json")
    (one,) = fetch_now(source, store)
    assert (one.name, states([one])) == ("nightly.json", ["APPLIED"])
    known = FetchedObject.objects.get()
    told = bucket.find("exports/nightly.json")
    assert (known.etag, known.version, known.name) == (told.etag, told.version, told.key)
    assert fetch_now(source, store) == []
    service.put(bucket, "exports/nightly.json", export("beta"))
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert FetchedObject.objects.get().version == bucket.find("exports/nightly.json").version


def test_the_same_bytes_as_another_version_make_no_second_run(bucket, service, store):
    service.put(bucket, "a.json", b"{")
    source = make_source("s3", f"s3://{bucket.name}/a.json")
    assert states(fetch_now(source, store)) == ["REJECTED"]
    FetchedObject.objects.update(etag='"another"')
    assert fetch_now(source, store) == []
    assert ImportRun.objects.count() == 1


def test_the_objects_of_a_folder_are_taken_in_the_order_in_which_they_came(bucket, service, store):
    for key in ("in/z.json", "in/m.json", "in/a.json"):
        service.put(bucket, key, export(key[3:4] * 3))
        time.sleep(1.1)  # the service tells times to the second
    service.put(bucket, "elsewhere/b.json", export("bbb"))
    for key in ("in/", "in/.hidden", "in/x.json.part"):
        service.put(bucket, key, b"")
    source = make_source("s3", f"s3://{bucket.name}/in/")
    assert [one.name for one in fetch_now(source, store)] == ["z.json", "m.json", "a.json"]
    assert set(Strategy.objects.values_list("slug", flat=True)) == {"zzz", "mmm", "aaa"}
    assert fetch_now(source, store) == []
    service.put(bucket, "in/m.json", export("nnn"))
    assert [one.name for one in fetch_now(source, store)] == ["m.json"]


def test_one_look_takes_so_many_objects_and_the_next_look_the_next(
    bucket, service, store, monkeypatch
):
    monkeypatch.setattr(bucket_looks, "MOST_FILES", 2)
    for number in range(5):
        service.put(bucket, f"{number}.json", b"{" + bytes([number]))
    source = make_source("s3", f"s3://{bucket.name}/")
    assert [len(fetch_now(source, store)) for _ in range(4)] == [2, 2, 1, 0]


def test_an_object_that_is_too_large_is_named_and_the_others_are_taken(bucket, service, store):
    service.put(bucket, "in/large.json", b" " * 50_000)
    service.put(bucket, "in/small.json", export())
    source = make_source("s3", f"s3://{bucket.name}/in/", largest_bytes=20_000)
    done = {one.name: one.problem for one in fetch_now(source, store)}
    assert done["small.json"] == ""
    assert "larger than 20,000 bytes" in done["in/large.json"]
    assert alerts()["import_turned_down"][1] == 1


def test_objects_that_stay_unfit_do_not_keep_later_ones_out(bucket, service, store, monkeypatch):
    monkeypatch.setattr(bucket_looks, "MOST_FILES", 2)
    for number in range(3):
        service.put(bucket, f"in/{number}.json", b" " * 50_000)
    service.put(bucket, "in/later.json", export())
    source = make_source("s3", f"s3://{bucket.name}/in/", largest_bytes=20_000)
    assert "APPLIED" in states(fetch_now(source, store))


def test_an_object_that_is_not_there_is_an_alert(bucket, store):
    with pytest.raises(ObjectGone):
        fetch_now(make_source("s3", f"s3://{bucket.name}/nothing.json"), store)
    assert alerts() == {"import_unreachable": ("OPEN", 1)}


def test_a_source_may_name_access_of_its_own(bucket, service, store, settings):
    held = {"kind": "s3", "endpoint_url": service.access.endpoint_url, "region": "us-east-1"}
    keys = {"access_key_id": "other", "secret_access_key": "other-secret"}
    settings.ATLAS_IMPORT_SECRETS = parse_credentials(json.dumps({"lake": held | keys}))
    settings.ATLAS_S3_SECRETS = S3Credentials(endpoint_url="http://127.0.0.1:9", region="x")
    service.put(bucket, "a.json", export())
    source = make_source("s3", f"s3://{bucket.name}/a.json", credentials="lake")
    assert states(fetch_now(source, store)) == ["APPLIED"]


def test_credentials_of_another_kind_are_refused(bucket, store, settings):
    header = {"kind": "header", "host": "x.example", "value": "tests"}
    settings.ATLAS_IMPORT_SECRETS = parse_credentials(json.dumps({"acme": header}))
    with pytest.raises(NeedsHuman, match="not for S3"):
        fetch_now(make_source("s3", f"s3://{bucket.name}/a.json", credentials="acme"), store)
