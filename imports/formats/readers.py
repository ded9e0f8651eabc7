"""Readers: from a JSON array's bytes to typed records, all at once or, if one is wrong, one by one."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from imports.formats.batches import RAW_LIST, Batch, Buffer, ListPlaces, Unread, span_in
from imports.formats.findings import UNREADABLE, Finding, excerpt, findings_in
from imports.formats.problems import Problem, Span
from imports.formats.records import Record
from imports.formats.times import to_utc
from imports.formats.vocabulary import Kind

R = TypeVar("R", bound=Record)
FAILURES = (msgspec.ValidationError, *UNREADABLE)


class Reader(Generic[R]):
    """Reads records of one type; `more` adds what the type cannot say about a record by itself."""

    def __init__(
        self,
        kind: Kind,
        record_type: type[R],
        *,
        more: Callable[[R], list[Finding]] | None = None,
    ) -> None:
        self.kind = kind
        self.record_type = record_type
        self._more = more
        self._one = msgspec.json.Decoder(record_type)
        self._all = msgspec.json.Decoder(list[record_type])  # type: ignore[valid-type]

    def read_array(self, array: msgspec.Raw, *, owner: str, path: str, whole: Buffer) -> Batch:
        """Read an array of records; what cannot be read is listed with all that is wrong with it."""
        try:
            records: list[R] = self._all.decode(array)
        except FAILURES:
            return self._read_each(array, owner=owner, path=path, whole=whole)
        if self._more is not None and any(map(self._more, records)):
            return self._read_each(array, owner=owner, path=path, whole=whole)
        return self.batch_of(records, lambda: array, owner=owner, path=path, whole=whole)

    def batch_of(
        self,
        records: Sequence[R],
        array: Callable[[], msgspec.Raw],
        *,
        owner: str,
        path: str,
        whole: Buffer,
    ) -> Batch:
        """Make the batch of an array of which every record was read; `array` gives its bytes."""
        to_utc(self.kind, records)
        return Batch(self.kind, owner, records, ListPlaces(path, array, whole))

    def _read_each(self, array: msgspec.Raw, *, owner: str, path: str, whole: Buffer) -> Batch:
        """Read an array one element at a time."""

        def held() -> msgspec.Raw:
            return array

        try:
            elements = RAW_LIST.decode(array)
        except FAILURES:
            found = [Finding("wrong_type", f"{path} must be a list.", value=excerpt(array))]
            lost = self.unread(found, span=span_in(array, whole), owner=owner, path=path)
            return Batch(self.kind, owner, [], ListPlaces(path, held, whole, []), [lost])
        batch = Batch(self.kind, owner, [], ListPlaces(path, held, whole, []))
        records, indexes = [], []
        for index, element in enumerate(elements):
            result = self.read_one(element)
            if isinstance(result, list):
                span = span_in(element, whole)
                at = f"{path}/{index}"
                batch.unread.append(self.unread(result, span=span, owner=owner, path=at))
                continue
            records.append(result)
            indexes.append(index)
        to_utc(self.kind, records)
        batch.records, batch.places = records, ListPlaces(path, held, whole, indexes)
        return batch

    def decoded(self, raw: msgspec.Raw) -> R:
        """Read a record that is known to be right."""
        return self._one.decode(raw)

    def more_findings(self, record: R) -> list[Finding]:
        """List what is wrong with a record beyond the types of its fields."""
        return self._more(record) if self._more is not None else []

    def read_one(self, raw: msgspec.Raw | bytes) -> R | list[Finding]:
        """Read one record, or list everything that is wrong with it."""
        try:
            record = self._one.decode(raw)
        except FAILURES:
            return findings_in(self.record_type, raw)
        return self.more_findings(record) or record

    def unread(
        self, findings: Sequence[Finding], *, span: Span, owner: str, path: str, key: str = ""
    ) -> Unread:
        """Note a record that cannot be read, with a problem for each finding."""
        problems = tuple(
            Problem(
                code=finding.code,
                message=finding.message,
                path=path,
                kind=self.kind,
                owner=owner,
                key=key,
                field=finding.place,
                value=finding.value,
                span=span,
            )
            for finding in findings
        )
        return Unread(span, problems, key)
