"""Candles that cycles used: each bar stored once a source, referred to by digest.

A source that later tells another history than it did is noticed here and refused.
"""

import hashlib
from datetime import datetime
from decimal import Decimal

from atlas.domain.candles import Candle as Bar
from atlas.domain.candles import CandleSeries, Timeframe
from atlas.domain.errors import Bug, UnusableData
from atlas.domain.units import TOKEN_QUANTUM, floor_to, plain
from execution.inputs import Input, stored
from execution.marketdata.base import SourcedCandles
from execution.models import Candle, CycleRun
from execution.vocabulary import InputKind

Numbers = tuple[Decimal, Decimal, Decimal, Decimal, Decimal]
COLUMNS = ("open_usd", "high_usd", "low_usd", "close_usd", "volume")


class HistoryChanged(UnusableData):
    """A source tells another history than it did when a cycle first used it."""

    code = "history_changed"


def store_candles(given: SourcedCandles) -> Input:
    """Store the bars that are new; gives the input that says which bars were used.

    Raises HistoryChanged where the source now tells another history than it did before.
    """
    series, source = given.series, given.source
    bars = series.candles
    known = _known(series.market, series.timeframe, source, bars[0].open_at, bars[-1].open_at)
    for bar in bars:
        if bar.open_at in known and known[bar.open_at] != _numbers(bar):
            raise HistoryChanged(
                f"{source} has changed the {series.market} {series.timeframe} bar of "
                f"{bar.open_at:%Y-%m-%d %H:%M} UTC since it was first used.",
                detail={"market": series.market, "at": bar.open_at.isoformat()},
            )
    Candle.objects.bulk_create(
        [_row(bar, source) for bar in bars if bar.open_at not in known], ignore_conflicts=True
    )
    content = {
        "market": series.market,
        "timeframe": series.timeframe.value,
        "source": source,
        "first_open_at": bars[0].open_at.isoformat(),
        "count": len(bars),
        "digest": candles_digest(series),
    }
    return Input(InputKind.CANDLES, content, series.market)


def stored_candles(cycle: CycleRun, market: str) -> CandleSeries | None:
    """Give the candles that a cycle decided on, or None where it has none.

    Raises Bug where the stored bars no longer have the digest that the cycle saw.
    """
    content = stored(cycle, InputKind.CANDLES, subject=market)
    if content is None:
        return None
    timeframe = Timeframe.named(content["timeframe"])
    rows = Candle.objects.filter(
        market=market,
        timeframe=timeframe.value,
        source=content["source"],
        open_at__gte=datetime.fromisoformat(content["first_open_at"]),
    ).order_by("open_at")[: content["count"]]
    series = CandleSeries(market, timeframe, tuple(_bar(row) for row in rows))
    if candles_digest(series) != content["digest"]:
        raise Bug(f"The stored candles of {cycle} no longer have the digest that it saw.")
    return series


def candles_digest(series: CandleSeries) -> str:
    """Name a series by its content, one line a bar; quicker than JSON for hundreds of bars."""
    state = hashlib.sha256(f"atlas/candles\0{series.market}\0{series.timeframe}\n".encode())
    for bar in series.candles:
        line = "|".join([bar.open_at.isoformat(), *map(plain, _numbers(bar))])
        state.update(line.encode() + b"\n")
    return state.hexdigest()


def _known(
    market: str, timeframe: Timeframe, source: str, first_at: datetime, last_at: datetime
) -> dict[datetime, Numbers]:
    """Give the stored bars of a span, by open time."""
    rows = Candle.objects.filter(
        market=market,
        timeframe=timeframe.value,
        source=source,
        open_at__range=(first_at, last_at),
    )
    return {row[0]: row[1:] for row in rows.values_list("open_at", *COLUMNS)}


def _numbers(bar: Bar) -> Numbers:
    return (bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd, bar.volume)


def _row(bar: Bar, source: str) -> Candle:
    if any(number != floor_to(number, TOKEN_QUANTUM) for number in _numbers(bar)):
        raise UnusableData(
            f"The {bar.market} bar of {bar.open_at:%Y-%m-%d %H:%M} UTC has more than 18 digits "
            "after the point and cannot be stored as it is."
        )
    return Candle(
        market=bar.market,
        timeframe=bar.timeframe.value,
        source=source,
        open_at=bar.open_at,
        open_usd=bar.open_usd,
        high_usd=bar.high_usd,
        low_usd=bar.low_usd,
        close_usd=bar.close_usd,
        volume=bar.volume,
    )


def _bar(row: Candle) -> Bar:
    return Bar(
        row.market,
        Timeframe.named(row.timeframe),
        row.open_at,
        row.open_usd,
        row.high_usd,
        row.low_usd,
        row.close_usd,
        row.volume,
    )
