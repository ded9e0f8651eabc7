"""The lines of version 1.0: each record with its tag and its parent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

import msgspec
import numpy as np

from imports.formats.batches import Buffer
from imports.formats.findings import RAW_FIELDS, Finding, excerpt, findings_in
from imports.formats.readers import FAILURES
from imports.formats.records import (
    AccountId,
    Benchmark,
    BenchmarkPoint,
    BenchmarkSlug,
    Holding,
    PerformancePoint,
    Record,
    Report,
    Slug,
    Strategy,
    Trade,
    Vault,
)
from imports.formats.v1_records import strategy_findings
from imports.formats.vocabulary import Kind

TAG = "record"
_LINE_FEED = 10


class BenchmarkLine(Benchmark, tag="benchmark", tag_field=TAG, kw_only=True):
    """A benchmark."""


class BenchmarkPointLine(BenchmarkPoint, tag="benchmark_point", tag_field=TAG, kw_only=True):
    """A price of a benchmark."""

    benchmark: BenchmarkSlug


class StrategyLine(Strategy, tag="strategy", tag_field=TAG, kw_only=True):
    """A strategy."""


class VaultLine(Vault, tag="vault", tag_field=TAG, kw_only=True):
    """A vault."""


class PerformanceLine(PerformancePoint, tag="performance", tag_field=TAG, kw_only=True):
    """A point of a strategy's series or of a vault's: exactly one of the two is named."""

    strategy: Slug | msgspec.UnsetType = msgspec.UNSET
    vault: AccountId | msgspec.UnsetType = msgspec.UNSET


class HoldingLine(Holding, tag="holding", tag_field=TAG, kw_only=True):
    """A holding of a strategy."""

    strategy: Slug


class TradeLine(Trade, tag="trade", tag_field=TAG, kw_only=True):
    """A trade of a strategy."""

    strategy: Slug


class ReportLine(Report, tag="report", tag_field=TAG, kw_only=True):
    """Claims about a strategy."""

    strategy: Slug


# typing.Union, because the decoder wants one type and `|` cannot be folded over a list here.
DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    Union[  # noqa: UP007
        BenchmarkLine,
        BenchmarkPointLine,
        StrategyLine,
        VaultLine,
        PerformanceLine,
        HoldingLine,
        TradeLine,
        ReportLine,
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class LineType:
    """How one kind of line is read: its type, the plain record in it, and what names its owner."""

    kind: Kind
    line: type[Record]
    plain: type[Record]
    owner_field: str = ""
    key_field: str = ""


_PERFORMANCE = LineType(Kind.PERFORMANCE, PerformanceLine, PerformancePoint, "strategy", "as_of_at")
_VAULT_PERFORMANCE = LineType(
    Kind.VAULT_PERFORMANCE, PerformanceLine, PerformancePoint, "vault", "as_of_at"
)
LINE_TYPES: Mapping[str, LineType] = {
    "benchmark": LineType(Kind.BENCHMARK, BenchmarkLine, Benchmark, "", "slug"),
    "benchmark_point": LineType(
        Kind.BENCHMARK_POINT, BenchmarkPointLine, BenchmarkPoint, "benchmark", "as_of_at"
    ),
    "strategy": LineType(Kind.STRATEGY, StrategyLine, Strategy, "", "slug"),
    "vault": LineType(Kind.VAULT, VaultLine, Vault, "", "address"),
    "performance": _PERFORMANCE,
    "holding": LineType(Kind.HOLDING, HoldingLine, Holding, "strategy", "asset"),
    "trade": LineType(Kind.TRADE, TradeLine, Trade, "strategy", "external_id"),
    "report": LineType(Kind.CLAIM, ReportLine, Report, "strategy", "source"),
}
_BY_CLASS: Mapping[type[Record], LineType] = {one.line: one for one in LINE_TYPES.values()}


def split_lines(records: Sequence[Any]) -> Iterator[tuple[LineType, str, Sequence[int]]]:
    """Sort lines by what they are and whom they belong to; gives the indexes of each group."""
    classes = list(dict.fromkeys(map(type, records)))
    for line_class in classes:
        indexes: Sequence[int] = range(len(records))
        if len(classes) > 1:
            indexes = [i for i, record in enumerate(records) if type(record) is line_class]
        yield from _split_by_owner(_BY_CLASS[line_class], records, indexes)


def _split_by_owner(
    line_type: LineType, records: Sequence[Any], indexes: Sequence[int]
) -> Iterator[tuple[LineType, str, Sequence[int]]]:
    """Sort lines of one type by their owners; usually they have one."""
    if not line_type.owner_field:
        yield line_type, "", indexes
        return
    owners = [getattr(records[index], line_type.owner_field) for index in indexes]
    groups: dict[Any, Sequence[int]] = {owners[0]: indexes}
    if len(set(owners)) > 1:
        split: dict[Any, list[int]] = {}
        for owner, index in zip(owners, indexes, strict=True):
            split.setdefault(owner, []).append(index)
        groups = {**split}
    vaults = groups.pop(msgspec.UNSET, None)
    for owner, members in groups.items():
        yield line_type, owner, members
    if vaults is not None:
        yield from _split_by_owner(_VAULT_PERFORMANCE, records, vaults)


def has_findings(records: Sequence[Any]) -> bool:
    """Say whether any line is wrong beyond the types of its fields."""
    return any(
        more(record)
        for line_class, more in _MORE.items()
        for record in records
        if type(record) is line_class
    )


def line_findings(record: Any) -> list[Finding]:
    """List what is wrong with a line beyond the types of its fields."""
    more = _MORE.get(type(record))
    return more(record) if more is not None else []


def _performance_findings(record: PerformanceLine) -> list[Finding]:
    """Demand exactly one owner."""
    if (record.strategy is msgspec.UNSET) != (record.vault is msgspec.UNSET):
        return []
    return [
        Finding("wrong_owner", "A performance record names either its strategy or its vault.", "")
    ]


_MORE: Mapping[type[Record], Callable[[Any], list[Finding]]] = {
    PerformanceLine: _performance_findings,
    StrategyLine: strategy_findings,
}


def read_line(text: bytes) -> Any:
    """Read one line into its record, or list everything that is wrong with it."""
    try:
        record = DECODER.decode(text)
    except FAILURES:
        _, fields = line_fields(text)
        line_type = fields and LINE_TYPES.get(_text(fields, TAG))
        return findings_in(line_type.line, text) if line_type else _unknown(text, fields)
    return line_findings(record) or record


def line_names(text: bytes) -> tuple[Kind, str, str]:
    """Tell kind, owner and key of a line that is wrong, as far as they can be told."""
    _, fields = line_fields(text)
    line_type = LINE_TYPES.get(_text(fields, TAG))
    if line_type is None:
        return Kind.UNKNOWN, "", ""
    if line_type is _PERFORMANCE and "vault" in fields:
        line_type = _VAULT_PERFORMANCE
    owner, key = _text(fields, line_type.owner_field), _text(fields, line_type.key_field)
    return line_type.kind, owner, key


def line_fields(text: bytes) -> tuple[bool, dict[str, msgspec.Raw]]:
    """Give the fields of a line that may be wrong; the first value says whether it is an object."""
    try:
        return True, RAW_FIELDS.decode(text)
    except FAILURES:
        return False, {}


def _unknown(text: bytes, fields: dict[str, msgspec.Raw]) -> list[Finding]:
    """Say what is wrong with a line that does not say what it is."""
    if not fields:
        return findings_in(Record, text) or [_untagged(text)]
    return [_untagged(bytes(fields.get(TAG, b"")))]


def _untagged(value: bytes) -> Finding:
    """Word the lack of a known tag."""
    return Finding(
        "unknown_record",
        f"record must be one of {', '.join(LINE_TYPES)}; the header comes first and once.",
        TAG,
        excerpt(value),
    )


def _text(fields: Mapping[str, msgspec.Raw], name: str) -> str:
    """Read a short text field, empty where it is none."""
    try:
        text: str = msgspec.json.decode(fields.get(name, b'""'), type=str)
    except FAILURES:
        return ""
    return text if len(text) <= _LONGEST_NAME else ""


_LONGEST_NAME = 120


@dataclass(slots=True)
class LinePlaces:
    """Places of lines of a chunk whose first line is number `first` and begins at `offset`.

    `indexes` are the lines of the chunk that the batch holds.
    """

    indexes: Sequence[int]
    body: bytes
    first: int
    offset: int
    _spans: list[tuple[int, int]] | None = None

    def path_of(self, index: int) -> str:
        """Give the number of the line."""
        return f"line {self.first + self.indexes[index]}"

    def spans(self) -> list[tuple[int, int]]:
        """Give the places in the whole file; found once, when somebody asks."""
        if self._spans is None:
            spans = line_spans(self.body)
            self._spans = [(self.offset + spans[i][0], spans[i][1]) for i in self.indexes]
        return self._spans


def is_one_object_a_line(body: bytes) -> bool:
    """Say whether each line of the bytes begins and ends an object.

    A value cannot run over a line end between `}` and `{`, so if all line ends lie between these
    two, the lines and the values are the same things.
    """
    if body[:1] != b"{" or body[-1:] != b"}":
        return False
    return body.count(b"}\n{") == body.count(b"\n")


def line_spans(body: Buffer) -> list[tuple[int, int]]:
    """Give start and length of each line."""
    ends = np.flatnonzero(np.frombuffer(body, dtype=np.uint8) == _LINE_FEED)
    starts = np.concatenate(([0], ends + 1))
    lengths = np.concatenate((ends, [len(body)])) - starts
    return list(zip(starts.tolist(), lengths.tolist(), strict=True))
