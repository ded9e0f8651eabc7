"""What a file speaks of: the strategies, benchmarks and vaults that its good records name."""

from dataclasses import dataclass, field

from django.db.models import Count, Max

from atlas.domain.digest import digest
from imports.formats.vocabulary import Kind
from imports.models import ImportRun, StagedRecord
from onchain.models import Vault
from strategies.models import Benchmark, BenchmarkPoint, Strategy, VaultPerformancePoint

MARK_LABEL = "atlas/catalogue-mark/1"
STRATEGY_KINDS = (Kind.PERFORMANCE, Kind.HOLDING, Kind.TRADE, Kind.CLAIM)


@dataclass(slots=True)
class Named:
    """Slugs of strategies and benchmarks, CAIP-10 accounts of vaults.

    `stated` are the strategies that have a record of their own in the file, as opposed to being
    mentioned by one of their points; a snapshot is complete for these.
    """

    stated: set[str] = field(default_factory=set)
    strategies: set[str] = field(default_factory=set)
    benchmarks: set[str] = field(default_factory=set)
    vaults: set[str] = field(default_factory=set)


def named_in(run: ImportRun, groups: dict[tuple[Kind, str], tuple[int, int]]) -> Named:
    """Gather what the run's good records name, directly or as a reference."""
    named = Named()
    for (kind, owner), (good, _) in groups.items():
        if not good or not owner:
            continue
        if kind in STRATEGY_KINDS:
            named.strategies.add(owner)
        elif kind is Kind.BENCHMARK_POINT:
            named.benchmarks.add(owner)
        elif kind is Kind.VAULT_PERFORMANCE:
            named.vaults.add(owner)
    parents = StagedRecord.objects.filter(
        run=run, kind__in=[Kind.BENCHMARK, Kind.STRATEGY, Kind.VAULT], is_rejected=False
    )
    for kind_name, key, benchmark, strategy in parents.values_list(
        "kind", "key", "content__benchmark", "content__strategy"
    ):
        _add_parent(named, Kind(kind_name), key, benchmark, strategy)
    return named


def _add_parent(
    named: Named, kind: Kind, key: str, benchmark: str | None, strategy: str | None
) -> None:
    """Add a parent and what it refers to."""
    if kind is Kind.BENCHMARK:
        named.benchmarks.add(key)
    elif kind is Kind.STRATEGY:
        named.stated.add(key)
        named.strategies.add(key)
        named.benchmarks |= {benchmark} if benchmark else set()
    else:
        named.vaults.add(key)
        named.strategies |= {strategy} if strategy else set()


def catalogue_mark(named: Named) -> str:
    """Digest how the named parts of the catalogue stand; any change to them changes the mark.

    Strategies tell by their data version, which every change of anything published about them
    raises; benchmarks and vaults by what they hold.
    """
    strategies = Strategy.objects.filter(slug__in=named.strategies).order_by("slug")
    benchmarks = Benchmark.objects.filter(slug__in=named.benchmarks).order_by("slug")
    points = BenchmarkPoint.objects.filter(benchmark__slug__in=named.benchmarks)
    vault_points = VaultPerformancePoint.objects.filter(vault__in=named.vaults)
    return digest(
        {
            "strategies": list(strategies.values_list("slug", "data_version")),
            "benchmarks": list(benchmarks.values_list("slug", "name")),
            "points": list(
                points.values_list("benchmark__slug")
                .annotate(Count("as_of_at"), Max("as_of_at"))
                .order_by("benchmark__slug")
            ),
            "vaults": [
                (vault.account_id, vault.updated_at, vault.strategy_id)
                for vault in registered_vaults(named.vaults)
            ],
            "vault_points": list(
                vault_points.values_list("vault")
                .annotate(Count("as_of_at"), Max("as_of_at"))
                .order_by("vault")
            ),
        },
        label=MARK_LABEL,
    )


def registered_vaults(accounts: set[str]) -> list[Vault]:
    """Give the vaults of the register that have these accounts, in their order."""
    addresses = {account.rpartition(":")[2] for account in accounts}
    vaults = Vault.objects.filter(address__in=addresses).order_by("chain_id", "address")
    return [vault for vault in vaults if vault.account_id in accounts]
