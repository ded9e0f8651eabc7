"""The addresses of sources: what may stand in a row, and what it leads to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from django.conf import settings

from atlas.domain.errors import InvalidInput
from atlas.redaction import redact_text
from imports.buckets import BUCKET_NAME
from imports.vocabulary import SourceKind

INBOX_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_WORDS: Mapping[SourceKind, str] = MappingProxyType(
    {
        SourceKind.INBOX: "the name of a folder: small letters, digits, - and _",
        SourceKind.HTTP: "https://host/path, without a user, a fragment or a secret",
        SourceKind.S3: "s3://bucket/key, or s3://bucket/folder/ for all objects below it",
    }
)


@dataclass(frozen=True, slots=True)
class Objects:
    """One object of a bucket, or all below a prefix that ends with a slash."""

    bucket: str
    key: str

    @property
    def is_folder(self) -> bool:
        """Say whether it means all objects below it."""
        return self.key == "" or self.key.endswith("/")


def require_address(kind: SourceKind, address: str) -> None:
    """Refuse an address that is not of its kind; raises InvalidInput with what it should be.

    An inbox is named within the folder of inboxes: a row can never lead elsewhere on the disk.
    """
    if kind not in _WORDS:
        if address:
            raise InvalidInput(
                f"A source of the kind {kind} has no address: its files are handed in."
            )
        return
    fits = {
        SourceKind.INBOX: lambda: bool(INBOX_NAME.fullmatch(address)),
        SourceKind.HTTP: lambda: _is_web_address(address),
        SourceKind.S3: lambda: _is_s3_address(address),
    }[kind]()
    if not fits:
        raise InvalidInput(f"The address of a source of the kind {kind} is {_WORDS[kind]}.")


def inbox_folder(address: str) -> Path:
    """Give the folder of an inbox."""
    require_address(SourceKind.INBOX, address)
    return Path(settings.ATLAS_IMPORT_INBOX_DIR) / address


def objects_of(address: str) -> Objects:
    """Take an address of S3 apart."""
    require_address(SourceKind.S3, address)
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return Objects(bucket, key)


def shown_name(address: str) -> str:
    """Give what a file at an address of the web is called: its last part, without the query."""
    parts = urlsplit(address)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.netloc


def _is_web_address(address: str) -> bool:
    """Say whether it is a plain address of HTTP that carries no secret."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not parts.fragment
        and address.isprintable()
        and " " not in address
        and redact_text(address) == address
    )


def _is_s3_address(address: str) -> bool:
    """Say whether it names a bucket and something in it."""
    if not address.startswith("s3://") or not address.isprintable():
        return False
    bucket, slash, _ = address.removeprefix("s3://").partition("/")
    return bool(slash and BUCKET_NAME.fullmatch(bucket))
