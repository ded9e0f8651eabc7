"""What claims are held against: the records of strategies as they will be after the merge.

Each kind of record is read in one statement for all strategies at hand, and only where a claim
needs it.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from psycopg.sql import SQL, Composed

from atlas.domain.metrics import STILL_OPEN, NavSeries, Trades
from imports.comparison import execute
from imports.formats.vocabulary import Kind
from imports.groups import GroupKey
from imports.merged import merged_rows, parameters_for, table_of
from imports.models import ImportRun, StagedRecord
from strategies.models import Strategy
from strategies.packed import (
    EPOCH_2000_MICROS,
    FloatArray,
    IntArray,
    days_of,
    last_of_each,
    micros_of,
    numbers_of,
)

_INFINITY = np.iinfo(np.int64).max
_CLAIMS = SQL(
    "SELECT owner, source, metric, value, text, claimed_at, byte_start, byte_length"
    " FROM ({}) AS m ORDER BY byte_start, owner, source, metric"
)
_POINTS = SQL(
    """
    SELECT owner, source,
      string_agg(timestamptz_send(as_of_at), ''::bytea ORDER BY as_of_at),
      string_agg(trim_scale(nav_per_share_usd)::text, ',' ORDER BY as_of_at),
      string_agg(coalesce(trim_scale(aum_usd)::text, 'null'), ',' ORDER BY as_of_at)
    FROM ({}) AS m GROUP BY owner, source
    """
)
_PRICES = SQL(
    """
    SELECT owner,
      string_agg(timestamptz_send(as_of_at), ''::bytea ORDER BY as_of_at),
      string_agg(trim_scale(price_usd)::text, ',' ORDER BY as_of_at)
    FROM ({}) AS m GROUP BY owner
    """
)
_TRADES = SQL(
    """
    SELECT owner,
      string_agg(timestamptz_send(opened_at), ''::bytea ORDER BY opened_at, external_id),
      string_agg(timestamptz_send(coalesce(closed_at, 'infinity')), ''::bytea
        ORDER BY opened_at, external_id),
      string_agg(size_usd::text, ',' ORDER BY opened_at, external_id),
      string_agg(coalesce(pnl_usd::text, ''), ',' ORDER BY opened_at, external_id),
      string_agg(float8send(coalesce(pnl_ratio, 'NaN')::float8), ''::bytea
        ORDER BY opened_at, external_id)
    FROM ({}) AS m GROUP BY owner
    """
)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The daily closes of a strategy's series, and what it managed on average, if it says so."""

    series: NavSeries
    average_aum_usd: Decimal | None

    def until(self, day: date) -> NavSeries | None:
        """Give the part up to a day; None where it begins later."""
        first, last = self.series.days[0], self.series.days[-1]
        number = min((day - date(1970, 1, 1)).days, int(last))
        if number < first:
            return None
        end = int(np.searchsorted(self.series.days, number, side="right"))
        return NavSeries(self.series.days[:end], self.series.navs[:end])


@dataclass(frozen=True, slots=True)
class MergedRecords:
    """Reads of a run's strategies as they will be; `groups` are the kinds and owners in its file."""

    run: ImportRun
    groups: Collection[GroupKey]
    _kinds: frozenset[Kind] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kinds", frozenset(kind for kind, _ in self.groups))

    def claims(self, owners: Collection[str]) -> list[tuple[Any, ...]]:
        """Give the claims: owner, source, metric, value, text, moment, place and length."""
        return self._read(Kind.CLAIM, owners, _CLAIMS)

    def series(self, owners: Collection[str]) -> dict[tuple[str, str], Record]:
        """Give the closes of each series by owner and source."""
        found = {}
        for owner, source, moments, navs, aums in self._read(Kind.PERFORMANCE, owners, _POINTS):
            days = days_of(micros_of(moments))
            is_last = last_of_each(days)
            series = NavSeries(days[is_last], numbers_of(navs)[is_last])
            found[owner, source] = Record(series, _average(numbers_of(aums)[is_last]))
        return found

    def trades(self, owners: Collection[str]) -> dict[str, Trades]:
        """Give the trades by owner, in the order in which they were opened."""
        return {owner: _trades(*row) for owner, *row in self._read(Kind.TRADE, owners, _TRADES)}

    def benchmarks(self, owners: Collection[str]) -> dict[str, NavSeries]:
        """Give the daily prices of each owner's benchmark."""
        slugs = self._benchmark_slugs(owners)
        prices = {}
        for slug, moments, texts in self._read(Kind.BENCHMARK_POINT, set(slugs.values()), _PRICES):
            days = days_of(micros_of(moments))
            is_last = last_of_each(days)
            prices[slug] = NavSeries(days[is_last], numbers_of(texts)[is_last])
        return {owner: prices[slug] for owner, slug in slugs.items() if slug in prices}

    def _benchmark_slugs(self, owners: Collection[str]) -> dict[str, str]:
        """Give the benchmark that each strategy will have."""
        known = Strategy.objects.filter(slug__in=owners).values_list("slug", "benchmark__slug")
        staged = StagedRecord.objects.filter(
            run=self.run, kind=Kind.STRATEGY, key__in=owners, is_rejected=False
        ).values_list("key", "content__benchmark")
        slugs = {**dict(known), **dict(staged)}
        return {owner: slug for owner, slug in slugs.items() if slug}

    def _read(self, kind: Kind, owners: Collection[str], statement: SQL) -> list[tuple[Any, ...]]:
        """Read rows as they will be through a statement."""
        if not owners:
            return []
        table = table_of(kind)
        composed: Composed = statement.format(merged_rows(table, has_staged=kind in self._kinds))
        return execute(composed, parameters_for(self.run, table, owners))


def _average(amounts: FloatArray) -> Decimal | None:
    """Give the average of what is known."""
    known = amounts[~np.isnan(amounts)]
    return Decimal(float(known.mean())) if len(known) else None


def _trades(opened: bytes, closed: bytes, sizes: str, pnls: str, ratios: bytes) -> Trades:
    """Unpack the columns."""
    return Trades(
        opened=_moments(opened),
        closed=_moments(closed),
        size_usd=list(map(Decimal, sizes.split(","))),
        pnl_usd=[Decimal(text) if text else None for text in pnls.split(",")],
        pnl_ratio=np.frombuffer(ratios, dtype=">f8").astype(np.float64),
    )


def _moments(packed: bytes) -> IntArray:
    """Unpack moments into microseconds since 1970, infinity into what is still open."""
    raw = np.frombuffer(packed, dtype=">i8").astype(np.int64)
    is_open = raw == _INFINITY
    return np.where(is_open, STILL_OPEN, np.where(is_open, 0, raw) + EPOCH_2000_MICROS)
