"""Version 1.0 as one JSON document: a header, and lists of benchmarks, strategies and vaults.

Each strategy holds its own series, holdings, trades and reports, so a file is read strategy by
strategy: what was read of one is gone before the next, however large the file is.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from imports.formats.batches import Batch, Buffer, KnownPlaces, span_in
from imports.formats.findings import RAW_FIELDS, UNREADABLE, findings_in
from imports.formats.header import Tally
from imports.formats.keys import account_of
from imports.formats.problems import FileRefused, Problem, refusal
from imports.formats.readers import FAILURES, Reader
from imports.formats.records import Benchmark, Header, Strategy, Vault
from imports.formats.times import to_utc
from imports.formats.v1_records import (
    BENCHMARK_POINTS,
    HOLDINGS,
    NAMES,
    PERFORMANCE,
    REPORTS,
    TRADES,
    VAULT_PERFORMANCE,
    VERSION,
    as_claims,
    plain_record,
    strategy_findings,
)
from imports.formats.vocabulary import Kind

Section = msgspec.Raw | msgspec.UnsetType


class Document(Header):
    """The top of a document; the elements of its lists stay bytes until their turn comes."""

    benchmarks: list[msgspec.Raw] = []
    strategies: list[msgspec.Raw] = []
    vaults: list[msgspec.Raw] = []


class BenchmarkElement(Benchmark):
    """A benchmark with its prices."""

    points: Section = msgspec.UNSET


class StrategyElement(Strategy):
    """A strategy with everything that belongs to it."""

    performance: Section = msgspec.UNSET
    holdings: Section = msgspec.UNSET
    trades: Section = msgspec.UNSET
    reports: Section = msgspec.UNSET


class VaultElement(Vault):
    """A vault with its series."""

    performance: Section = msgspec.UNSET


DOCUMENT = msgspec.json.Decoder(Document)


def open_document(whole: Buffer) -> "DocumentExport":
    """Read the top of a document; raises FileRefused with everything that is wrong with it."""
    try:
        top = DOCUMENT.decode(whole)
    except FAILURES as error:
        raise FileRefused(top_problems(whole, error)) from None
    if top.schema_version != VERSION:
        raise refusal(
            "wrong_version",
            f"The header names two versions, {VERSION} and {top.schema_version}.",
            field="schema_version",
            value=top.schema_version,
        )
    return DocumentExport(top, whole)


def top_problems(whole: Buffer, error: Exception) -> list[Problem]:
    """Say what is wrong with the top of a document that does not decode."""
    if isinstance(error, UNREADABLE) and not isinstance(error, msgspec.ValidationError):
        return [Problem("malformed", malformed(whole, error))]
    return [
        Problem(finding.code, finding.message, path="/", field=finding.place, value=finding.value)
        for finding in findings_in(Document, bytes(whole))
    ] or [Problem("malformed", f"The document is not as it must be: {error}.")]


def malformed(whole: Buffer, error: Exception) -> str:
    """Say where bytes stop being JSON, as line and column."""
    if isinstance(error, RecursionError):
        return "The brackets are nested too deeply; an export needs no more than a few levels."
    if isinstance(error, UnicodeDecodeError):
        return "The text is not UTF-8; export the file again in UTF-8."
    what, _, place = str(error).removeprefix("JSON is malformed: ").partition(" (byte ")
    if not place:
        return "The JSON ends too early; the file was cut off. Export or fetch it again."
    offset = int(place.rstrip(")"))
    before = bytes(whole[:offset])
    line, column = before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1
    return f"This is no valid JSON: {what} at line {line}, column {column} (byte {offset})."


class DocumentExport:
    """A document that has been opened: its header, and its records in batches."""

    def __init__(self, top: Document, whole: Buffer) -> None:
        self.header: Header = plain_record(Header, top)
        self._top = top
        self._whole = whole
        self.tally = Tally(self.header)

    def batches(self) -> Iterator[Batch]:
        """Give the records, parents before their children.

        Raises FileRefused at the end where the header's counts or checksum are wrong.
        """
        top = self._top
        for index, raw in enumerate(top.benchmarks):
            yield from self._benchmark(index, raw)
        for index, raw in enumerate(top.strategies):
            yield from self._strategy(index, raw)
        for index, raw in enumerate(top.vaults):
            yield from self._vault(index, raw)
        for elements in (top.benchmarks, top.strategies, top.vaults):
            self.tally.hash_records(elements)
        self.tally.verify()

    def _benchmark(self, index: int, raw: msgspec.Raw) -> Iterator[Batch]:
        """Give one benchmark and its prices."""
        path = f"/benchmarks/{index}"
        batch, given = self._parent(BENCHMARK, raw, path)
        yield batch
        owner = _text(given, "slug")
        yield from self._section(BENCHMARK_POINTS, "points", given, owner, path)

    def _strategy(self, index: int, raw: msgspec.Raw) -> Iterator[Batch]:
        """Give one strategy, then all that belongs to it."""
        path = f"/strategies/{index}"
        batch, given = self._parent(STRATEGY, raw, path)
        yield batch
        owner = _text(given, "slug")
        yield from self._section(PERFORMANCE, "performance", given, owner, path)
        yield from self._section(HOLDINGS, "holdings", given, owner, path)
        yield from self._section(TRADES, "trades", given, owner, path)
        for reports in self._section(REPORTS, "reports", given, owner, path):
            yield as_claims(reports)

    def _vault(self, index: int, raw: msgspec.Raw) -> Iterator[Batch]:
        """Give one vault and its series."""
        path = f"/vaults/{index}"
        batch, given = self._parent(VAULT, raw, path)
        yield batch
        owner = account_id(given)
        yield from self._section(VAULT_PERFORMANCE, "performance", given, owner, path)

    def _parent(self, reader: Reader[Any], raw: msgspec.Raw, path: str) -> tuple[Batch, Any]:
        """Read an element; also give what it holds, as far as it can be read at all."""
        self.tally.counts[NAMES[reader.kind]] += 1
        span = span_in(raw, self._whole)
        places = KnownPlaces([path], [(span.start, span.length)])
        result = reader.read_one(raw)
        if not isinstance(result, list):
            record = plain_record(_PLAIN[reader.kind], result)
            to_utc(reader.kind, [record])
            return Batch(reader.kind, "", [record], places), result
        given = readable_fields(raw)
        key = account_id(given) if reader.kind is Kind.VAULT else _text(given, "slug")
        lost = reader.unread(result, span=span, owner="", path=path, key=key)
        return Batch(reader.kind, "", [], KnownPlaces([], []), [lost]), given

    def _section(
        self, reader: Reader[Any], name: str, given: Any, owner: str, path: str
    ) -> Iterator[Batch]:
        """Read the list `name` of an element, if it has one."""
        array = given.get(name) if isinstance(given, dict) else getattr(given, name)
        if not isinstance(array, msgspec.Raw):
            return
        batch = reader.read_array(array, owner=owner, path=f"{path}/{name}", whole=self._whole)
        self.tally.counts[NAMES[reader.kind]] += len(batch.records) + len(batch.unread)
        if batch.records or batch.unread:
            yield batch


def readable_fields(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Give the fields of an object that may be wrong; empty where it is none."""
    try:
        return RAW_FIELDS.decode(raw)
    except FAILURES:
        return {}


def account_id(given: Any) -> str:
    """Give the CAIP-10 text of a vault, empty where it cannot be told."""
    if isinstance(given, Vault):
        return account_of(given.chain_id, given.address)
    chain, address = bytes(given.get("chain_id", b"")), _text(given, "address")
    return account_of(int(chain), address) if chain.isdigit() and address else ""


def _text(given: Any, name: str) -> str:
    """Give a text field of a read element, or of one that could not be read; empty if there is none."""
    if not isinstance(given, dict):
        return str(getattr(given, name))
    try:
        text: str = msgspec.json.decode(given.get(name, b'""'), type=str)
    except FAILURES:
        return ""
    return text if len(text) <= _LONGEST_KEY else ""


_LONGEST_KEY = 120
BENCHMARK = Reader(Kind.BENCHMARK, BenchmarkElement)
STRATEGY = Reader(Kind.STRATEGY, StrategyElement, more=strategy_findings)
VAULT = Reader(Kind.VAULT, VaultElement)
_PLAIN: dict[Kind, type[Any]] = {
    Kind.BENCHMARK: Benchmark,
    Kind.STRATEGY: Strategy,
    Kind.VAULT: Vault,
}
