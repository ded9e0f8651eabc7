"""Which metrics stand for a strategy: one window, and the best kind of evidence or the one asked for.

Live results say more than paper ones and those more than a backtest; the answer always names the
source, so that none is taken for another. Which evidence is the best one is decided when metrics
are computed (`strategies.snapshots`).
"""

from django.db.models import Prefetch

from strategies.models import MetricsSnapshot, Strategy
from strategies.querysets import StrategyQuerySet
from strategies.vocabulary import SeriesSource, Window

PREFETCHED = "headlines_read"


def with_headlines(
    strategies: StrategyQuerySet,
    *,
    window: Window = Window.ALL,
    source: SeriesSource | None = None,
) -> StrategyQuerySet:
    """Read the headline metrics of all strategies of a list in one query."""
    snapshots = MetricsSnapshot.objects.filter(window=window.value)
    chosen = (
        snapshots.filter(is_headline=True)
        if source is None
        else snapshots.filter(source=source.value)
    )
    return strategies.prefetch_related(
        Prefetch("metrics_snapshots", queryset=chosen, to_attr=PREFETCHED)
    )


def headline_of(strategy: Strategy) -> MetricsSnapshot | None:
    """Give the headline of a strategy that was read by `with_headlines`."""
    found: list[MetricsSnapshot] = getattr(strategy, PREFETCHED)
    return found[0] if found else None
