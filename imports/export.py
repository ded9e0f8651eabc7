"""The way out: the catalogue as a document of version 1.0.

The same catalogue gives the same bytes, on any machine: everything is in the order of its keys, and
the moment of the export is the newest one that the catalogue speaks of. Taken in by an empty
installation and written out again, the document is the same to the last byte. Amounts are JSON
numbers, so digits beyond the fifteenth are rounded, once.
"""

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, cast

import msgspec

from atlas.domain.errors import InvalidInput
from atlas.snapshots import one_snapshot
from imports.export_elements import benchmark_elements, strategy_elements, vault_elements
from imports.formats.v1_records import VERSION
from imports.formats.vocabulary import Mode
from strategies.models import Strategy

PRODUCER = "atlas"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPOOL_BYTES = 16 * 1024 * 1024
# Lists of a document, in the order in which its checksum covers them.
LISTS = ("benchmarks", "strategies", "vaults")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: records by name, and the strategies that were left out as not public."""

    counts: dict[str, int]
    left_out: int


@dataclass(slots=True)
class Body:
    """What is gathered while the lists are written."""

    counts: Counter[str]
    newest_at: datetime
    digest: "hashlib._Hash"

    def take(self, element: bytes, counts: Counter[str], newest_at: datetime) -> None:
        """Take one element in."""
        self.counts.update(counts)
        self.newest_at = max(self.newest_at, newest_at)
        self.digest.update(element)
        self.digest.update(b"\n")


def write_export(stream: BinaryIO, *, slugs: Sequence[str] = ()) -> Exported:
    """Write the catalogue, or the strategies that are named, as one document.

    All of it is read in one snapshot. A strategy that is not public is left out unless it is named:
    the format cannot say that it is not, so an import would publish it. Raises InvalidInput where
    a name is unknown.
    """
    with one_snapshot(), tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        strategies = _chosen(slugs)
        left_out = 0 if slugs else Strategy.objects.filter(public=False).count()
        body = _write_lists(
            cast(BinaryIO, spool), [strategy.pk for strategy in strategies], is_all=not slugs
        )
        stream.write(_head(body))
        spool.seek(0)
        shutil.copyfileobj(spool, stream)
    return Exported(dict(sorted(body.counts.items())), left_out)


def _chosen(slugs: Sequence[str]) -> list[Strategy]:
    """Find the strategies to write."""
    if not slugs:
        return list(Strategy.objects.filter(public=True).order_by("slug"))
    found = list(Strategy.objects.filter(slug__in=slugs).order_by("slug"))
    missing = sorted(set(slugs) - {strategy.slug for strategy in found})
    if missing:
        raise InvalidInput(f"There is no strategy {', '.join(missing)}.", detail={"slugs": missing})
    return found


def _write_lists(spool: BinaryIO, strategy_ids: list[int], *, is_all: bool) -> Body:
    """Write the three lists, an element a line."""
    body = Body(Counter(), EPOCH, hashlib.sha256())
    lists: dict[str, Callable[[], Iterator[tuple[bytes, Counter[str], datetime]]]] = {
        "benchmarks": lambda: benchmark_elements(strategy_ids, is_all=is_all),
        "strategies": lambda: strategy_elements(strategy_ids),
        "vaults": lambda: vault_elements(strategy_ids, is_all=is_all),
    }
    for name in LISTS:
        spool.write(b',"' + name.encode() + b'":[')
        for index, (element, counts, newest_at) in enumerate(lists[name]()):
            body.take(element, counts, newest_at)
            spool.write(b",\n" if index else b"\n")
            spool.write(element)
        spool.write(b"\n]" if body.counts else b"]")
    spool.write(b"}\n")
    return body


def _head(body: Body) -> bytes:
    """Write what the document says of itself, without the brace that ends it."""
    head = {
        "schema_version": VERSION,
        "generated_at": body.newest_at,
        "source": PRODUCER,
        "mode": Mode.SNAPSHOT,
        "counts": dict(sorted(body.counts.items())),
        "checksum": f"sha256:{body.digest.hexdigest()}",
    }
    return msgspec.json.encode(head)[:-1]
