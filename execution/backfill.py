"""Back-filling: candles of a span into the store, each bar once, and a report of what is missing.

Only bars that are not stored yet are asked for, piece by piece, each piece committed on its own: a
run that was broken off goes on where it was, and a second run asks for nothing but the holes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from atlas.domain.candles import GappedData, NotEnoughData, StaleData, Timeframe
from atlas.domain.errors import InvalidInput, UnusableData
from execution.candle_store import HistoryChanged, store_candles
from execution.marketdata.base import MarketData, UnknownMarket
from execution.models import Candle

PIECE_BARS = 1_000
MOST_BARS = 2_000_000  # almost four years of minutes
Span = tuple[datetime, datetime]  # from the open of the first bar to the close of the last


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars that the source could not give, and the code and words of why."""

    from_at: datetime
    until_at: datetime
    code: str
    reason: str


@dataclass(slots=True)
class Report:
    """What a back-fill found and did; counts are bars."""

    wanted: int
    stored_before: int = 0
    stored_now: int = 0
    gaps: list[Gap] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Count the bars that are in the store neither before nor now."""
        return self.wanted - self.stored_before - self.stored_now


@dataclass(frozen=True)
class Backfill:
    """One series of one source to be filled; `source` is the name that its bars are stored under."""

    data: MarketData
    market: str
    timeframe: Timeframe
    source: str

    def run(
        self, from_at: datetime, until_at: datetime, *, progress: Callable[[int], None]
    ) -> Report:
        """Fill the span; `progress` is told the bars that are done with, stored or missing.

        Raises InvalidInput for an empty or unreasonably long span; what the provider raises for a
        source that is away or refuses, with everything stored that came before.
        """
        start, end = self.timeframe.floor(from_at), self.timeframe.floor(until_at)
        wanted = (end - start) // self.timeframe.step
        if not 1 <= wanted <= MOST_BARS:
            raise InvalidInput(
                f"From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC are {wanted:,} closed "
                f"{self.timeframe} bars; between 1 and {MOST_BARS:,} can be filled at once."
            )
        report = Report(wanted)
        for piece in self._pieces(start, end):
            self._fill_piece(piece, report)
            progress((piece[1] - piece[0]) // self.timeframe.step)
        report.gaps = self._joined(report.gaps)
        return report

    def _pieces(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Cut the span; the newest piece comes last."""
        length = self.timeframe.step * PIECE_BARS
        while start < end:
            yield start, min(start + length, end)
            start += length

    def _fill_piece(self, piece: Span, report: Report) -> None:
        known = set(
            Candle.objects.filter(
                market=self.market,
                timeframe=self.timeframe.value,
                source=self.source,
                open_at__gte=piece[0],
                open_at__lt=piece[1],
            ).values_list("open_at", flat=True)
        )
        report.stored_before += len(known)
        for span in self._unknown(piece, known):
            self._fill(span, report)

    def _unknown(self, piece: Span, known: set[datetime]) -> list[Span]:
        """List the runs of bars that are not stored."""
        runs: list[Span] = []
        at, step = piece[0], self.timeframe.step
        while at < piece[1]:
            if at not in known:
                start = runs.pop()[0] if runs and runs[-1][1] == at else at
                runs.append((start, at + step))
            at += step
        return runs

    def _fill(self, span: Span, report: Report) -> None:
        """Store a run of bars; around what is refused with a date, the rest is asked for again."""
        waiting = [span]
        while waiting:
            start, end = waiting.pop()
            if start >= end:
                continue
            count = (end - start) // self.timeframe.step
            try:
                given = self.data.candles(self.market, self.timeframe, until=end, count=count)
                with transaction.atomic():
                    store_candles(given)
            except (HistoryChanged, UnknownMarket):
                raise
            except UnusableData as refused:
                hole = self._hole(refused, (start, end))
                report.gaps.append(Gap(*hole, refused.code, refused.message))
                waiting += [(start, hole[0]), (hole[1], end)]
                continue
            report.stored_now += count

    def _hole(self, refused: UnusableData, span: Span) -> Span:
        """Read off a refusal which bars it is about; all of them where it names none."""
        start, end = span
        detail, step = refused.detail, self.timeframe.step
        hole = span
        if isinstance(refused, GappedData):
            hole = _moment(detail, "from", start), _moment(detail, "to", end - step) + step
        elif isinstance(refused, StaleData):
            hole = _moment(detail, "at", start), end
        elif isinstance(refused, NotEnoughData):
            hole = start, _moment(detail, "begins_at", end)
        elif detail.get("at") is not None:
            at = self.timeframe.floor(_moment(detail, "at", start))
            hole = at, at + step
        cut = max(hole[0], start), min(hole[1], end)
        return cut if cut[0] < cut[1] else span

    def _joined(self, gaps: list[Gap]) -> list[Gap]:
        """Put neighbouring gaps of one reason together, oldest first."""
        joined: list[Gap] = []
        for gap in sorted(gaps, key=lambda one: one.from_at):
            last = joined[-1] if joined else None
            if last is not None and (last.until_at, last.code) == (gap.from_at, gap.code):
                joined[-1] = Gap(last.from_at, gap.until_at, gap.code, last.reason)
            else:
                joined.append(gap)
        return joined


def _moment(detail: dict[str, Any], name: str, otherwise: datetime) -> datetime:
    told = detail.get(name)
    return otherwise if told is None else datetime.fromisoformat(told)
