"""One contract for both places of imported files: a shared folder, and a bucket of S3."""

import gzip
import hashlib
import io
import os
import shutil
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from atlas.domain.errors import InvalidInput, Temporary
from imports import buckets, store_places
from imports.buckets import Bucket, BucketUnusable, ObjectGone, ObjectTooLarge
from imports.credentials import S3Credentials
from imports.storage import ContentStore, StoreUnusable
from imports.store_places import BucketPlace
from tests.imports.buckets_world import serving
from tests.imports.builders import document
from tests.imports.world import World

PLAIN = b'{"hello": "world"}\n' * 1000
SHA256 = hashlib.sha256(PLAIN).hexdigest()


@pytest.fixture(scope="module")
def service():
    with serving() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def machines(request, tmp_path):
    """Give the stores of two machines that share one place, and a way to lose a file."""
    if request.param == "folder":
        shared = tmp_path / "shared"
        return [ContentStore(shared), ContentStore(shared)], shared
    bucket = request.getfixturevalue("service").bucket()
    folders = [tmp_path / "web", tmp_path / "worker"]
    return [
        ContentStore(folder, BucketPlace(bucket, "atlas", folder)) for folder in folders
    ], bucket


@pytest.fixture
def pair(machines):
    return machines[0]


def read(store, sha256=SHA256):
    with store.content(sha256) as content:
        return bytes(content.whole())


def test_what_one_process_forgets_no_other_finds(pair):
    web, worker = pair
    stored = web.put(io.BytesIO(PLAIN))
    worker.require(stored.sha256)
    worker.forget(stored.sha256)
    worker.forget(stored.sha256)  # gone already
    for store in pair:
        with pytest.raises(StoreUnusable, match="no longer in the store"):
            store.require(stored.sha256)
    assert web.put(io.BytesIO(PLAIN)) == stored
    worker.require(stored.sha256)
    assert read(worker) == PLAIN


def test_what_one_process_puts_in_another_reads(pair):
    web, worker = pair
    stored = web.put(io.BytesIO(PLAIN))
    assert (stored.sha256, stored.size_bytes) == (SHA256, len(PLAIN))
    assert read(worker) == read(web) == read(worker) == PLAIN


def test_the_same_bytes_are_the_same_file_whoever_brings_them(pair):
    web, worker = pair
    assert web.put(io.BytesIO(PLAIN)) == worker.put(io.BytesIO(PLAIN))
    assert read(web) == PLAIN


def test_an_empty_and_a_packed_file_are_kept_as_they_came(pair):
    web, worker = pair
    packed = gzip.compress(PLAIN)
    for data, plain in ((b"", b""), (packed, PLAIN)):
        stored = web.put(io.BytesIO(data))
        assert stored.size_bytes == len(data)
        assert read(worker, stored.sha256) == plain


def test_a_stream_that_cannot_be_read_twice_is_kept_too(pair):
    reading, writing = os.pipe()
    os.write(writing, PLAIN)
    os.close(writing)
    with open(reading, "rb") as pipe:
        stored = pair[0].put(pipe)
    assert read(pair[1], stored.sha256) == PLAIN


def test_a_file_that_does_not_end_is_refused_and_leaves_nothing_behind(pair, tmp_path):
    with pytest.raises(InvalidInput, match="larger than 10 bytes"):
        pair[0].put(io.BytesIO(b"x" * 11), largest_bytes=10)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_that_was_never_there_is_named_with_the_remedy(pair):
    with pytest.raises(StoreUnusable, match=r"no longer in the store.*backup"):
        read(pair[0], "0" * 64)


def test_a_file_that_is_lost_is_kept_anew_when_it_comes_again(machines, service, tmp_path):
    (web, worker), place = machines
    web.put(io.BytesIO(PLAIN))
    if isinstance(place, Bucket):
        service.client.delete_object(Bucket=place.name, Key=key_of(SHA256))
    else:
        shutil.rmtree(place)
    with pytest.raises(StoreUnusable):
        read(worker)
    web.put(io.BytesIO(PLAIN))
    assert read(worker) == PLAIN


@pytest.mark.django_db
def test_a_whole_import_runs_over_either_place(pair):
    web, worker = pair
    reviewed = World(web).run(document(), is_dry_run=True)
    applied = World(worker).run(document())
    assert (applied.pk, applied.state) == (reviewed.pk, "APPLIED")


def key_of(sha256):
    return f"atlas/imports/objects/{sha256[:2]}/{sha256}"


@pytest.fixture
def bucket(service):
    return service.bucket()


@pytest.fixture
def store(bucket, tmp_path):
    return ContentStore(tmp_path, BucketPlace(bucket, "atlas", tmp_path))


def test_the_bucket_holds_the_bytes_under_their_hash_below_the_prefix(store, bucket, service):
    store.put(io.BytesIO(PLAIN))
    assert [one.key for one in bucket.listed("")] == [key_of(SHA256)]
    kept = service.client.get_object(Bucket=bucket.name, Key=key_of(SHA256))["Body"].read()
    assert kept == PLAIN


def test_a_file_that_was_changed_in_the_bucket_is_not_taken_for_itself(store, bucket, service):
    service.put(bucket, key_of(SHA256), PLAIN + b"more")
    with pytest.raises(StoreUnusable, match="damaged"):
        read(store)


def test_copies_on_this_machine_are_forgotten_in_the_order_of_their_last_use(
    store, tmp_path, monkeypatch
):
    monkeypatch.setattr(store_places, "KEPT_BYTES", 2 * len(PLAIN))
    monkeypatch.setattr(store_places, "USED_SECONDS", -1)
    stored = []
    for number in range(4):
        stored.append(store.put(io.BytesIO(PLAIN + bytes([number]))).sha256)
        copies = {path.name: path for path in (tmp_path / "objects").glob("*/*")}
        os.utime(copies[stored[number]], (number, number))
    left = {path.name for path in (tmp_path / "objects").glob("*/*")}
    assert left <= set(stored[-2:])
    assert read(store, stored[0]) == PLAIN + b"\0"


def test_a_copy_that_may_still_be_open_somewhere_is_left(store, tmp_path, monkeypatch):
    monkeypatch.setattr(store_places, "KEPT_BYTES", 0)
    store.put(io.BytesIO(PLAIN))
    assert [path.name for path in (tmp_path / "objects").glob("*/*")] == [SHA256]


def test_the_settings_decide_between_folder_and_bucket(settings, service, bucket, tmp_path):
    settings.ATLAS_STORAGE_DIR = tmp_path
    settings.ATLAS_STORAGE_BUCKET = f"{bucket.name}/some/where"
    settings.ATLAS_S3_SECRETS = service.access
    ContentStore.of_settings().put(io.BytesIO(PLAIN))
    (kept,) = bucket.listed("")
    assert kept.key == f"some/where/imports/objects/{SHA256[:2]}/{SHA256}"
    settings.ATLAS_STORAGE_BUCKET = ""
    ContentStore.of_settings().put(io.BytesIO(b"to the folder"))
    assert len(list(bucket.listed(""))) == 1


def test_an_object_is_read_once_for_each_etag(bucket, service):
    service.put(bucket, "export.json", PLAIN)
    sink = io.BytesIO()
    found = bucket.read("export.json", sink, largest_bytes=10**6)
    assert found is not None
    assert (sink.getvalue(), found.size_bytes, found.version) == (PLAIN, len(PLAIN), "")
    nothing = io.BytesIO()
    assert bucket.read("export.json", nothing, largest_bytes=9, unless_etag=found.etag) is None
    service.put(bucket, "export.json", PLAIN + b"new")
    assert bucket.read("export.json", nothing, largest_bytes=10**6, unless_etag=found.etag)
    assert nothing.getvalue() == PLAIN + b"new"


def test_a_bucket_that_keeps_versions_tells_them(service):
    bucket = service.bucket(versioned=True)
    service.put(bucket, "export.json", PLAIN)
    first = bucket.find("export.json").version
    service.put(bucket, "export.json", PLAIN)
    assert first
    assert bucket.find("export.json").version not in {"", first}


def test_many_objects_are_listed_page_by_page(bucket, service, monkeypatch):
    monkeypatch.setattr(buckets, "PAGE_OBJECTS", 3)
    for number in range(10):
        service.put(bucket, f"many/{number:04}", b"")
    found = [one.key for one in bucket.listed("many/")]
    assert found == [f"many/{number:04}" for number in range(10)]


def test_an_object_that_is_too_large_is_read_no_further(bucket, service):
    service.put(bucket, "large", b"x" * 3_000_000)
    sink = io.BytesIO()
    with pytest.raises(ObjectTooLarge, match=r"s3://.*/large is larger than 1,000 bytes"):
        bucket.read("large", sink, largest_bytes=1000)
    assert len(sink.getvalue()) <= 1000


@pytest.mark.parametrize("name", ["", "UPPER", "a/b", "../x", "x@evil.example", "a" * 64, "a b"])
def test_what_is_no_name_of_a_bucket_is_refused(name, service):
    with pytest.raises(InvalidInput, match="no name of a bucket"):
        Bucket(name, service.access)


def test_what_is_not_there_is_gone_and_a_missing_bucket_needs_a_person(bucket, service, tmp_path):
    with pytest.raises(ObjectGone):
        bucket.find("nothing")
    with pytest.raises(ObjectGone):
        bucket.read("nothing", io.BytesIO(), largest_bytes=1)
    missing = Bucket("no-such-bucket-anywhere", service.access)
    with pytest.raises(BucketUnusable, match="NoSuchBucket"):
        list(missing.listed(""))
    file = tmp_path / "file"
    file.write_bytes(PLAIN)
    with pytest.raises(BucketUnusable, match="NoSuchBucket"):
        missing.write("key", file)


def test_a_service_that_does_not_answer_is_temporary_and_names_no_secret(monkeypatch):
    monkeypatch.setattr(buckets, "TRIES", 1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    access = S3Credentials(
        endpoint_url=f"http://127.0.0.1:{port}",
        region="us-east-1",
        access_key_id=SecretStr("the-key-id"),
        secret_access_key=SecretStr("the-secret-key"),
    )
    with pytest.raises(Temporary) as away:
        Bucket("some-bucket", access).find("key")
    assert "the-" not in away.value.message


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path):
    Path(tmp_path / "store").write_text("a file where a folder should be")
    with pytest.raises(StoreUnusable, match="ATLAS_STORAGE_URL"):
        ContentStore(tmp_path / "store").put(io.BytesIO(PLAIN))
