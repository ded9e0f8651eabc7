"""What the database tells of one strategy for its report; a fixed number of statements.

Read inside one snapshot of the database, so that all of it is of one state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import compress
from typing import Any

from django.db import connection
from rest_framework.exceptions import ValidationError

from atlas.api.access import Reader, sees_everything
from atlas.api.filtering import DateRange
from atlas.hot_statements import hot_row
from atlas.registries import (
    AccountBridge,
    FeesOfSeries,
    FeeSource,
    ReportLegs,
    report_fees,
    report_legs,
)
from strategies.benchmark_prices import read_prices
from strategies.charts import Prices
from strategies.packed import moment_of
from strategies.report.asking import NO_BENCHMARK, Wish
from strategies.report.trade_facts import TradeFacts, read_trades
from strategies.series import Series, read_series
from strategies.services import BENCHMARK_VERSION
from strategies.vocabulary import BEST_EVIDENCE_FIRST, SeriesSource, Window

# A benchmark's price may be carried forward for a day, and the day before the opening lies outside.
DAYS_BEFORE = 2
_BEFORE_EVERYTHING = datetime(1, 1, 1, tzinfo=UTC)
_ABOUT = """
    SELECT s.id, s.slug, s.name, s.category, s.assets::json, s.timeframe, s.status, s.risk_level,
      s.inception_on, b.slug,
      (SELECT v.version FROM strategies_catalogueversion AS v WHERE v.name = %(benchmarks)s),
      (SELECT array_agg(m.source) FROM strategies_metricssnapshot AS m
        WHERE m.strategy_id = s.id AND m."window" = %(window)s),
      (SELECT json_agg(json_build_array(c.source, c.metric, c.value, c.text,
          c.claimed_at)
          ORDER BY c.metric) FROM strategies_reportclaim AS c WHERE c.strategy_id = s.id),
      ARRAY[{legs}]::boolean[], ARRAY[{fees}]::boolean[]
    FROM strategies_strategy AS s LEFT JOIN strategies_benchmark AS b ON b.id = s.benchmark_id
    WHERE s.slug = %(slug)s AND (s.public OR %(sees_all)s)
"""
_REACH = """
    SELECT min(as_of_at), max(as_of_at) FROM strategies_performancepoint
    WHERE strategy_id = %s AND source = %s
"""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A metric as a producer claims it."""

    source: SeriesSource
    metric: str
    value: float | None
    text: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """What a strategy is; `sources` are the kinds of evidence that it has a series of.

    `benchmark` is the slug of its own benchmark, `benchmark_version` the data version of all of
    them. `legs` and `fees` are those of the floors above who have something to tell.
    """

    strategy_id: int
    slug: str
    name: str
    category: str
    assets: Sequence[str]
    timeframe: str
    status: str
    risk_level: str
    inception_on: date | None
    benchmark: str | None
    benchmark_version: int
    sources: Sequence[SeriesSource]
    claims: Sequence[ClaimRow]
    legs: Sequence[ReportLegs]
    fees: Sequence[FeeSource]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Everything that a report is computed from.

    `trades` is None where the record has none, without a series, and for an earlier data version,
    of which only the series is kept.
    """

    about: About
    series: Series
    prices: Prices | None
    trades: TradeFacts | None
    accounts: Sequence[AccountBridge]
    fees: FeesOfSeries | None


def read_facts(wish: Wish, *, slug: str, reader: Reader) -> Facts | None:
    """Read what a report needs; None where there is no such strategy for this reader.

    Raises ValidationError for an unknown benchmark and for a range without data, InvalidInput for a
    data version that cannot be told.
    """
    about = _read_about(slug, sees_all=sees_everything(reader))
    if about is None:
        return None
    series = read_series(
        strategy_id=about.strategy_id,
        source=wish.source or _best_source(about, wish),
        within=wish.within,
        data_version=wish.data_version,
    )
    if series is None:
        return None
    _require_data(series, wish.within)
    is_current = series.data_version == series.current_version
    return Facts(
        about=about,
        series=series,
        prices=_prices(wish, about, series),
        trades=_trades(about, series) if is_current else None,
        accounts=_accounts(about, wish) if is_current else (),
        fees=_fees(about, series),
    )


def _read_about(slug: str, *, sees_all: bool) -> About | None:
    """Read the strategy's own row with its claims."""
    values: dict[str, Any] = {
        "slug": slug,
        "sees_all": sees_all,
        "window": Window.ALL.value,
        "benchmarks": BENCHMARK_VERSION,
    }
    legs, fees = [one for _, one in report_legs], [one for _, one in report_fees]
    statement = _ABOUT.format(
        legs=", ".join(f"({one.version}) IS NOT NULL" for one in legs),
        fees=", ".join(one.knows for one in fees),
    )
    row = hot_row(statement, values)
    if row is None:
        return None
    *told, sources, claims, has_legs, has_fees = row
    columns: list[Any] = [
        *told,
        [SeriesSource(one) for one in sources or ()],
        [_claim(one) for one in claims or ()],
        list(compress(legs, has_legs)),
        list(compress(fees, has_fees)),
    ]
    return About(*columns)


def _best_source(about: About, wish: Wish) -> SeriesSource | None:
    """Choose the best evidence that there is; of an earlier version only the series itself knows."""
    if wish.data_version is not None:
        return None
    return next((one for one in BEST_EVIDENCE_FIRST if one in about.sources), None)


def _claim(row: Sequence[Any]) -> ClaimRow:
    """Read a claim as the database wrote it."""
    source, metric, value, text, claimed_at = row
    return ClaimRow(SeriesSource(source), metric, value, text, datetime.fromisoformat(claimed_at))


def _require_data(series: Series, within: DateRange) -> None:
    """Refuse a range in which a series that exists has no point, naming the days that there are."""
    if series.source is None or len(series) > 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(_REACH, [series.strategy_id, series.source.value])
        first_at, last_at = cursor.fetchone()
    if first_at is None:
        return
    reach = f"the {series.source} series reaches from {first_at.date()} to {last_at.date()}"
    ends = {"from": within.from_on, "to": within.to_on}
    raise ValidationError(
        {name: [f"leaves no data; {reach}"] for name, day in ends.items() if day is not None}
    )


def _prices(wish: Wish, about: About, series: Series) -> Prices | None:
    """Read the prices of the benchmark around the series, if there is one to compare with."""
    slug = about.benchmark if wish.benchmark is None else wish.benchmark
    if slug is None or slug == NO_BENCHMARK:
        return None
    start_at, end_at = _around(series) if len(series) else (None, _BEFORE_EVERYTHING)
    prices = read_prices(slug, start_at=start_at, end_at=end_at)
    if prices is None:
        raise ValidationError(
            {"benchmark": [f"{slug!r} is unknown; /api/v1/benchmarks/ lists those there are"]}
        )
    return prices


def _around(series: Series) -> tuple[datetime, datetime]:
    """Give the moments between which prices are compared with a series."""
    opening, closing = _midnight(series, 0), _midnight(series, -1)
    return opening - timedelta(days=DAYS_BEFORE), closing + timedelta(days=1)


def _trades(about: About, series: Series) -> TradeFacts | None:
    """Read the trades of the days that a series spans, behind its opening day."""
    if len(series) == 0:
        return None
    one_day = timedelta(days=1)
    return read_trades(
        about.strategy_id,
        start_at=_midnight(series, 0) + one_day,
        end_at=_midnight(series, -1) + one_day,
    )


def _midnight(series: Series, place: int) -> datetime:
    """Give the first moment of the day of a point."""
    return moment_of(series.micros[place]).replace(hour=0, minute=0, second=0, microsecond=0)


def _accounts(about: About, wish: Wish) -> list[AccountBridge]:
    """Ask the floors above for the accounts that trade the strategy, of the wanted evidence if any.

    The NAV at the end of the first day opens a range, as it does for the series.
    """
    first_at = wish.within.start_at
    opening_at = None if first_at is None else first_at + timedelta(days=1)
    found = [
        one
        for legs in about.legs
        for one in legs.bridges(about.strategy_id, opening_at, wish.within.end_at)
    ]
    wanted = None if wish.source is None else wish.source.value
    return [one for one in found if wanted in (None, one.evidence)]


def _fees(about: About, series: Series) -> FeesOfSeries | None:
    """Ask the floors above what is known of the fees in a series; the first who knows is heard."""
    if series.source is None:
        return None
    told = (one.ask(about.strategy_id, series.source.value) for one in about.fees)
    return next((one for one in told if one is not None), None)
