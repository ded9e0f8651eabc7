"""Which metrics stand for a strategy: one window, and the best kind of evidence or the one asked for.

Live results say more than paper ones and those more than a backtest; the answer always names the
source, so that none is taken for another. Which evidence is the best one is decided when metrics
are computed (`strategies.snapshots`).
"""

from django.db.models import Prefetch

from strategies.models import MetricsSnapshot, Strategy
from strategies.querysets import StrategyQuerySet
from strategies.vocabulary import BEST_EVIDENCE_FIRST, SeriesSource, Window

HEADLINES = "headlines_read"
EVIDENCE = "evidence_read"


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
        Prefetch("metrics_snapshots", queryset=chosen, to_attr=HEADLINES)
    )


def with_evidence(strategies: StrategyQuerySet) -> StrategyQuerySet:
    """Read all metrics of strategies, of every window and kind of evidence, in one query."""
    snapshots = MetricsSnapshot.objects.order_by("source", "pk")
    return strategies.prefetch_related(
        Prefetch("metrics_snapshots", queryset=snapshots, to_attr=EVIDENCE)
    )


def evidence_of(strategy: Strategy) -> list[MetricsSnapshot]:
    """Give all metrics of a strategy that was read by `with_evidence`, the best evidence first."""
    found: list[MetricsSnapshot] = getattr(strategy, EVIDENCE)
    sources = [source.value for source in BEST_EVIDENCE_FIRST]
    windows = [window.value for window in Window]
    return sorted(found, key=lambda one: (sources.index(one.source), windows.index(one.window)))


def headline_of(strategy: Strategy) -> MetricsSnapshot | None:
    """Give the headline of a strategy that was read by `with_headlines` or `with_evidence`."""
    found: list[MetricsSnapshot] | None = getattr(strategy, HEADLINES, None)
    if found is None:
        found = [one for one in evidence_of(strategy) if one.is_headline]
        return next((one for one in found if one.window == Window.ALL), None)
    return found[0] if found else None
