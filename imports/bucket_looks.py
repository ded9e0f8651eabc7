"""Looking into a bucket of S3: one object, or all below a prefix."""

from collections.abc import Iterator

from imports.buckets import Bucket, BucketObject, ObjectGone, ObjectTooLarge
from imports.found import Found, Look, Unfit, known_version, remember, remembering
from imports.inbox import MOST_FILES, is_unfinished
from imports.issues import storable
from imports.models import FetchedObject
from imports.source_access import s3_access
from imports.source_addresses import objects_of

ETAG_LENGTH = 200


def look_into_bucket(asked: Look) -> Iterator[Found | Unfit]:
    """Read the objects of a bucket that are new or changed, in the order in which they came."""
    wanted = objects_of(asked.source.address)
    bucket = Bucket(wanted.bucket, s3_access(asked.source))
    taken = 0
    for key in _keys(bucket, asked, wanted.key, folder=wanted.is_folder):
        found = _read(bucket, asked, key)
        if found is not None:
            yield found
            taken += isinstance(found, Found)  # what is unfit stays, and must not fill every look
        if taken == MOST_FILES:
            return


def _keys(bucket: Bucket, asked: Look, key: str, *, folder: bool) -> list[str]:
    """Give the keys that are worth asking for."""
    if not folder:
        return [key]
    known = dict(asked.source.fetched_objects.values_list("name", "etag"))
    new = [
        (one.modified_at, one.key)
        for one in bucket.listed(key)
        if _is_export(one) and (asked.again or known.get(one.key) != one.etag)
    ]
    return [one for _, one in sorted(new)]


def _is_export(one: BucketObject) -> bool:
    """Say whether an object is a file that its producer is done with."""
    last = one.key.rpartition("/")[2]
    return bool(last) and not is_unfinished(last)


def _read(bucket: Bucket, asked: Look, key: str) -> Found | Unfit | None:
    """Read one object unless it is the version that is known."""
    known, largest = known_version(asked, key), asked.source.largest_bytes
    with asked.store.scratch() as sink:
        try:
            told = bucket.read(
                key, sink, largest_bytes=largest, unless_etag=known.etag if known else ""
            )
        except ObjectGone:
            if objects_of(asked.source.address).is_folder:
                return None  # its producer took it back
            raise
        except ObjectTooLarge as large:
            return Unfit(storable(key, 200), large.message)
        if told is None:
            return None
        sink.seek(0)
        stored = asked.store.put(sink, largest_bytes=largest)
    version = FetchedObject(
        source=asked.source,
        name=key,
        etag=told.etag[:ETAG_LENGTH],
        version=told.version,
        size_bytes=told.size_bytes,
        fetched_at=asked.now,
    )
    if known is not None and known.run.sha256 == stored.sha256:
        remember(version, known.run)
        return None
    return Found(storable(key.rpartition("/")[2], 200), stored, remembering(version))
