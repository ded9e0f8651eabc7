"""What imports are measured against: the least that any way of doing the same would cost."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection, models, transaction

from imports.formats import records
from imports.formats.keys import times_of
from imports.formats.line_records import DECODER
from imports.formats.v1_elements import WholeBenchmark, WholeStrategy, WholeVault
from strategies.models import (
    Benchmark,
    BenchmarkPoint,
    Holding,
    ImportedTrade,
    PerformancePoint,
    Strategy,
)

CHUNK_BYTES = 2**20
BATCH = 5_000
SERIES: tuple[type[models.Model], ...] = (
    BenchmarkPoint,
    PerformancePoint,
    Holding,
    ImportedTrade,
)
_KEYS: dict[type[models.Model], list[str]] = {
    BenchmarkPoint: ["benchmark", "as_of_at"],
    PerformancePoint: ["strategy", "source", "as_of_at"],
    Holding: ["strategy", "as_of_at", "asset"],
    ImportedTrade: ["strategy", "external_id"],
}


class WholeDocument(records.Header):
    """A document with every record in it typed."""

    benchmarks: list[WholeBenchmark] = []
    strategies: list[WholeStrategy] = []
    vaults: list[WholeVault] = []


WHOLE_DOCUMENT = msgspec.json.Decoder(WholeDocument)


def decode_document(data: bytes) -> int:
    """Decode a document into its types, bounds and patterns checked, and let it go."""
    return len(WHOLE_DOCUMENT.decode(data).strategies)


def decode_lines(data: bytes) -> int:
    """Decode lines, the header left out, into their types, and let them go."""
    return len(DECODER.decode_lines(memoryview(data)[data.index(b"\n") + 1 :]))


def read_and_hash(path: Path) -> str:
    """Read a file once and hash it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows as COPY writes them."""

    name: str
    columns: str
    rows: bytes


def copied_out() -> list[Table]:
    """Take the rows of all series and trades out of the catalogue, as text ready for COPY."""
    return [_copied_out(model) for model in SERIES]


def copy_rendered(tables: Iterable[Table]) -> float:
    """Copy text straight into the catalogue's empty tables, in one transaction; gives the seconds."""
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(f"COPY {table.name} ({table.columns}) FROM STDIN") as copy:
                copy.write(table.rows)
    return time.perf_counter() - began


def copy_records(decoded: WholeDocument) -> float:
    """Copy decoded records straight into the empty tables, in one transaction; gives the seconds.

    One text a strategy and table, joined at once, written while the database takes in the last one.
    """
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for model in SERIES:
            columns = ", ".join(_COLUMNS[model])
            ids = _ids(model)
            with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
                for parent in _parents(model, decoded):
                    records = getattr(parent, _SECTIONS[model])
                    copy.write(_rendered(records, ids[parent.slug], _COLUMNS[model][1:]))
    return time.perf_counter() - began


def _rendered(records: Sequence[Any], parent: int, names: Sequence[str]) -> str:
    """Write records of one parent as text for COPY."""
    columns = [
        times_of(records, name)
        if name.endswith("_at") and name != "closed_at"
        else ["\\N" if value is None else str(value) for value in map(attrgetter(name), records)]
        for name in names
    ]
    start = f"{parent}\t"
    return "".join([f"{start}{row}\n" for row in map("\t".join, zip(*columns, strict=True))])


def bulk_create(decoded: WholeDocument) -> float:
    """Write the same rows as Django's upsert does; gives the seconds that this alone takes.

    Reading the file and making the objects is not counted.
    """
    with transaction.atomic():
        return sum(_upserted(model, _objects(model, decoded)) for model in SERIES)


def _upserted(model: type[models.Model], objects: Iterator[models.Model]) -> float:
    """Upsert objects of one model; gives the seconds."""
    keys, seconds = _KEYS[model], 0.0
    own = [field.name for field in model._meta.local_concrete_fields if not field.primary_key]
    values = [name for name in own if name not in keys]
    while batch := list(islice(objects, BATCH)):
        began = time.perf_counter()
        model._default_manager.bulk_create(
            batch,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=keys,
            update_fields=values,
        )
        seconds += time.perf_counter() - began
    return seconds


def _objects(model: type[models.Model], decoded: WholeDocument) -> Iterator[models.Model]:
    """Make the objects of one model."""
    ids, owner = _ids(model), _COLUMNS[model][0]
    for parent in _parents(model, decoded):
        for record in getattr(parent, _SECTIONS[model]):
            values = {name: getattr(record, name) for name in record.__struct_fields__}
            yield model(**{owner: ids[parent.slug], **values})


def _parents(
    model: type[models.Model], decoded: WholeDocument
) -> Sequence[WholeBenchmark | WholeStrategy]:
    """Give what the rows of a model belong to."""
    return decoded.benchmarks if model is BenchmarkPoint else decoded.strategies


def _ids(model: type[models.Model]) -> dict[str, int]:
    """Give the ids of what the rows of a model belong to, by slug."""
    parent = Benchmark if model is BenchmarkPoint else Strategy
    return dict(parent._default_manager.values_list("slug", "pk"))


def _copied_out(model: type[models.Model]) -> Table:
    """Take the rows of one table."""
    name = model._meta.db_table
    columns = ", ".join(str(field.column) for field in model._meta.local_concrete_fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) TO STDOUT") as copy:
        return Table(name, columns, b"".join(bytes(piece) for piece in copy))


_SECTIONS: dict[type[models.Model], str] = {
    BenchmarkPoint: "points",
    PerformancePoint: "performance",
    Holding: "holdings",
    ImportedTrade: "trades",
}
_COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    BenchmarkPoint: ("benchmark_id", *records.BenchmarkPoint.__struct_fields__),
    PerformancePoint: ("strategy_id", *records.PerformancePoint.__struct_fields__),
    Holding: ("strategy_id", *records.Holding.__struct_fields__),
    ImportedTrade: ("strategy_id", *records.Trade.__struct_fields__),
}
