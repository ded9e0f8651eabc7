"""The elements of a version 1.0 document: parents that hold everything which belongs to them.

An element that is right is decoded in one go. One that is not, or that is too large to be held as
objects all at once, is taken section by section, each of them bytes until its turn comes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from imports.formats.findings import RAW_FIELDS
from imports.formats.keys import account_of
from imports.formats.readers import FAILURES, Reader
from imports.formats.records import (
    Benchmark,
    BenchmarkPoint,
    Holding,
    PerformancePoint,
    Report,
    Strategy,
    Trade,
    Vault,
)
from imports.formats.v1_records import (
    BENCHMARK_POINTS,
    HOLDINGS,
    PERFORMANCE,
    REPORTS,
    TRADES,
    VAULT_PERFORMANCE,
    strategy_findings,
)
from imports.formats.vocabulary import Kind

LARGEST_AT_ONCE_BYTES = 4 * 1024 * 1024
LONGEST_KEY = 120

Section = msgspec.Raw | msgspec.UnsetType
Points = list[PerformancePoint] | msgspec.UnsetType


class BenchmarkElement(Benchmark):
    """A benchmark with its prices, as bytes."""

    points: Section = msgspec.UNSET


class WholeBenchmark(Benchmark):
    """A benchmark with its prices."""

    points: list[BenchmarkPoint] | msgspec.UnsetType = msgspec.UNSET


class StrategyElement(Strategy):
    """A strategy with everything that belongs to it, as bytes."""

    performance: Section = msgspec.UNSET
    holdings: Section = msgspec.UNSET
    trades: Section = msgspec.UNSET
    reports: Section = msgspec.UNSET


class WholeStrategy(Strategy):
    """A strategy with everything that belongs to it."""

    performance: Points = msgspec.UNSET
    holdings: list[Holding] | msgspec.UnsetType = msgspec.UNSET
    trades: list[Trade] | msgspec.UnsetType = msgspec.UNSET
    reports: list[Report] | msgspec.UnsetType = msgspec.UNSET


class VaultElement(Vault):
    """A vault with its series, as bytes."""

    performance: Section = msgspec.UNSET


class WholeVault(Vault):
    """A vault with its series."""

    performance: Points = msgspec.UNSET


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """How the elements of one list are read; `sections` are the lists in them by name.

    `pieces` reads the parent and leaves its sections bytes, `whole` reads all of it, `plain` is the
    parent alone.
    """

    list_name: str
    pieces: Reader[Any]
    whole: msgspec.json.Decoder[Any]
    plain: type[Any]
    sections: tuple[tuple[str, Reader[Any]], ...]
    owner_of: Callable[[Any], str]

    @property
    def kind(self) -> Kind:
        """Give the kind of the parent."""
        return self.pieces.kind

    def read_whole(self, raw: msgspec.Raw) -> Any | None:
        """Read an element with all its sections; None where it must be taken apart."""
        if len(raw) > LARGEST_AT_ONCE_BYTES:
            return None
        try:
            read = self.whole.decode(raw)
        except FAILURES:
            return None
        return None if self.pieces.more_findings(read) else read


@dataclass(slots=True)
class Pieces:
    """The sections of an element that is right, as bytes; found once, when somebody asks."""

    element: Element
    raw: msgspec.Raw
    _found: Any = None

    def section(self, name: str) -> msgspec.Raw:
        """Give the bytes of a section that the element has."""
        if self._found is None:
            self._found = self.element.pieces.decoded(self.raw)
        given: msgspec.Raw = getattr(self._found, name)
        return given


def readable_fields(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Give the fields of an object that may be wrong; empty where it is none."""
    try:
        return RAW_FIELDS.decode(raw)
    except FAILURES:
        return {}


def slug_of(given: Any) -> str:
    """Give the slug of an element that was read, or of the fields of one that could not be."""
    return _text(given, "slug")


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
    return text if len(text) <= LONGEST_KEY else ""


# Parents before their children, and in the order in which a document's checksum takes them.
ELEMENTS = (
    Element(
        "benchmarks",
        Reader(Kind.BENCHMARK, BenchmarkElement),
        msgspec.json.Decoder(WholeBenchmark),
        Benchmark,
        (("points", BENCHMARK_POINTS),),
        slug_of,
    ),
    Element(
        "strategies",
        Reader(Kind.STRATEGY, StrategyElement, more=strategy_findings),
        msgspec.json.Decoder(WholeStrategy),
        Strategy,
        (
            ("performance", PERFORMANCE),
            ("holdings", HOLDINGS),
            ("trades", TRADES),
            ("reports", REPORTS),
        ),
        slug_of,
    ),
    Element(
        "vaults",
        Reader(Kind.VAULT, VaultElement),
        msgspec.json.Decoder(WholeVault),
        Vault,
        (("performance", VAULT_PERFORMANCE),),
        account_id,
    ),
)
