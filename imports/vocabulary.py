"""The words by which imports are described in rows, beside those of the formats."""

from enum import StrEnum


class SourceKind(StrEnum):
    """How a file reaches us."""

    FILE = "file"
    STDIN = "stdin"
    INBOX = "inbox"
    HTTP = "http"
    S3 = "s3"


class SourcePolicy(StrEnum):
    """What becomes of a file that was fetched from a source."""

    REVIEW = "review"
    APPLY = "apply"


class Action(StrEnum):
    """What a change-set does to one row of the catalogue."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
