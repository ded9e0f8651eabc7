"""Buckets of S3: finding, reading and writing objects; the only file that knows boto3.

The service is chosen by whoever installs Atlas, never by a row, so a bucket cannot lead a request
elsewhere. Failures of the service are named by what to do next; nothing of a request is repeated.
"""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from atlas.domain.errors import DomainRefusal, InvalidInput, NeedsHuman, Temporary
from imports.credentials import S3Credentials

CHUNK_BYTES = 1024 * 1024
CONNECT_SECONDS = 5
SILENCE_SECONDS = 30
WHOLE_SECONDS = 20 * 60
TRIES = 3
PAGE_OBJECTS = 1000
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
GONE = frozenset({"404", "NoSuchKey", "NotFound"})
UNCHANGED = frozenset({"304", "NotModified"})
BUSY = frozenset(
    {"500", "502", "503", "SlowDown", "InternalError", "RequestTimeout", "ServiceUnavailable"}
)


class BucketUnusable(NeedsHuman):
    """The bucket is not there, or its service refuses us."""

    code = "bucket_unusable"


class ObjectGone(DomainRefusal):
    """There is no such object in the bucket."""

    code = "object_gone"


class ObjectTooLarge(InvalidInput):
    """An object is larger than allowed."""

    code = "object_too_large"


@dataclass(frozen=True, slots=True)
class BucketObject:
    """An object as its bucket describes it; `version` is empty where the bucket keeps none."""

    key: str
    etag: str
    version: str
    size_bytes: int
    modified_at: datetime


class Bucket:
    """One bucket of the service that the credentials name."""

    def __init__(self, name: str, access: S3Credentials) -> None:
        if not BUCKET_NAME.fullmatch(name):
            raise InvalidInput(f"{name[:80]!r} is no name of a bucket; use s3://bucket/key.")
        self.name = name
        self._client = _client(access)

    def find(self, key: str) -> BucketObject:
        """Describe an object. Raises ObjectGone where there is none."""
        with self._worded(key):
            told = self._client.head_object(Bucket=self.name, Key=key)
        return _described(key, told)

    def listed(self, prefix: str) -> Iterator[BucketObject]:
        """Describe all objects under a prefix, in the order of their keys."""
        with self._worded(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            paging = {"PageSize": PAGE_OBJECTS}
            for page in pages.paginate(Bucket=self.name, Prefix=prefix, PaginationConfig=paging):
                for told in page.get("Contents", []):
                    yield BucketObject(
                        told["Key"], told["ETag"], "", told["Size"], told["LastModified"]
                    )

    def read(
        self, key: str, sink: IO[bytes], *, largest_bytes: int, unless_etag: str = ""
    ) -> BucketObject | None:
        """Copy an object into a file, or give None where it still has the etag `unless_etag`.

        Raises ObjectGone, ObjectTooLarge, BucketUnusable, or Temporary.
        """
        condition = {"IfNoneMatch": unless_etag} if unless_etag else {}
        try:
            with self._worded(key):
                told = self._client.get_object(Bucket=self.name, Key=key, **condition)
                with closing(told["Body"]) as body:
                    _require_size(told["ContentLength"], largest_bytes, self._place(key))
                    _copy(body, sink, largest_bytes=largest_bytes, what=self._place(key))
        except _Unchanged:
            return None
        return _described(key, told)

    def write(self, key: str, path: Path) -> None:
        """Store a file under a key; the object appears whole or not at all."""
        with self._worded(key):
            self._client.upload_file(str(path), self.name, key)

    def remove(self, key: str) -> None:
        """Remove an object; one that is gone already is no mistake."""
        with self._worded(key):
            self._client.delete_object(Bucket=self.name, Key=key)

    @contextmanager
    def _worded(self, key: str) -> Iterator[None]:
        """Turn what boto3 raises into errors named by what to do next."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise _of_answer(self._place(key), error.response) from error
        except (BotoCoreError, Boto3Error) as error:
            raise _of_failure(self._place(key), error) from error

    def _place(self, key: str) -> str:
        return f"s3://{self.name}/{key}"


class _Unchanged(Exception):  # not an error: the answer to a conditional question
    """The object still has the etag that was named."""


def _client(access: S3Credentials) -> Any:
    """Make a client; boto3 costs a third of a second, so only who uses it imports it."""
    import boto3
    from botocore.config import Config

    secret = access.secret_access_key
    return boto3.client(
        "s3",
        endpoint_url=access.endpoint_url or None,
        region_name=access.region or None,
        aws_access_key_id=access.access_key_id.get_secret_value() if access.access_key_id else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENCE_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            # Services other than Amazon's know neither names of buckets in hosts nor new checksums.
            s3={"addressing_style": "path" if access.endpoint_url else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _of_answer(place: str, answer: Any) -> Exception:
    """Name an error that the service answered with."""
    code = str(answer.get("Error", {}).get("Code", "")) or "an error without a code"
    if code in UNCHANGED:
        return _Unchanged()
    if code in GONE:
        return ObjectGone(f"There is no {place}.")
    if code in BUSY:
        return Temporary(f"The service of {place} is busy: {code}.")
    return BucketUnusable(
        f"The service refuses {place}: {code}. Check the bucket's name, its policy and the "
        "credentials."
    )


def _of_failure(place: str, error: Exception) -> Exception:
    """Name a failure that came before an answer, or in the middle of one."""
    from botocore import exceptions as known

    cause = error.__context__  # what an upload stumbled over
    if isinstance(cause, known.ClientError):
        return _of_answer(place, cause.response)
    away = (known.HTTPClientError, known.ConnectionError, known.IncompleteReadError)
    if isinstance(error, away):
        return Temporary(f"The service of {place} does not answer: {type(error).__name__}.")
    return BucketUnusable(
        f"{place} cannot be used: {type(error).__name__}. Check the S3 settings and credentials."
    )


def _described(key: str, told: Any) -> BucketObject:
    version = told.get("VersionId") or ""
    return BucketObject(
        key,
        told["ETag"],
        "" if version == "null" else version,
        told["ContentLength"],
        told["LastModified"],
    )


def _copy(body: Any, sink: IO[bytes], *, largest_bytes: int, what: str) -> None:
    """Copy a body up to the cap, within the time that a whole object may take."""
    deadline, size = time.monotonic() + WHOLE_SECONDS, 0
    while chunk := body.read(CHUNK_BYTES):
        size += len(chunk)
        _require_size(size, largest_bytes, what)
        if time.monotonic() > deadline:
            raise Temporary(f"{what} did not arrive within {WHOLE_SECONDS} s.")
        sink.write(chunk)


def _require_size(size: int, largest_bytes: int, what: str) -> None:
    """Refuse an object that says, or turns out, to be too large."""
    if size > largest_bytes:
        raise ObjectTooLarge(f"{what} is larger than {largest_bytes:,} bytes.")
