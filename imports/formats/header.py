"""What a file promises about itself, and whether it keeps it."""

import hashlib
from collections import Counter
from collections.abc import Iterable

import msgspec

from imports.formats.problems import FileRefused, Problem
from imports.formats.records import Header
from imports.formats.vocabulary import RecordName


class Tally:
    """Counts a file's records and hashes their bytes, to be compared with its header at the end.

    The checksum is SHA-256 over the bytes of each record as written, a line feed after each: in a
    document the elements of `benchmarks`, then `strategies`, then `vaults`; in lines all that
    follow the header.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._sha256 = hashlib.sha256()
        self.counts: Counter[RecordName] = Counter()

    def hash_records(self, records: Iterable[msgspec.Raw | bytes | memoryview]) -> None:
        """Take the bytes of records in; does nothing where no checksum is promised."""
        if self._header.checksum is None:
            return
        for record in records:
            self._sha256.update(record)
            self._sha256.update(b"\n")

    def verify(self) -> None:
        """Compare with what the header promises; raises FileRefused naming every difference."""
        problems = [*self._wrong_counts(), *self._wrong_checksum()]
        if problems:
            raise FileRefused(problems)

    def _wrong_counts(self) -> list[Problem]:
        """Find the kinds of records of which there are more or fewer than promised."""
        promised = self._header.counts or {}
        return [
            Problem(
                "wrong_count",
                f"The header promises {int(count):,} {name.value} records and the file holds "
                f"{self.counts[name]:,}. It may have been cut off; export it again.",
                field=f"counts/{name.value}",
                value=str(self.counts[name]),
            )
            for name, count in promised.items()
            if int(count) != self.counts[name]
        ]

    def _wrong_checksum(self) -> list[Problem]:
        """Find a checksum that the records do not have."""
        found = f"sha256:{self._sha256.hexdigest()}"
        if self._header.checksum in {None, found}:
            return []
        return [
            Problem(
                "wrong_checksum",
                f"The records have the checksum {found}, not the one in the header. "
                "The file was changed or damaged on its way; fetch it again.",
                field="checksum",
                value=self._header.checksum or "",
            )
        ]
