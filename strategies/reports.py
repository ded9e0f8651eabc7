"""Reads that answer a question about a strategy across its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from atlas.api.filtering import DateRange
from atlas.domain.errors import InvalidInput
from strategies.models import PerformancePoint, Strategy
from strategies.vocabulary import BEST_EVIDENCE_FIRST, SeriesSource

LONGEST_SERIES = 100_000


@dataclass(frozen=True, slots=True)
class NavSeries:
    """What a share of a strategy was worth over time, by one kind of evidence, oldest first.

    `source` is None where the strategy has no series at all.
    """

    source: SeriesSource | None
    as_of_at: Sequence[datetime]
    nav_per_share_usd: Sequence[Decimal]
    aum_usd: Sequence[Decimal | None]


def nav_series(strategy: Strategy, *, source: SeriesSource | None, within: DateRange) -> NavSeries:
    """Read the NAV series of a strategy within a range of days.

    Without a source the best evidence that exists is taken: live, then paper, then backtest.
    Raises InvalidInput where the range holds more than 100,000 points.
    """
    chosen = source or best_source(strategy)
    if chosen is None:
        return NavSeries(None, (), (), ())
    points = _within(PerformancePoint.objects.filter(strategy=strategy, source=chosen), within)
    rows = points.order_by("as_of_at").values_list("as_of_at", "nav_per_share_usd", "aum_usd")
    found = list(rows[: LONGEST_SERIES + 1])
    if len(found) > LONGEST_SERIES:
        raise InvalidInput(
            f"The range holds more than {LONGEST_SERIES:,} points; narrow it with from and to",
            detail={"most_points": LONGEST_SERIES},
        )
    moments, navs, aums = zip(*found, strict=True) if found else ((), (), ())
    return NavSeries(chosen, moments, navs, aums)


def best_source(strategy: Strategy) -> SeriesSource | None:
    """Name the best evidence that a strategy has any point of."""
    points = PerformancePoint.objects.filter(strategy=strategy)
    return next(
        (one for one in BEST_EVIDENCE_FIRST if points.filter(source=one.value).exists()), None
    )


def _within(points: QuerySet[PerformancePoint], within: DateRange) -> QuerySet[PerformancePoint]:
    """Keep the points of a range of days."""
    if within.start_at is not None:
        points = points.filter(as_of_at__gte=within.start_at)
    if within.end_at is not None:
        points = points.filter(as_of_at__lt=within.end_at)
    return points
