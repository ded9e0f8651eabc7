"""What follows from a changed catalogue: versions rise and headline metrics are computed anew."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from imports.formats.vocabulary import Kind
from imports.models import ChangeGroup, ImportRun, RecordChange, StagedRecord
from imports.named import STRATEGY_KINDS, registered_vaults
from strategies.models import Strategy
from strategies.services import bump_data_version
from strategies.snapshots import refresh_metrics_snapshots


def publish(run: ImportRun, groups: Iterable[ChangeGroup]) -> None:
    """Let readers see what a run has changed, in the transaction that changes it.

    Writes nothing where the run changes nothing.
    """
    changed = [group for group in groups if group.inserted or group.updated or group.deleted]
    if not changed:
        return
    bump_data_version(_touched(run, changed).values_list("pk", flat=True))
    series = {group.owner for group in changed if group.kind == Kind.PERFORMANCE}
    if series:
        owners = Strategy.objects.filter(slug__in=series)
        refresh_metrics_snapshots(list(owners.values_list("pk", flat=True)))


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
