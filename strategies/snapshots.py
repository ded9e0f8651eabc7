"""Headline metrics: computed from the series and stored, so that lists can show and sort by them.

The caller computes them in the transaction that changes a series; a tile then never shows another
number than the report. A window opens with the newest point that is at least as old as its length;
a series that does not reach back so far has no metrics for it (null, with the number of points).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection

from atlas.domain.candles import FloatArray
from strategies.models import MetricsSnapshot, Strategy

WINDOWS: dict[str, timedelta | None] = {
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
    "all": None,
}
_COLUMNS = (
    "total_return_ratio",
    "max_drawdown_ratio",
    "observations",
    "first_at",
    "last_at",
    "last_aum_usd",
    "data_version",
)
# Packed doubles reach numpy several times faster than rows do.
_SERIES = """
    SELECT strategy_id, source,
      string_agg(float8send(nav_per_share_usd::float8), ''::bytea ORDER BY as_of_at),
      string_agg(float8send(extract(epoch FROM as_of_at)::float8), ''::bytea ORDER BY as_of_at),
      (array_agg(aum_usd ORDER BY as_of_at DESC))[1]
    FROM strategies_performancepoint WHERE strategy_id = ANY(%s)
    GROUP BY strategy_id, source ORDER BY strategy_id, source
"""


@dataclass(frozen=True, slots=True)
class _Series:
    """One series, oldest point first; times in seconds since 1970."""

    strategy_id: int
    source: str
    navs: FloatArray
    times: FloatArray
    last_aum_usd: Decimal | None


def refresh_metrics_snapshots(strategy_ids: Collection[int]) -> int:
    """Compute the headline metrics of these strategies anew; gives the number of rows written.

    Snapshots of series that are gone are deleted.
    """
    versions = dict(Strategy.objects.filter(pk__in=strategy_ids).values_list("pk", "data_version"))
    snapshots, present = [], set()
    for series in _read(list(versions)):
        present.add((series.strategy_id, series.source))
        for window, length in WINDOWS.items():
            snapshot = _snapshot(series, window, length)
            snapshot.data_version = versions[series.strategy_id]
            snapshots.append(snapshot)
    stored = MetricsSnapshot.objects.filter(strategy_id__in=versions)
    gone = [
        pk
        for pk, strategy_id, source in stored.values_list("pk", "strategy_id", "source")
        if (strategy_id, source) not in present
    ]
    MetricsSnapshot.objects.filter(pk__in=gone).delete()
    MetricsSnapshot.objects.bulk_create(
        snapshots,
        update_conflicts=True,
        unique_fields=["strategy", "source", "window"],
        update_fields=_COLUMNS,
    )
    return len(snapshots)


def _read(strategy_ids: list[int]) -> Iterator[_Series]:
    """Read the series of strategies."""
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, [strategy_ids])
        for strategy_id, source, navs, times, last_aum in cursor.fetchall():
            yield _Series(strategy_id, source, _doubles(navs), _doubles(times), last_aum)


def _doubles(packed: bytes) -> FloatArray:
    """Unpack doubles in network order."""
    return np.frombuffer(packed, dtype=">f8").astype(np.float64)


def _snapshot(series: _Series, window: str, length: timedelta | None) -> MetricsSnapshot:
    """Compute one window of one series."""
    opening = _opening(series.times, length)
    navs = series.navs[max(opening, 0) :]
    is_covered = opening >= 0 and len(navs) > 1
    return MetricsSnapshot(
        strategy_id=series.strategy_id,
        source=series.source,
        window=window,
        total_return_ratio=float(navs[-1] / navs[0] - 1.0) if is_covered else None,
        max_drawdown_ratio=_max_drawdown(navs) if is_covered else None,
        observations=len(navs),
        first_at=datetime.fromtimestamp(float(series.times[max(opening, 0)]), UTC),
        last_at=datetime.fromtimestamp(float(series.times[-1]), UTC),
        last_aum_usd=series.last_aum_usd,
    )


def _opening(times: FloatArray, length: timedelta | None) -> int:
    """Find the point that a window opens with, -1 where the series is too short for it."""
    if length is None:
        return 0
    begins = float(times[-1]) - length.total_seconds()
    return int(np.searchsorted(times, begins, side="right")) - 1


def _max_drawdown(navs: FloatArray) -> float:
    """Give the deepest fall below an earlier peak as a ratio between -1 and 0."""
    return float((navs / np.maximum.accumulate(navs)).min() - 1.0)
