"""Closed bars of a source: from the rows it gave to the window that was asked for.

A bar counts as closed when our clock and the clock of the host that answered both say so.
"""

from collections.abc import Sequence
from datetime import datetime

from atlas.domain.candles import CandleRow, CandleSeries, Timeframe
from atlas.domain.normalisation import normalise, sound_window
from execution.marketdata.asking import Received
from execution.marketdata.errors import SourceAway


def require_served_after(received: Received, until: datetime) -> None:
    """Raise SourceAway where the host answered before the last bar had closed by its own clock.

    A cache in between or a clock that runs late would give a bar that is still forming.
    """
    if received.served_at is None or received.served_at >= until:
        return
    behind = (until - received.served_at).total_seconds()
    raise SourceAway(
        f"{received.host} answered {behind:.0f} s before the bar until {until:%Y-%m-%d %H:%M} UTC "
        "had closed by its own clock",
        detail={"wait_seconds": behind},
    )


def closed_series(
    rows: Sequence[CandleRow],
    *,
    market: str,
    timeframe: Timeframe,
    until: datetime,
    count: int,
    now: datetime,
) -> CandleSeries:
    """Normalise rows (oldest first) and cut the window; each fault in it is refused with its date."""
    made = normalise(rows, market=market, timeframe=timeframe, now=now)
    return sound_window(made, timeframe=timeframe, until_at=until, count=count)


def bars_needed(timeframe: Timeframe, *, until: datetime, count: int, now: datetime) -> int:
    """Count the bars from the first wanted one to the one that is forming at `now`."""
    start = timeframe.floor(until) - timeframe.step * count
    return (timeframe.floor(now) - start) // timeframe.step + 1
