"""From a source's rows to candles that may be trusted, and to refusals where they may not.

Nothing is repaired here. A row that is doubled, out of order, off the grid or impossible is left
out and reported as a finding; it leaves a hole, and `window` refuses every span that holds one,
with its dates.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from atlas.domain.candles import (
    Candle,
    CandleRow,
    CandleSeries,
    DuplicateBar,
    FutureBar,
    GappedData,
    ImpossibleBar,
    NotEnoughData,
    OffGridBar,
    OutOfOrderBar,
    StaleData,
    Timeframe,
)
from atlas.domain.errors import InvalidInput, UnusableData


@dataclass(frozen=True, slots=True)
class Normalised:
    """What became of a source's rows: sound candles, oldest first, and a finding for the others.

    Gaps between sound candles are findings as well. `unclosed` counts rows whose bar was still
    forming at `now`; they are no fault.
    """

    candles: tuple[Candle, ...]
    findings: tuple[UnusableData, ...]
    unclosed: int


def normalise(
    rows: Sequence[CandleRow], *, market: str, timeframe: Timeframe, now: datetime
) -> Normalised:
    """Turn rows into closed candles on the UTC grid, and report every row that is none.

    Rows are expected oldest first, with aware times. Each finding is a refusal whose message names
    market, time and reason and whose `detail["at"]` is the time in ISO form.
    """
    sieve = _Sieve(market, timeframe, now)
    for row in rows:
        sieve.take(row)
    candles = tuple(_candle(row, market, timeframe) for row in sieve.sound.values())
    return Normalised(candles, (*sieve.findings, *gaps_of(candles)), sieve.unclosed)


@dataclass(slots=True)
class _Sieve:
    """Sorts rows into sound ones and findings, one after the other."""

    market: str
    timeframe: Timeframe
    now: datetime
    sound: dict[datetime, CandleRow] = field(default_factory=dict)
    findings: list[UnusableData] = field(default_factory=list)
    seen: set[datetime] = field(default_factory=set)
    newest: datetime | None = None
    unclosed: int = 0

    def take(self, row: CandleRow) -> None:
        """Put one row where it belongs."""
        if row.open_at <= self.now < row.open_at + self.timeframe.step:
            self.unclosed += 1
            return
        finding = self._fault(row)
        self.seen.add(row.open_at)
        if finding is None:
            self.sound[row.open_at] = row
            self.newest = row.open_at
            return
        self.findings.append(finding)
        if isinstance(finding, DuplicateBar):
            self.sound.pop(row.open_at, None)  # which of the two is right, nobody knows

    def _fault(self, row: CandleRow) -> UnusableData | None:
        if row.open_at > self.now:
            return self._finding(FutureBar, row, f"begins after {self.now:%Y-%m-%d %H:%M} UTC")
        if not self.timeframe.is_on_grid(row.open_at):
            return self._finding(OffGridBar, row, f"is not on the {self.timeframe} grid")
        if row.open_at in self.seen:
            return self._finding(DuplicateBar, row, "is there twice, so neither row is used")
        if self.newest is not None and row.open_at < self.newest:
            return self._finding(OutOfOrderBar, row, f"comes after {self.newest:%Y-%m-%d %H:%M}")
        impossible = _impossible(row)
        return self._finding(ImpossibleBar, row, impossible) if impossible else None

    def _finding(self, kind: type[UnusableData], row: CandleRow, reason: str) -> UnusableData:
        return kind(
            f"{self.market} {self.timeframe}: the bar of {row.open_at:%Y-%m-%d %H:%M:%S} UTC {reason}.",
            detail={"market": self.market, "at": row.open_at.isoformat()},
        )


def _impossible(row: CandleRow) -> str | None:
    """Say what cannot be true of a bar's numbers, or nothing."""
    prices = (row.open_usd, row.high_usd, row.low_usd, row.close_usd)
    for name, value in zip(("open", "high", "low", "close"), prices, strict=True):
        if not value.is_finite() or value <= 0:
            return f"has the {name} {value}, which is not a positive number"
    if row.high_usd < row.low_usd:
        return f"has its high {row.high_usd} below its low {row.low_usd}"
    if row.low_usd > row.open_usd or row.low_usd > row.close_usd:
        return f"has its low {row.low_usd} above its open or close"
    if row.high_usd < row.open_usd or row.high_usd < row.close_usd:
        return f"has its high {row.high_usd} below its open or close"
    if not row.volume.is_finite() or row.volume < 0:
        return f"has the volume {row.volume}"
    return None


def _candle(row: CandleRow, market: str, timeframe: Timeframe) -> Candle:
    return Candle(
        market,
        timeframe,
        row.open_at,
        row.open_usd,
        row.high_usd,
        row.low_usd,
        row.close_usd,
        row.volume,
    )


def gaps_of(candles: Sequence[Candle]) -> tuple[GappedData, ...]:
    """Find the holes between candles, each with its first and last missing open time."""
    return tuple(
        gap_between(before.close_at, after.open_at, before.market, before.timeframe)
        for before, after in pairwise(candles)
        if before.close_at != after.open_at
    )


def gap_between(
    first_at: datetime, until_at: datetime, market: str, timeframe: Timeframe
) -> GappedData:
    """Name the hole of the bars that open from `first_at` to before `until_at`."""
    last_at = until_at - timeframe.step
    count = (until_at - first_at) // timeframe.step
    return GappedData(
        f"{market} {timeframe}: {count} bar(s) missing from {first_at:%Y-%m-%d %H:%M} "
        f"to {last_at:%Y-%m-%d %H:%M} UTC.",
        detail={
            "market": market,
            "from": first_at.isoformat(),
            "to": last_at.isoformat(),
            "missing": count,
        },
    )


def window(
    candles: Sequence[Candle], *, timeframe: Timeframe, until_at: datetime, count: int
) -> CandleSeries:
    """Cut the `count` bars that end at the last grid time not after `until_at`.

    `candles` are sound and ascending (from `normalise`). Raises NotEnoughData where they begin too
    late, GappedData where bars are missing inside, StaleData where the newest are missing.
    """
    if count < 1:
        raise InvalidInput(f"A window needs at least one bar, not {count}.")
    end_at = timeframe.floor(until_at)
    start_at = end_at - timeframe.step * count
    low = bisect_left(candles, start_at, key=_open_at)
    high = bisect_left(candles, end_at, key=_open_at)
    if high - low == count:
        return CandleSeries(candles[low].market, timeframe, tuple(candles[low:high]))
    raise _why_not(candles, timeframe, start_at, end_at, candles[low:high])


def sound_window(
    made: Normalised, *, timeframe: Timeframe, until_at: datetime, count: int
) -> CandleSeries:
    """Cut a window like `window`; where it has a hole, the fault of a row that made it is raised.

    So the reader learns that a bar was doubled or impossible, not only that it is missing.
    """
    try:
        return window(made.candles, timeframe=timeframe, until_at=until_at, count=count)
    except UnusableData:
        end_at = timeframe.floor(until_at)
        start_at = end_at - timeframe.step * count
        for finding in made.findings:
            at = finding.detail.get("at")
            if at is not None and start_at <= datetime.fromisoformat(at) < end_at:
                raise finding from None
        raise


def _open_at(candle: Candle) -> datetime:
    return candle.open_at


def _why_not(
    candles: Sequence[Candle],
    timeframe: Timeframe,
    start_at: datetime,
    end_at: datetime,
    known: Sequence[Candle],
) -> UnusableData:
    """Say which refusal a window deserves of which only the `known` bars are there."""
    index = bisect_left(candles, end_at, key=_open_at)
    newest = candles[index - 1] if index else None
    if newest is None:
        return _not_warm(candles, timeframe, start_at)
    gaps = gaps_of(known)
    if gaps:
        return gaps[-1]
    if newest.close_at < end_at:
        return _stale(newest, end_at)
    if candles[0].open_at > start_at:
        return _not_warm(candles, timeframe, start_at)
    return gap_between(start_at, known[0].open_at, newest.market, timeframe)


def _not_warm(candles: Sequence[Candle], timeframe: Timeframe, start_at: datetime) -> NotEnoughData:
    begin = f"begin at {candles[0].open_at:%Y-%m-%d %H:%M} UTC" if candles else "are none"
    return NotEnoughData(
        f"The {timeframe} bars {begin}, those from {start_at:%Y-%m-%d %H:%M} UTC are needed.",
        detail={
            "from": start_at.isoformat(),
            "begins_at": candles[0].open_at.isoformat() if candles else None,
        },
    )


def _stale(newest: Candle, now: datetime) -> StaleData:
    age = now - newest.close_at
    return StaleData(
        f"{newest.market} {newest.timeframe}: the newest bar closed at "
        f"{newest.close_at:%Y-%m-%d %H:%M} UTC, {age} before {now:%Y-%m-%d %H:%M:%S} UTC.",
        detail={
            "market": newest.market,
            "at": newest.close_at.isoformat(),
            "age_seconds": int(age.total_seconds()),
        },
    )


def require_fresh(series: CandleSeries, *, now: datetime, max_age: timedelta) -> None:
    """Raise StaleData when the newest bar closed longer than `max_age` before `now`."""
    if now - series.until_at > max_age:
        raise _stale(series.last, now)
