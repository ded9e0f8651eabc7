"""Reading exports in tests, without a database."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from imports.formats.batches import Batch
from imports.formats.checks import Checker, Thresholds
from imports.formats.content import BytesContent
from imports.formats.keys import keys_of
from imports.formats.problems import Problem
from imports.formats.registry import open_export
from imports.formats.vocabulary import Kind

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Read:
    """What a file came to: its batches and everything that was found wrong."""

    batches: list[Batch] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        """Give the codes of the problems."""
        return [problem.code for problem in self.problems]

    def good(self, kind: Kind) -> dict[str, list[str]]:
        """Give the keys of the records of a kind that count, by owner."""
        found: dict[str, list[str]] = {}
        for batch in self.batches:
            if batch.kind is kind:
                keys = keys_of(kind, batch.records)
                good = [key for index, key in enumerate(keys) if index not in batch.bad]
                found.setdefault(batch.owner, []).extend(good)
        return found

    def contents(self) -> dict[tuple[Kind, str, str], Any]:
        """Give every record that was read, as it is staged."""
        return {
            (batch.kind, batch.owner, key): json.loads(line)
            for batch in self.batches
            for key, line in zip(
                keys_of(batch.kind, batch.records), batch.encoded().splitlines(), strict=True
            )
        }


def read(data: bytes, *, thresholds: Thresholds | None = None, now: datetime = NOW) -> Read:
    """Read and check a file; FileRefused passes through."""
    opened = open_export(BytesContent(data))
    checker = Checker(mode=opened.export.header.mode, now=now, thresholds=thresholds)
    found = Read()
    for batch in opened.export.batches():
        found.batches.append(batch)
        for unread in batch.unread:
            found.problems += unread.problems
        found.problems += checker.check(batch)
    found.problems += checker.finish()
    return found
