"""What is special to version 1.0: its readers, and the checks that its types cannot express."""

from collections.abc import Sequence
from typing import Any

from imports.formats.batches import Batch, KnownPlaces
from imports.formats.findings import Finding
from imports.formats.parameters import findings_in_parameters
from imports.formats.readers import Reader
from imports.formats.records import (
    Benchmark,
    BenchmarkPoint,
    Claim,
    Holding,
    PerformancePoint,
    Report,
    Strategy,
    Trade,
    Vault,
)
from imports.formats.vocabulary import Kind, RecordName

VERSION = "1.0"


def strategy_findings(strategy: Strategy) -> list[Finding]:
    """List what is wrong with a strategy beyond the types of its fields."""
    return findings_in_parameters(strategy.parameters, "parameters")


def claims_of(report: Report) -> list[Claim]:
    """Split a report into its metrics, in the order of their names."""
    return [
        _claim(report, metric, value)
        for metric, value in sorted(report.metrics.items(), key=lambda item: item[0])
    ]


def _claim(report: Report, metric: str, value: float | str | None) -> Claim:
    """Make the claim of one metric."""
    return Claim(
        source=report.source,
        metric=metric,
        claimed_at=report.claimed_at,
        value=None if isinstance(value, str) else value,
        text=value if isinstance(value, str) else "",
    )


BENCHMARKS = Reader(Kind.BENCHMARK, Benchmark)
BENCHMARK_POINTS = Reader(Kind.BENCHMARK_POINT, BenchmarkPoint)
STRATEGIES = Reader(Kind.STRATEGY, Strategy, more=strategy_findings)
VAULTS = Reader(Kind.VAULT, Vault)
PERFORMANCE = Reader(Kind.PERFORMANCE, PerformancePoint)
VAULT_PERFORMANCE = Reader(Kind.VAULT_PERFORMANCE, PerformancePoint)
HOLDINGS = Reader(Kind.HOLDING, Holding)
TRADES = Reader(Kind.TRADE, Trade)
REPORTS = Reader(Kind.CLAIM, Report)

NAMES = {
    Kind.BENCHMARK: RecordName.BENCHMARK,
    Kind.BENCHMARK_POINT: RecordName.BENCHMARK_POINT,
    Kind.STRATEGY: RecordName.STRATEGY,
    Kind.VAULT: RecordName.VAULT,
    Kind.PERFORMANCE: RecordName.PERFORMANCE,
    Kind.VAULT_PERFORMANCE: RecordName.PERFORMANCE,
    Kind.HOLDING: RecordName.HOLDING,
    Kind.TRADE: RecordName.TRADE,
    Kind.CLAIM: RecordName.REPORT,
}


def as_claims(reports: Batch) -> Batch:
    """Turn a batch of reports into one of claims that stand where their report stands."""
    records, indexes = [], []
    for index, report in enumerate(reports.records):
        for claim in claims_of(report):
            records.append(claim)
            indexes.append(index)
    paths = [reports.places.path_of(index) for index in indexes]
    spans: Sequence[tuple[int, int]] = reports.places.spans() if records else []
    places = KnownPlaces(paths, [spans[index] for index in indexes])
    claims = Batch(Kind.CLAIM, reports.owner, records, places, reports.unread)
    again = reports.again
    claims.again = None if again is None else lambda: as_claims(again())
    return claims


def plain_record(record_type: type[Any], record: Any) -> Any:
    """Give the record without what a shape adds to it: its tag, its parent, its children."""
    fields = record_type.__struct_fields__
    return record_type(**{name: getattr(record, name) for name in fields})
