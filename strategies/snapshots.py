"""Headline metrics: computed from the series and stored, so that lists can show and sort by them.

The caller computes them in the transaction that changes a series; a tile then never shows another
number than the report. A window is the report's range of the same days (`NavSeries.trailing`); a
series that does not reach back so far has no metrics for it (null, with a reason).
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import orjson

from atlas.domain.downsample import min_max
from atlas.domain.metrics import MetricValues, NavSeries, Reason, daily_track, headlines
from atlas.domain.metrics.values import date_of
from strategies.models import MetricsSnapshot, Strategy
from strategies.models.metrics import METRIC_COLUMNS
from strategies.packed import DailyCloses, daily_closes, moment_of
from strategies.vocabulary import BEST_EVIDENCE_FIRST, WINDOW_DAYS, SeriesSource, Window

# Raise it where the definitions change: `recompute_outdated` then computes everything anew.
EDITION = 2
SPARKLINE_POINTS = 60
SPARKLINE_DECIMALS = 6
STRATEGIES_AT_ONCE = 200
AUM = "aum"
_KEYS = {"id", "strategy", "source", "window"}
_VALUES = [field.name for field in MetricsSnapshot._meta.fields if field.name not in _KEYS]


class _Wanted(NamedTuple):
    """One snapshot to be computed: a series, a window, and the part of the series that lies in it.

    The part is None where the series does not reach back so far.
    """

    closes: DailyCloses
    window: Window
    part: NavSeries | None


def refresh_metrics_snapshots(strategy_ids: Collection[int]) -> int:
    """Compute the headline metrics of these strategies anew; gives the number of rows written.

    Snapshots of series that are gone are deleted.
    """
    versions = dict(Strategy.objects.filter(pk__in=strategy_ids).values_list("pk", "data_version"))
    ids = sorted(versions)
    return sum(
        _refresh({pk: versions[pk] for pk in ids[first : first + STRATEGIES_AT_ONCE]})
        for first in range(0, len(ids), STRATEGIES_AT_ONCE)
    )


def outdated_strategies() -> list[int]:
    """Name the strategies whose headline metrics were computed by an older edition."""
    outdated = MetricsSnapshot.objects.filter(definitions__lt=EDITION)
    return list(outdated.values_list("strategy_id", flat=True).distinct().order_by("strategy_id"))


def _refresh(versions: Mapping[int, int]) -> int:
    """Compute and write the snapshots of some strategies."""
    series = list(daily_closes(versions))
    wanted = [_Wanted(one, window, _part(one, window)) for one in series for window in Window]
    tracks = [daily_track(one.part) for one in wanted if one.part is not None]
    found = iter(headlines(tracks))
    snapshots = [_snapshot(one, None if one.part is None else next(found)) for one in wanted]
    best = _best_sources(series)
    for snapshot in snapshots:
        snapshot.data_version = versions[snapshot.strategy_id]
        snapshot.is_headline = best[snapshot.strategy_id] == snapshot.source
    _delete_gone(versions, series)
    # Those that give the headline up come first: two at a time would break the constraint.
    snapshots.sort(key=lambda snapshot: snapshot.is_headline)
    MetricsSnapshot.objects.bulk_create(
        snapshots,
        update_conflicts=True,
        unique_fields=["strategy", "source", "window"],
        update_fields=_VALUES,
    )
    return len(snapshots)


def _part(closes: DailyCloses, window: Window) -> NavSeries | None:
    """Cut the window out of a series."""
    length = WINDOW_DAYS[window]
    return closes.series if length is None else closes.series.trailing(length)


def _best_sources(series: list[DailyCloses]) -> dict[int, SeriesSource]:
    """Choose the best evidence that there is of each strategy."""
    sources: dict[int, set[SeriesSource]] = {}
    for one in series:
        sources.setdefault(one.strategy_id, set()).add(one.source)
    return {
        strategy_id: next(source for source in BEST_EVIDENCE_FIRST if source in there)
        for strategy_id, there in sources.items()
    }


def _delete_gone(versions: Mapping[int, int], series: list[DailyCloses]) -> None:
    """Delete the snapshots of series that no longer exist."""
    present = {(one.strategy_id, one.source) for one in series}
    stored = MetricsSnapshot.objects.filter(strategy_id__in=versions)
    gone = [
        pk
        for pk, strategy_id, source in stored.values_list("pk", "strategy_id", "source")
        if (strategy_id, source) not in present
    ]
    if gone:
        MetricsSnapshot.objects.filter(pk__in=gone).delete()


def _snapshot(wanted: _Wanted, values: MetricValues | None) -> MetricsSnapshot:
    """Write down one window of one series."""
    closes = wanted.closes
    part = closes.series if wanted.part is None else wanted.part
    snapshot = MetricsSnapshot(
        strategy_id=closes.strategy_id,
        source=closes.source.value,
        window=wanted.window.value,
        observations=len(part.days),
        first_at=moment_of(closes.micros[-len(part.days)]),
        last_at=moment_of(closes.micros[-1]),
        track_days=int(closes.series.days[-1] - closes.series.days[0]),
        last_aum_usd=closes.last_aum_usd,
        definitions=EDITION,
        **_asked_for(closes, wanted.window),
    )
    if closes.last_aum_usd is None:
        snapshot.reasons[AUM] = Reason.NOT_REPORTED.value
    if values is None:
        too_short = Reason.INSUFFICIENT_HISTORY.value
        snapshot.reasons |= {metric.value: too_short for metric in METRIC_COLUMNS}
        return snapshot
    _write_values(snapshot, values)
    snapshot.sparkline_json = _sparkline(part)
    return snapshot


def _asked_for(closes: DailyCloses, window: Window) -> dict[str, Any]:
    """Name the days that a window covers."""
    first_on, last_on = date_of(closes.series.days[0]), date_of(closes.series.days[-1])
    length = WINDOW_DAYS[window]
    return {
        "window_from_on": first_on if length is None else last_on - timedelta(days=length),
        "window_to_on": last_on,
    }


def _write_values(snapshot: MetricsSnapshot, values: MetricValues) -> None:
    """Write metrics, reasons and provenance into a snapshot."""
    for metric, column in METRIC_COLUMNS.items():
        value = values[metric]
        setattr(snapshot, column, value.value)
        if value.reason is not None:
            snapshot.reasons[metric.value] = value.reason.value
    first = next(iter(values.values()))
    snapshot.short_history = first.short_history
    snapshot.samples = first.provenance.samples
    snapshot.filled_days = first.provenance.filled_days
    snapshot.missing_days = first.provenance.missing_days
    snapshot.gaps = first.provenance.gaps


def _sparkline(part: NavSeries) -> str:
    """Draw the growth since the opening with few points, the highest and lowest among them."""
    growth = part.navs / part.navs[0]
    chosen = growth[min_max([growth], SPARKLINE_POINTS)]
    return orjson.dumps(np.round(chosen, SPARKLINE_DECIMALS).tolist()).decode()
