"""The words by which imports are described in rows, beside those of the formats."""

from enum import StrEnum


class SourceKind(StrEnum):
    """How a file reaches us."""

    FILE = "file"
    STDIN = "stdin"


class Action(StrEnum):
    """What a change-set does to one row of the catalogue."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
