"""The lines of version 1.0: each record with its tag and its parent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Union

import msgspec

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
    """How one kind of line is read: its type, its tag, and what names its owner and itself."""

    tag: str
    kind: Kind
    line: type[Record]
    owner_field: str = ""
    key_field: str = ""


POINT_LINES = LineType("performance", Kind.PERFORMANCE, PerformanceLine, "strategy", "as_of_at")
VAULT_LINES = LineType("performance", Kind.VAULT_PERFORMANCE, PerformanceLine, "vault", "as_of_at")
_LINE_TYPES = (
    LineType("benchmark", Kind.BENCHMARK, BenchmarkLine, "", "slug"),
    LineType("benchmark_point", Kind.BENCHMARK_POINT, BenchmarkPointLine, "benchmark", "as_of_at"),
    LineType("strategy", Kind.STRATEGY, StrategyLine, "", "slug"),
    LineType("vault", Kind.VAULT, VaultLine, "", "address"),
    POINT_LINES,
    LineType("holding", Kind.HOLDING, HoldingLine, "strategy", "asset"),
    LineType("trade", Kind.TRADE, TradeLine, "strategy", "external_id"),
    LineType("report", Kind.CLAIM, ReportLine, "strategy", "source"),
)
LINE_TYPES: Mapping[str, LineType] = {one.tag: one for one in _LINE_TYPES}
LINE_TYPE_OF: Mapping[type[Record], LineType] = {one.line: one for one in _LINE_TYPES}


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
    if line_type is POINT_LINES and "vault" in fields:
        line_type = VAULT_LINES
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
