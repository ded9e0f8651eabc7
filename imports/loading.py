"""Loading: the records of a file into staging, except those of which nothing has changed.

The file is read and judged once, from its beginning to its end. Records of a group that may be the
very ones the catalogue was made from are not staged on the way but wait: not in memory, only where
they stand is kept. At the end their digest shows whether they are, and those that are not are read
once more and staged.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b

from psycopg import Copy

from imports.copying import copying
from imports.digests import Remembered, hasher_of
from imports.formats.batches import Batch
from imports.formats.checks import Checker
from imports.formats.keys import keys_of
from imports.formats.registry import Export
from imports.groups import GroupKey
from imports.issues import Problems
from imports.models import ImportRun
from imports.progress import report
from imports.rendering import COPY_SQL, staged_rows

STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch that was read and judged but not staged: how to read it again, its first ordinal."""

    again: Callable[[], Batch]
    owner: str
    first: int


@dataclass(slots=True)
class Group:
    """What is known so far of the records of one kind and owner.

    `may_repeat` says that two of them may have one key: they came in several pieces, or a piece
    had a key twice.
    """

    hasher: blake2b | None
    good: int = 0
    rejected: int = 0
    may_repeat: bool = False
    is_staged: bool = False
    waiting: list[Waiting] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Give the digest of the records so far; empty for a kind that has none."""
        return "" if self.hasher is None else self.hasher.hexdigest()


class Loader:
    """Loads the records of one file; `known` is what the catalogue remembers."""

    def __init__(
        self, run: ImportRun, problems: Problems, known: Mapping[GroupKey, Remembered]
    ) -> None:
        self.groups: dict[GroupKey, Group] = {}
        self.count = 0
        self._run = run
        self._problems = problems
        self._known = known

    def load(self, export: Export, checker: Checker, *, size: int) -> None:
        """Read and judge all records and stage those that need not wait.

        `size` is the number of bytes of the unpacked file, for who watches.
        """
        with copying(COPY_SQL) as copy:
            for batch in export.batches():
                for unread in batch.unread:
                    self._problems.add(unread.problems)
                self._problems.add(batch.notes)
                self._problems.add(checker.check(batch))
                self._take(batch, copy)
                report(self._run.pk, STAGE, partial(_end_of, batch), size)
        self._problems.add(checker.finish())

    def matching(self) -> dict[GroupKey, str]:
        """Give the digests of the groups that wait and are what the catalogue remembers."""
        return {
            key: group.digest
            for key, group in self.groups.items()
            if group.waiting and not group.is_staged and group.digest == self._known[key].digest
        }

    def stage_waiting(self, keys: Collection[GroupKey]) -> None:
        """Read the waiting records of some groups once more and stage them."""
        waiting = [one for key in keys for one in self.groups[key].waiting]
        if not waiting:
            return
        with copying(COPY_SQL) as copy:
            for one in sorted(waiting, key=lambda one: one.first):
                batch = one.again()
                batch.owner = one.owner
                self._write(batch, batch.encoded(), one.first, copy)
        for key in keys:
            self.groups[key].is_staged = True
            self.groups[key].waiting.clear()

    def waiting(self) -> set[GroupKey]:
        """Name the groups of which anything still waits."""
        return {key for key, group in self.groups.items() if group.waiting}

    def _take(self, batch: Batch, copy: Copy) -> None:
        """Count and digest a batch; stage it, or let it wait."""
        key = batch.kind, batch.owner
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(hasher_of(batch.kind))
        elif batch.records:
            group.may_repeat = True
        encoded = batch.encoded()
        if group.hasher is not None:
            group.hasher.update(encoded)
        first = self.count + 1
        self.count += len(batch.records) + len(batch.unread)
        group.good += len(batch.records) - len(batch.bad)
        group.rejected += len(batch.bad) + len(batch.unread)
        if batch.again is not None and self._may_wait(key, group):
            group.waiting.append(Waiting(batch.again, batch.owner, first))
        else:
            group.is_staged = True
            self._write(batch, encoded, first, copy)

    def _may_wait(self, key: GroupKey, group: Group) -> bool:
        """Say whether a group may still turn out to be what the catalogue was made from.

        In a file with a mistake everything is staged: what is turned down may change what is left.
        """
        known = self._known.get(key)
        if known is None or self._problems.errors or group.is_staged:
            return False
        return group.good < known.records or (
            group.good == known.records and group.digest == known.digest
        )

    def _write(self, batch: Batch, encoded: bytes, first: int, copy: Copy) -> None:
        """Write a batch into staging."""
        keys = keys_of(batch.kind, batch.records)
        group = self.groups[batch.kind, batch.owner]
        group.may_repeat = group.may_repeat or len(set(keys)) < len(keys)
        copy.write(staged_rows(self._run.pk, batch, encoded, keys, first=first))


def _end_of(batch: Batch) -> int:
    """Give where in the unpacked file a batch ends, or nearly so if its last records are unread."""
    places = [*batch.places.spans()[-1:], *((one.span.start, 0) for one in batch.unread[-1:])]
    return max((start + length for start, length in places), default=0)
