"""A bucket as the place for what the house wants kept elsewhere, such as heads of the audit chain."""

from pathlib import Path

from django.conf import settings

from imports.buckets import Bucket


def keep_in_bucket(name: str, path: Path) -> None:
    """Copy a file under a name into the storage's bucket; without a bucket there is nothing to do.

    Raises BucketUnusable or Temporary.
    """
    bucket, _, prefix = settings.ATLAS_STORAGE_BUCKET.partition("/")
    if not bucket:
        return
    key = "/".join(part for part in (prefix, name) if part)
    Bucket(bucket, settings.ATLAS_S3_SECRETS).write(key, path)
