"""The format `llm_context` 1.0: one strategy with its backtest, as one JSON object.

It is read into the current records and says nothing about what it leaves out, so it is a delta. Its
source code is kept for reading and never run.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from imports.formats.batches import RAW_LIST, Batch, Buffer, KnownPlaces, Unread, span_in
from imports.formats.findings import RAW_FIELDS, Finding, excerpt, findings_in
from imports.formats.llm_context_mapping import (
    Mapped,
    claims_of,
    moment_of,
    point_of,
    strategy_of,
    trade_of,
    vault_of,
)
from imports.formats.llm_context_records import (
    PURPOSE,
    VERSION,
    Context,
    EquityPoint,
    Meta1,
    ReportSection,
    StrategySection,
    TradeSection,
    VaultSection,
)
from imports.formats.problems import FileRefused, Problem, Span, refusal
from imports.formats.readers import FAILURES
from imports.formats.records import Header
from imports.formats.v1_document import malformed
from imports.formats.vocabulary import Kind, Mode, Severity

MARK = "_llm_context"
NULL = b"null"
_CONTEXT = msgspec.json.Decoder(Context)
_TOP = frozenset(Context.__struct_fields__)


def open_context(whole: Buffer) -> "ContextExport":
    """Read the top of the file and what it says of itself; raises FileRefused with everything."""
    try:
        top = _CONTEXT.decode(whole)
    except FAILURES as error:
        raise FileRefused(_top_problems(whole, error)) from None
    meta = _read(Meta1, top._llm_context)
    if isinstance(meta, list):
        raise FileRefused(
            [Problem(one.code, one.message, path=f"/{MARK}", field=one.place) for one in meta]
        )
    if meta.version != VERSION:
        message = f"{MARK} names version {meta.version!r}; known is {VERSION}."
        raise refusal("unknown_version", message, field="version", value=meta.version)
    if meta.purpose != PURPOSE:
        message = f"{MARK} names the purpose {meta.purpose!r}; only {PURPOSE} is imported."
        raise refusal("wrong_purpose", message, field="purpose", value=meta.purpose)
    generated_at = moment_of(meta.generated_at)
    if generated_at is None:
        message = "generated_at must be a day or a time in ISO form."
        raise refusal("wrong_type", message, field="generated_at", value=meta.generated_at)
    header = Header(
        schema_version=VERSION, generated_at=generated_at, source="llm_context", mode=Mode.DELTA
    )
    return ContextExport(header, top, whole)


def _top_problems(whole: Buffer, error: Exception) -> list[Problem]:
    """Say what is wrong with a file that does not decode."""
    found = findings_in(Context, bytes(whole)) if isinstance(error, msgspec.ValidationError) else []
    return [
        Problem(one.code, one.message, path="/", field=one.place, value=one.value) for one in found
    ] or [Problem("malformed", malformed(whole, error))]


class ContextExport:
    """An opened file: its header, and its records in batches."""

    def __init__(self, header: Header, top: Context, whole: Buffer) -> None:
        self.header = header
        self._top = top
        self._whole = whole
        self._slug = ""
        self._asset = ""

    def batches(self) -> Iterator[Batch]:
        """Give the records, parents before their children."""
        yield self._strategy()
        top = self._top
        if bytes(top.vault) != NULL:
            yield self._one(
                Kind.VAULT,
                "vault",
                top.vault,
                VaultSection,
                lambda section: vault_of(section, strategy=self._slug),
            )
        yield from self._list(Kind.PERFORMANCE, "equity_curve", EquityPoint, point_of)
        yield from self._list(
            Kind.TRADE, "trades", TradeSection, lambda one: trade_of(one, asset=self._asset)
        )
        report = top.investor_report
        if bytes(report) != NULL:
            at = self.header.generated_at
            batch = self._one(
                Kind.CLAIM,
                "investor_report",
                report,
                ReportSection,
                lambda section: claims_of(section, claimed_at=at),
            )
            batch.owner = self._slug
            yield batch

    def _strategy(self) -> Batch:
        """Read the strategy, and note its name for what belongs to it."""
        code = self._top.source_code or ""
        batch = self._one(
            Kind.STRATEGY,
            "strategy",
            self._top.strategy,
            StrategySection,
            lambda section: strategy_of(section, source_code=code),
        )
        given = _fields(self._top.strategy)
        self._slug, self._asset = _text(given, "slug"), _text(given, "asset")
        extra = sorted(set(_fields(bytes(self._whole))) - _TOP)
        batch.notes += tuple(
            _unknown("/", name, 1, Span(0, len(self._whole)), kind=None) for name in extra
        )
        for lost in batch.unread:
            lost.key = self._slug
        return batch

    def _one(
        self,
        kind: Kind,
        name: str,
        raw: msgspec.Raw,
        section_type: type[Any],
        mapping: Callable[[Any], Mapped],
    ) -> Batch:
        """Read a section that is one object."""
        span, path = span_in(raw, self._whole), f"/{name}"
        mapped = _mapped(section_type, raw, mapping)
        batch = Batch(kind, "", mapped.records, KnownPlaces([], []))
        count = len(mapped.records)
        batch.places = KnownPlaces([path] * count, [(span.start, span.length)] * count)
        if mapped.errors:
            batch.unread = [Unread(span, self._problems(kind, mapped.errors, path, span))]
        warnings = self._problems(kind, mapped.warnings, path, span, Severity.WARNING)
        extra = sorted(set(_fields(raw)) - set(section_type.__struct_fields__))
        notes = tuple(_unknown(path, field, 1, span, kind=kind) for field in extra)
        batch.notes = warnings + notes
        return batch

    def _list(
        self, kind: Kind, name: str, section_type: type[Any], mapping: Callable[[Any], Mapped]
    ) -> Iterator[Batch]:
        """Read a section that is a list, element by element."""
        array = getattr(self._top, name)
        if bytes(array) == NULL:
            return
        batch = Batch(kind, self._slug, [], KnownPlaces([], []))
        try:
            elements = RAW_LIST.decode(array)
        except FAILURES:
            span = span_in(array, self._whole)
            found = [Finding("wrong_type", f"{name} must be a list.", name, excerpt(array))]
            batch.unread = [Unread(span, self._problems(kind, found, f"/{name}", span))]
            yield batch
            return
        yield self._elements(batch, name, elements, section_type, mapping)

    def _elements(
        self,
        batch: Batch,
        name: str,
        elements: list[msgspec.Raw],
        section_type: type[Any],
        mapping: Callable[[Any], Mapped],
    ) -> Batch:
        """Read the elements of a list into a batch; each unknown field is reported once."""
        records: list[Any] = []
        paths: list[str] = []
        spans: list[tuple[int, int]] = []
        unknown: Counter[str] = Counter()
        known = set(section_type.__struct_fields__)
        for index, raw in enumerate(elements):
            span, path = span_in(raw, self._whole), f"/{name}/{index}"
            mapped = _mapped(section_type, raw, mapping)
            unknown.update(set(_fields(raw)) - known)
            if mapped.errors:
                problems = self._problems(batch.kind, mapped.errors, path, span)
                batch.unread.append(Unread(span, problems))
                continue
            records += mapped.records
            paths.append(path)
            spans.append((span.start, span.length))
        batch.records, batch.places = records, KnownPlaces(paths, spans)
        whole = span_in(getattr(self._top, name), self._whole)
        batch.notes = tuple(
            _unknown(f"/{name}", field, count, whole, kind=batch.kind)
            for field, count in sorted(unknown.items())
        )
        return batch

    def _problems(
        self,
        kind: Kind,
        findings: list[Finding],
        path: str,
        span: Span,
        severity: Severity = Severity.ERROR,
    ) -> tuple[Problem, ...]:
        """Say where findings were made."""
        owner = "" if kind in (Kind.STRATEGY, Kind.VAULT) else self._slug
        return tuple(
            Problem(
                one.code,
                one.message,
                severity,
                path=path,
                kind=kind,
                owner=owner,
                field=one.place,
                value=one.value,
                span=span,
            )
            for one in findings
        )


def _mapped(section_type: type[Any], raw: msgspec.Raw, mapping: Callable[[Any], Mapped]) -> Mapped:
    """Read one object and map it; what cannot be read is all findings."""
    section = _read(section_type, raw)
    return Mapped(errors=section) if isinstance(section, list) else mapping(section)


def _read(section_type: type[Any], raw: msgspec.Raw) -> Any:
    """Decode an object, or list everything that is wrong with it."""
    try:
        return msgspec.json.decode(raw, type=section_type)
    except FAILURES:
        return findings_in(section_type, raw)


def _fields(raw: msgspec.Raw | bytes) -> dict[str, msgspec.Raw]:
    """Give an object's fields; none where it is no object."""
    try:
        return RAW_FIELDS.decode(raw)
    except FAILURES:
        return {}


def _text(fields: dict[str, msgspec.Raw], name: str) -> str:
    """Give a short text among fields, empty where it is none."""
    try:
        return msgspec.json.decode(fields.get(name, b'""'), type=str)[:80]
    except FAILURES:
        return ""


def _unknown(path: str, name: str, count: int, span: Span, *, kind: Kind | None) -> Problem:
    """Report a field that this format does not have."""
    times = "" if count == 1 else f" ({count:,} times)"
    return Problem(
        "unknown_field",
        f"{name[:60]!r} is no field of this format{times}; it stays in the file and is not used.",
        Severity.WARNING,
        path=path,
        kind=kind,
        field=name[:60],
        span=span,
    )
