"""What follows from a changed catalogue: versions rise and headline metrics are computed anew."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from imports.formats.vocabulary import Kind
from imports.models import ChangeGroup, ImportRun, RecordChange, StagedRecord
from imports.named import STRATEGY_KINDS, registered_vaults
from strategies.models import Strategy
from strategies.revisions import Replaced
from strategies.services import bump_benchmark_version, bump_data_version, republish_series

BENCHMARK_KINDS = (Kind.BENCHMARK, Kind.BENCHMARK_POINT)


def publish(
    run: ImportRun,
    groups: Iterable[ChangeGroup],
    *,
    replaced: Replaced,
    reference: str,
    now: datetime,
) -> None:
    """Let readers see what a run has changed, in the transaction that changes it.

    `replaced` tells which points of series it replaced, `reference` is what investors are told of
    the reason. Writes nothing where the run changes nothing.
    """
    changed = [group for group in groups if group.inserted or group.updated or group.deleted]
    if not changed:
        return
    bump_data_version(_touched(run, changed).values_list("pk", flat=True))
    if any(group.kind in BENCHMARK_KINDS for group in changed):
        bump_benchmark_version()
    series = {group.owner for group in changed if group.kind == Kind.PERFORMANCE}
    if series:
        owners = Strategy.objects.filter(slug__in=series)
        republish_series(
            list(owners.values_list("pk", flat=True)),
            replaced=replaced,
            reference=reference,
            now=now,
        )


def _touched(run: ImportRun, changed: list[ChangeGroup]) -> QuerySet[Strategy]:
    """Find the strategies of which anything published has changed."""
    owners: dict[str, set[str]] = {}
    for group in changed:
        owners.setdefault(group.kind, set()).add(group.owner)
    slugs = set().union(*(owners.get(kind, set()) for kind in STRATEGY_KINDS))
    slugs |= changed_keys(run, changed, Kind.STRATEGY)
    benchmarks = owners.get(Kind.BENCHMARK_POINT, set()) | changed_keys(
        run, changed, Kind.BENCHMARK
    )
    accounts = owners.get(Kind.VAULT_PERFORMANCE, set()) | changed_keys(run, changed, Kind.VAULT)
    of_vaults = [vault.strategy_id for vault in registered_vaults(accounts)]
    return Strategy.objects.filter(
        Q(slug__in=slugs) | Q(benchmark__slug__in=benchmarks) | Q(pk__in=of_vaults)
    )


def changed_keys(run: ImportRun, changed: list[ChangeGroup], kind: Kind) -> set[str]:
    """Give the keys of parents that were inserted or updated."""
    group = next((one for one in changed if one.kind == kind), None)
    if group is None:
        return set()
    if group.unchanged or group.updated:
        noted = RecordChange.objects.filter(run=run, kind=kind)
        return set(noted.values_list("key", flat=True))
    staged = StagedRecord.objects.filter(run=run, kind=kind, is_rejected=False)
    return set(staged.values_list("key", flat=True))
