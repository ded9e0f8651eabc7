"""What we know about strategies: catalogue, series, records."""

from strategies.models.catalogue import Benchmark, CatalogueVersion, Strategy
from strategies.models.metrics import MetricsSnapshot
from strategies.models.records import ImportedTrade, ReportClaim
from strategies.models.revisions import SeriesRevision, SupersededPoint
from strategies.models.series import (
    BenchmarkPoint,
    Holding,
    PerformancePoint,
    VaultPerformancePoint,
)

__all__ = [
    "Benchmark",
    "BenchmarkPoint",
    "CatalogueVersion",
    "Holding",
    "ImportedTrade",
    "MetricsSnapshot",
    "PerformancePoint",
    "ReportClaim",
    "SeriesRevision",
    "Strategy",
    "SupersededPoint",
    "VaultPerformancePoint",
]
