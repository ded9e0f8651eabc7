"""What a reader must know before believing a figure, in plain sentences."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from atlas.domain.metrics import Report, Track, date_of
from strategies.report.facts import Facts
from strategies.vocabulary import StrategyStatus


class NoteCode(StrEnum):
    """What a note is about."""

    DELISTED = "delisted"
    NO_SERIES = "no_series"
    EARLIER_VERSION = "earlier_version"
    RESTATED = "restated"
    SHORT_HISTORY = "short_history"
    GAPS = "gaps"
    FILLED_DAYS = "filled_days"
    BENCHMARK_WITHOUT_PRICES = "benchmark_without_prices"
    BENCHMARK_COVERS_LESS = "benchmark_covers_less"
    TRADES_UNATTRIBUTED = "trades_unattributed"


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence of warning."""

    code: NoteCode
    message: str


def notes_of(facts: Facts, own: Report | None, benchmark: Track | None) -> tuple[Note, ...]:
    """Gather what must be said of a report."""
    return (*_of_record(facts), *_of_coverage(own), *_of_benchmark(facts, own, benchmark))


def _of_record(facts: Facts) -> list[Note]:
    """Say what must be known of the strategy and its record."""
    notes, series = [], facts.series
    if facts.about.status == StrategyStatus.DELISTED:
        notes.append(Note(NoteCode.DELISTED, "The strategy is delisted; its record is kept."))
    if len(series) == 0:
        notes.append(Note(NoteCode.NO_SERIES, "There is no NAV series of this kind of evidence."))
    if series.data_version != series.current_version:
        message = (
            f"Told as published at data version {series.data_version}; the newest is "
            f"{series.current_version}. Trades, claims and bridges are not kept by version."
        )
        notes.append(Note(NoteCode.EARLIER_VERSION, message))
    newer = [one for one in series.restatements if one.version_after <= series.data_version]
    if newer:
        message = (
            f"Published history was restated {len(newer)} time(s), last from "
            f"{newer[0].first_changed_at:%Y-%m-%d} on by {newer[0].reference}; the figures before "
            f"that are told by data_version={newer[0].version_before}."
        )
        notes.append(Note(NoteCode.RESTATED, message))
    if facts.trades is not None and len(facts.about.sources) > 1:
        kinds = " and ".join(facts.about.sources)
        message = (
            f"The strategy has {kinds} series, and the export does not say which of them its trades "
            "belong to; statistics of trades are those of the whole record."
        )
        notes.append(Note(NoteCode.TRADES_UNATTRIBUTED, message))
    return notes


def _of_coverage(own: Report | None) -> list[Note]:
    """Say how far the days are covered."""
    if own is None:
        return []
    notes, origin = [], own.provenance
    if own.metrics and next(iter(own.metrics.values())).short_history:
        message = "Under 90 days or 30 daily returns: too short to be trusted far."
        notes.append(Note(NoteCode.SHORT_HISTORY, message))
    if origin.gaps:
        message = (
            f"{origin.missing_days} day(s) are missing in {origin.gaps} gap(s) too long to be "
            "carried over; no daily return crosses them."
        )
        notes.append(Note(NoteCode.GAPS, message))
    if origin.filled_days:
        message = f"On {origin.filled_days} day(s) the NAV of the day before was carried forward."
        notes.append(Note(NoteCode.FILLED_DAYS, message))
    return notes


def _of_benchmark(facts: Facts, own: Report | None, benchmark: Track | None) -> list[Note]:
    """Say where the benchmark does not cover what it is compared with."""
    if facts.prices is None or own is None:
        return []
    if benchmark is None:
        message = f"{facts.prices.name} has no price in the range; nothing is compared with it."
        return [Note(NoteCode.BENCHMARK_WITHOUT_PRICES, message)]
    first_on, last_on = date_of(benchmark.level_days[0]), date_of(benchmark.level_days[-1])
    reached = last_on + timedelta(days=1) >= (own.provenance.last_on or last_on)
    if first_on == own.provenance.first_on and reached:
        return []
    message = (
        f"{facts.prices.name} has prices from {first_on} to {last_on} alone; its own figures are of "
        "those days."
    )
    return [Note(NoteCode.BENCHMARK_COVERS_LESS, message)]
