"""The elements of an export: each parent of the catalogue with all that belongs to it, as bytes.

One element is in memory at a time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from django.db.models import Q
from eth_utils.address import to_checksum_address

from imports.formats import records
from imports.formats.v1_elements import WholeBenchmark, WholeStrategy, WholeVault
from imports.formats.vocabulary import RecordName
from onchain.models import Vault
from strategies.models import (
    Benchmark,
    BenchmarkPoint,
    Holding,
    ImportedTrade,
    PerformancePoint,
    ReportClaim,
    Strategy,
    VaultPerformancePoint,
)

Element = tuple[bytes, Counter[str], datetime]
FAR_PAST = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODE = msgspec.json.Encoder().encode
_CHUNK = 5_000
_TRADE_FIELDS = records.Trade.__struct_fields__
_STRATEGY_FIELDS = tuple(name for name in records.Strategy.__struct_fields__ if name != "benchmark")


def benchmark_elements(strategy_ids: list[int], *, is_all: bool) -> Iterator[Element]:
    """Give the benchmarks with their prices: all, or those of the strategies."""
    rows = Benchmark.objects.order_by("slug")
    if not is_all:
        rows = rows.filter(strategies__in=strategy_ids).distinct()
    for row in rows:
        points = [
            records.BenchmarkPoint(as_of_at=at, price_usd=float(price))
            for at, price in BenchmarkPoint.objects.filter(benchmark=row)
            .order_by("as_of_at")
            .values_list("as_of_at", "price_usd")
            .iterator(_CHUNK)
        ]
        element = WholeBenchmark(slug=row.slug, name=row.name, points=points)
        counts = _counts({RecordName.BENCHMARK: 1, RecordName.BENCHMARK_POINT: len(points)})
        yield _ENCODE(element), counts, _newest(points, "as_of_at")


def strategy_elements(strategy_ids: list[int]) -> Iterator[Element]:
    """Give the strategies with their series, holdings, trades and claims."""
    rows = Strategy.objects.filter(pk__in=strategy_ids).select_related("benchmark").order_by("slug")
    for row in rows.iterator(100):
        performance = _points(PerformancePoint.objects.filter(strategy=row))
        holdings, trades, reports = _holdings(row), _trades(row), _reports(row)
        element = WholeStrategy(
            **{name: getattr(row, name) for name in _STRATEGY_FIELDS},
            benchmark=None if row.benchmark is None else row.benchmark.slug,
            performance=performance,
            holdings=holdings,
            trades=trades,
            reports=reports,
        )
        counts = _counts(
            {
                RecordName.STRATEGY: 1,
                RecordName.PERFORMANCE: len(performance),
                RecordName.HOLDING: len(holdings),
                RecordName.TRADE: len(trades),
                RecordName.REPORT: len(reports),
            }
        )
        moments = (
            row.discovered_at or FAR_PAST,
            _newest(performance, "as_of_at"),
            _newest(holdings, "as_of_at"),
            _newest(trades, "opened_at"),
            _newest(trades, "closed_at"),
            _newest(reports, "claimed_at"),
        )
        yield _ENCODE(element), counts, max(moments)


def vault_elements(strategy_ids: list[int], *, is_all: bool) -> Iterator[Element]:
    """Give the vaults with their series: all that show no hidden strategy, or the strategies'."""
    of_strategies = Q(strategy__in=strategy_ids)
    wanted = of_strategies | Q(strategy__isnull=True) if is_all else of_strategies
    rows = Vault.objects.filter(wanted).select_related("strategy").order_by("chain_id", "address")
    for row in rows.iterator(100):
        performance = _points(VaultPerformancePoint.objects.filter(vault=row.account_id))
        element = WholeVault(
            chain_id=row.chain_id,
            address=to_checksum_address(row.address),
            name=row.name,
            strategy=None if row.strategy is None else row.strategy.slug,
            inception_on=row.inception_on,
            performance=performance,
        )
        counts = _counts({RecordName.VAULT: 1, RecordName.PERFORMANCE: len(performance)})
        yield _ENCODE(element), counts, _newest(performance, "as_of_at")


def _points(rows: Any) -> list[records.PerformancePoint]:
    """Read a series; each kind of evidence by itself, oldest first."""
    columns = ("as_of_at", "nav_per_share_usd", "source", "aum_usd")
    ordered = rows.order_by("source", "as_of_at").values_list(*columns)
    return [
        records.PerformancePoint(
            as_of_at=at, nav_per_share_usd=float(nav), source=source, aum_usd=_float(aum)
        )
        for at, nav, source, aum in ordered.iterator(_CHUNK)
    ]


def _holdings(strategy: Strategy) -> list[records.Holding]:
    """Read what was held."""
    columns = ("as_of_at", "asset", "quantity", "weight_ratio", "value_usd")
    rows = Holding.objects.filter(strategy=strategy).order_by("as_of_at", "asset")
    return [
        records.Holding(
            as_of_at=at,
            asset=asset,
            quantity=float(quantity),
            weight_ratio=float(weight),
            value_usd=float(value),
        )
        for at, asset, quantity, weight, value in rows.values_list(*columns).iterator(_CHUNK)
    ]


def _trades(strategy: Strategy) -> list[records.Trade]:
    """Read the trades."""
    rows = ImportedTrade.objects.filter(strategy=strategy).order_by("opened_at", "external_id")
    return [
        records.Trade(**{name: _float(value) for name, value in row.items()})
        for row in rows.values(*_TRADE_FIELDS).iterator(_CHUNK)
    ]


def _reports(strategy: Strategy) -> list[records.Report]:
    """Gather claims into reports: those of one source that were made at one moment."""
    rows = ReportClaim.objects.filter(strategy=strategy).order_by("claimed_at", "source", "metric")
    return [
        records.Report(
            source=source,
            claimed_at=claimed_at,
            metrics={
                claim.metric: claim.value if claim.value is not None else claim.text or None
                for claim in claims
            },
        )
        for (claimed_at, source), claims in groupby(
            rows, key=lambda claim: (claim.claimed_at, claim.source)
        )
    ]


def _float(value: Any) -> Any:
    """Turn a Decimal into a number of JSON; leave the rest alone."""
    return float(value) if isinstance(value, Decimal) else value


def _counts(counts: dict[RecordName, int]) -> Counter[str]:
    """Name the records that are there."""
    return Counter({name.value: count for name, count in counts.items() if count})


def _newest(rows: Iterable[Any], name: str) -> datetime:
    """Give the newest moment that records speak of."""
    return max((at for row in rows if (at := getattr(row, name)) is not None), default=FAR_PAST)
