"""The words of an import: what a record is, how much a file claims to say, how bad a problem is."""

from enum import StrEnum


class Kind(StrEnum):
    """What a staged record becomes in the catalogue; parents stand before their children.

    A record that does not even say what it is stays UNKNOWN and never becomes anything.
    """

    BENCHMARK = "benchmark"
    STRATEGY = "strategy"
    VAULT = "vault"
    PERFORMANCE = "performance"
    VAULT_PERFORMANCE = "vault_performance"
    BENCHMARK_POINT = "benchmark_point"
    HOLDING = "holding"
    TRADE = "trade"
    CLAIM = "claim"
    UNKNOWN = "unknown"


class RecordName(StrEnum):
    """What a record is called in a file; a report becomes one claim a metric."""

    BENCHMARK = "benchmark"
    BENCHMARK_POINT = "benchmark_point"
    STRATEGY = "strategy"
    VAULT = "vault"
    PERFORMANCE = "performance"
    HOLDING = "holding"
    TRADE = "trade"
    REPORT = "report"


class Mode(StrEnum):
    """How much a file says: all there is about the strategies it names, or only what changed."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"


class Severity(StrEnum):
    """An error keeps its record out; a warning is for the operator to look at."""

    ERROR = "error"
    WARNING = "warning"
