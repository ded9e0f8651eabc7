"""Which metrics stand for a strategy in a list: one window, the best kind of evidence.

Live results say more than paper ones and those more than a backtest; the answer always names the
source, so that none is taken for another.
"""

from django.db.models import Case, IntegerField, OuterRef, Prefetch, Subquery, Value, When

from strategies.models import MetricsSnapshot, Strategy
from strategies.querysets import StrategyQuerySet
from strategies.vocabulary import SeriesSource

HEADLINE_WINDOW = "all"
BEST_EVIDENCE_FIRST = (SeriesSource.LIVE, SeriesSource.PAPER, SeriesSource.BACKTEST)
PREFETCHED = "headline_candidates"


def with_headlines(strategies: StrategyQuerySet) -> StrategyQuerySet:
    """Read the headline metrics of all strategies of a list in one query."""
    snapshots = MetricsSnapshot.objects.filter(window=HEADLINE_WINDOW)
    return strategies.prefetch_related(
        Prefetch("metrics_snapshots", queryset=snapshots, to_attr=PREFETCHED)
    )


def headline_of(strategy: Strategy) -> MetricsSnapshot | None:
    """Give the metrics with the best evidence of a strategy read by `with_headlines`."""
    candidates: list[MetricsSnapshot] = getattr(strategy, PREFETCHED)
    by_source = {snapshot.source: snapshot for snapshot in candidates}
    return next((by_source[one] for one in BEST_EVIDENCE_FIRST if one in by_source), None)


def headline_value(column: str) -> Subquery:
    """Give one column of the headline metrics as an expression to order a list by."""
    preference = Case(
        *[When(source=one.value, then=Value(rank)) for rank, one in enumerate(BEST_EVIDENCE_FIRST)],
        output_field=IntegerField(),
    )
    snapshots = MetricsSnapshot.objects.filter(strategy=OuterRef("pk"), window=HEADLINE_WINDOW)
    return Subquery(snapshots.order_by(preference).values(column)[:1])
