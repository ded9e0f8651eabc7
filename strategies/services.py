"""Changes to the catalogue that touch more than one row."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection, models, transaction
from django.db.models import F

from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState
from strategies.models import (
    CatalogueVersion,
    Holding,
    ImportedTrade,
    MetricsSnapshot,
    PerformancePoint,
    SeriesRevision,
    Strategy,
)
from strategies.revisions import Replaced, ends_of, note_revisions
from strategies.snapshots import outdated_strategies, refresh_metrics_snapshots

LIST_VERSION = "strategies"
BENCHMARK_VERSION = "benchmarks"


def ensure_defaults() -> None:
    """Create the counters of the catalogue's lists, and bring headline metrics up to date.

    Metrics are out of date where an older edition of the definitions computed them.
    """
    for name in (LIST_VERSION, BENCHMARK_VERSION):
        CatalogueVersion.objects.get_or_create(name=name)
    if _has_column(MetricsSnapshot, "definitions"):  # not where a migration is being taken back
        recompute_outdated()


def recompute_outdated() -> int:
    """Compute headline metrics of an older edition anew; gives the number of strategies."""
    with transaction.atomic():
        outdated = outdated_strategies()
        if outdated:
            bump_data_version(outdated)
            refresh_metrics_snapshots(outdated)
    return len(outdated)


def bump_data_version(strategy_ids: Iterable[int]) -> None:
    """Raise the data version of these strategies and of the lists that show them.

    Call it inside the transaction that changes the data, so that a reader who sees the new version
    sees the new data too. Rows are touched in key order, so that two bumps cannot deadlock.
    """
    ids = sorted(set(strategy_ids))
    with transaction.atomic():
        locked = list(
            Strategy.objects.filter(pk__in=ids)
            .order_by("pk")
            .select_for_update()
            .values_list("pk", flat=True)
        )
        Strategy.objects.filter(pk__in=locked).update(data_version=F("data_version") + 1)
        CatalogueVersion.objects.filter(name=LIST_VERSION).update(version=F("version") + 1)


def bump_benchmark_version() -> None:
    """Raise the version of the benchmarks; call it in the transaction that changes their prices."""
    CatalogueVersion.objects.filter(name=BENCHMARK_VERSION).update(version=F("version") + 1)


def republish_series(
    strategy_ids: Collection[int], *, replaced: Replaced, reference: str, now: datetime
) -> None:
    """Compute the metrics of strategies whose series changed, and note what was there before.

    Call it in the transaction that changes the points, after `bump_data_version`. `replaced` tells
    which points were replaced, `reference` what made the change.
    """
    with transaction.atomic():
        ends = ends_of(strategy_ids)
        refresh_metrics_snapshots(strategy_ids)
        note_revisions(
            strategy_ids, ends_before=ends, replaced=replaced, reference=reference, now=now
        )


def delete_strategy(strategy: Strategy, *, reason: str, actor: Actor, now: datetime) -> None:
    """Delete a strategy that has no record; one with a record is delisted instead.

    Raises ConflictingState naming what is attached: the series have no foreign key in the
    database, so this guard is theirs.
    """
    attached = {
        "performance points": PerformancePoint.objects.filter(strategy=strategy).exists(),
        "holdings": Holding.objects.filter(strategy=strategy).exists(),
        "trades": ImportedTrade.objects.filter(strategy=strategy).exists(),
        "earlier figures": SeriesRevision.objects.filter(strategy=strategy).exists(),
    }
    present = [what for what, there in attached.items() if there]
    if present:
        raise ConflictingState(
            f"{strategy.slug} has {', '.join(present)}; set its status to delisted instead"
        )
    with transaction.atomic():
        record(
            action="strategy.delete",
            subject=strategy,
            actor=actor,
            now=now,
            before={"slug": strategy.slug, "name": strategy.name},
            reason=reason,
        )
        strategy.delete()
        bump_data_version([])


def _has_column(model: type[models.Model], name: str) -> bool:
    """Tell whether the table of a model has a column by now."""
    with connection.cursor() as cursor:
        table = connection.introspection.get_table_description(cursor, model._meta.db_table)
    return name in {column.name for column in table}
