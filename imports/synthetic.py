"""Synthetic exports: made by a seeded generator, labelled as such, the same bytes on every machine.

They show no real strategy's record and prove nothing about one; they give a new installation
something to look at, and tests and benchmarks something of a known size to chew on. Only sums,
products and roundings of floats are used, so that no library's rounding can change a digit. A
change of what is written raises GENERATOR_VERSION.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from imports.synthetic_catalogue import BENCHMARKS, SAMPLE, BenchmarkSpec, StrategySpec, many
from imports.synthetic_records import Record, Walk, strategy_element, vault_element, walk_prices

GENERATOR_VERSION = 1
SOURCE = "atlas-synthetic"
NOTE = "SYNTHETIC: made by a seeded generator; nothing here was ever traded or published."


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """What to generate and with which dice."""

    seed: int
    strategies: tuple[StrategySpec, ...]
    days: int
    trades: int
    holdings: int
    begins_at: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    generated_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    has_reports: bool = True


SAMPLE_SPEC = ExportSpec(seed=20_240_103, strategies=SAMPLE, days=731, trades=90, holdings=24)


def reference_spec(
    *, strategies: int = 200, days: int = 1_825, trades: int = 500, holdings: int = 125
) -> ExportSpec:
    """Describe the export that benchmarks and tests of scale use: some 519,000 records.

    `holdings` are moments, at each of which two assets are held.
    """
    return ExportSpec(
        seed=20_240_104,
        strategies=many(strategies),
        days=days,
        trades=trades,
        holdings=holdings,
        begins_at=datetime(2020, 1, 1, tzinfo=UTC),
        has_reports=False,
    )


@dataclass(frozen=True, slots=True)
class Generated:
    """The elements of an export, before they are laid out as a document or as lines."""

    benchmarks: list[Record]
    strategies: list[Record]
    vaults: list[Record]


def generate(spec: ExportSpec) -> Generated:
    """Throw the dice."""
    times = [
        f"{spec.begins_at + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}" for day in range(spec.days)
    ]
    walks = {one.slug: walk_prices(one, days=spec.days, seed=spec.seed) for one in BENCHMARKS}
    strategies = [
        strategy_element(one, times, walks[one.benchmark], spec, seed=spec.seed + index)
        for index, one in enumerate(spec.strategies, 1)
    ]
    vaults = [
        vault_element(one, element)
        for one, element in zip(spec.strategies, strategies, strict=True)
        if one.vault
    ]
    benchmarks = [_benchmark(one, times, walks[one.slug]) for one in BENCHMARKS]
    return Generated(benchmarks, strategies, vaults)


def document_of(spec: ExportSpec, *, is_readable: bool = False) -> bytes:
    """Write an export as one JSON document; readable means one record a line."""
    made = generate(spec)
    lists = {"benchmarks": made.benchmarks, "strategies": made.strategies, "vaults": made.vaults}
    written = {name: [_json(one, is_readable) for one in items] for name, items in lists.items()}
    checksum = _checksum(element for elements in written.values() for element in elements)
    header = msgspec.json.encode(_header(spec, made, checksum))
    parts = [
        b'"%s":[%s]' % (name.encode(), b",\n".join(elements)) for name, elements in written.items()
    ]
    return header[:-1] + b",\n" + b",\n".join(parts) + b"}\n"


def lines_of(spec: ExportSpec) -> bytes:
    """Write an export as lines, a header and one record a line."""
    made = generate(spec)
    lines = [msgspec.json.encode(record) for record in _flat(made)]
    header = {"record": "header", **_header(spec, made, _checksum(lines))}
    return b"\n".join([msgspec.json.encode(header), *lines]) + b"\n"


def _flat(made: Generated) -> Iterator[Record]:
    """Give each record by itself, with its tag and its parent."""
    for element in made.benchmarks:
        yield {"record": "benchmark", **_without(element, "points")}
        for point in element["points"]:
            yield {"record": "benchmark_point", "benchmark": element["slug"], **point}
    for element in made.strategies:
        yield {"record": "strategy", **_without(element, *_CHILDREN)}
        for section, name in _CHILDREN.items():
            for record in element.get(section, ()):
                yield {"record": name, "strategy": element["slug"], **record}
    for element in made.vaults:
        yield {"record": "vault", **_without(element, "performance")}
        account = f"eip155:{element['chain_id']}:{element['address']}"
        for record in element["performance"]:
            yield {"record": "performance", "vault": account, **record}


def _header(spec: ExportSpec, made: Generated, checksum: str) -> Record:
    """Say who made the file and what it promises."""
    return {
        "schema_version": "1.0",
        "generated_at": f"{spec.generated_at:%Y-%m-%dT%H:%M:%SZ}",
        "source": f"{SOURCE} {GENERATOR_VERSION}",
        "mode": "snapshot",
        "note": f"{NOTE} Seed {spec.seed}.",
        "counts": _counts(made),
        "checksum": checksum,
    }


def _counts(made: Generated) -> dict[str, int]:
    """Count the records by name."""
    counts: dict[str, int] = {}
    for record in _flat(made):
        counts[record["record"]] = counts.get(record["record"], 0) + 1
    return counts


def _checksum(elements: Iterable[bytes]) -> str:
    """Hash the bytes of all records, a line feed after each."""
    digest = hashlib.sha256()
    for element in elements:
        digest.update(element)
        digest.update(b"\n")
    return f"sha256:{digest.hexdigest()}"


def _benchmark(spec: BenchmarkSpec, times: list[str], walk: Walk) -> Record:
    """Write a benchmark and its prices."""
    points = [
        {"as_of_at": at, "price_usd": price} for at, price in zip(times, walk.prices, strict=True)
    ]
    return {"slug": spec.slug, "name": spec.name, "points": points}


def _json(element: Mapping[str, Any], is_readable: bool) -> bytes:  # noqa: FBT001
    """Write one element; its lists one record a line if people are to read them."""
    if not is_readable:
        return msgspec.json.encode(element)
    parts = []
    for name, value in element.items():
        is_list = isinstance(value, list) and value and isinstance(value[0], dict)
        written = (
            b"[\n" + b",\n".join(msgspec.json.encode(one) for one in value) + b"\n]"
            if is_list
            else msgspec.json.encode(value)
        )
        parts.append(msgspec.json.encode(name) + b":" + written)
    return b"{" + b",".join(parts) + b"}"


def _without(element: Record, *names: str) -> Record:
    """Leave some fields out."""
    return {name: value for name, value in element.items() if name not in names}


_CHILDREN = {
    "performance": "performance",
    "holdings": "holding",
    "trades": "trade",
    "reports": "report",
}
