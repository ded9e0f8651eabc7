"""The rows of an import: where it came from, how far it is, what it holds, what it would change."""

from imports.models.changes import ChangeGroup, RecordChange
from imports.models.digests import ContentDigest, StagedGroup
from imports.models.records import ImportIssue, StagedRecord
from imports.models.runs import OPEN_STATES, ImportRun
from imports.models.sources import FetchedObject, ImportSource

__all__ = [
    "OPEN_STATES",
    "ChangeGroup",
    "ContentDigest",
    "FetchedObject",
    "ImportIssue",
    "ImportRun",
    "ImportSource",
    "RecordChange",
    "StagedGroup",
    "StagedRecord",
]
