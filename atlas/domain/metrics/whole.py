"""The report: every metric of one strategy over one window, with tables and rolling series.

Each value says what it was computed from; what cannot be computed is null with a reason. Which
source a series has and its data version are the caller's to add.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from atlas.domain.metrics.batch import figures_of, judge_of
from atlas.domain.metrics.comparison import (
    METRICS as COMPARISON_METRICS,
)
from atlas.domain.metrics.comparison import (
    Joined,
    comparison_values,
    join,
    judge_of_joined,
)
from atlas.domain.metrics.daily import (
    BENCHMARK_MAX_FILL_DAYS,
    Track,
    daily_track,
    provenance_of,
)
from atlas.domain.metrics.distribution import distribution_values
from atlas.domain.metrics.drawdown import (
    Drawdown,
    Underwater,
    drawdown_table,
    drawdown_values,
    ongoing_drawdown,
    underwater,
)
from atlas.domain.metrics.headline import Figures, headline_values
from atlas.domain.metrics.identifiers import Reason
from atlas.domain.metrics.judge import Judge
from atlas.domain.metrics.rolling import WINDOW_DAYS, RollingSeries, rolling_beta, rolling_risk
from atlas.domain.metrics.series import MAX_FILL_DAYS, SECONDS_A_DAY, NavSeries, ReturnSeries
from atlas.domain.metrics.sums import daily_rate
from atlas.domain.metrics.tables import (
    YearReturn,
    month_values,
    monthly_returns,
    monthly_table,
)
from atlas.domain.metrics.trades import METRICS as TRADE_METRICS
from atlas.domain.metrics.trades import MICROS_A_SECOND, Trades, TradeWindow, trade_values
from atlas.domain.metrics.values import MetricValue, MetricValues, Provenance


@dataclass(frozen=True, slots=True)
class Terms:
    """What a report is computed with: yearly risk-free rate, rolling window, longest fill."""

    rf: float = 0.0
    rolling_days: int = WINDOW_DAYS
    max_fill_days: int = MAX_FILL_DAYS


@dataclass(frozen=True, slots=True)
class Trading:
    """The trades of a strategy, and its average assets under management where they are known."""

    trades: Trades
    average_aum_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The whole answer; `terms` are echoed, `provenance` is that of the strategy's own metrics.

    `drawdowns` are the ten deepest, the deepest first; `ongoing` is the one in which the series
    ends, None where it ends on its peak. Both, and `underwater`, are empty where returns have gaps.
    """

    metrics: MetricValues
    provenance: Provenance
    terms: Terms
    drawdowns: tuple[Drawdown, ...]
    ongoing: Drawdown | None
    years: tuple[YearReturn, ...]
    underwater: Underwater
    rolling: tuple[RollingSeries, ...]


DEFAULT_TERMS = Terms()


def report(
    series: NavSeries | ReturnSeries,
    *,
    window: tuple[date, date] | None = None,
    benchmark: NavSeries | None = None,
    trading: Trading | None = None,
    terms: Terms = DEFAULT_TERMS,
) -> Report:
    """Compute everything about a series, or about the part of it that lies in a window of days.

    The NAV at the end of the window's first day opens it. The benchmark may reach beyond the
    window. Raises InvalidInput where the window holds no data or a term is out of range.
    """
    part = series if window is None else series.between(*window)
    track = daily_track(part, max_fill_days=terms.max_fill_days)
    judge = judge_of(track, provenance_of(track, window))
    water, months = underwater(track), monthly_returns(track)
    falls = drawdown_table(water)
    joined = None if benchmark is None else _joined(track, benchmark)
    values = [
        *_own(track, joined, judge, terms),
        *drawdown_values(water, falls, judge),
        *month_values(months, judge),
        *_traded(track, trading, judge),
    ]
    return Report(
        metrics={value.metric: value for value in values},
        provenance=judge.origin,
        terms=terms,
        drawdowns=falls,
        ongoing=ongoing_drawdown(water),
        years=monthly_table(months, is_chained=track.is_chained),
        underwater=water,
        rolling=_rolling(track, joined, terms),
    )


def _own(track: Track, joined: Joined | None, judge: Judge, terms: Terms) -> list[MetricValue]:
    """Publish what follows from the daily returns, those of the benchmark beside them."""
    rf_daily = daily_rate(terms.rf)
    (figures,) = figures_of([track], rf_daily=rf_daily)
    return [
        *headline_values(figures, judge, rf_daily=rf_daily),
        *distribution_values(track, figures.returns, judge, rf_daily=rf_daily),
        *_compared(track, joined, figures, judge, terms),
    ]


def _joined(track: Track, benchmark: NavSeries) -> Joined:
    """Pair a track with its benchmark, whose prices are carried forward for a day at the most."""
    return join(track, daily_track(benchmark, max_fill_days=BENCHMARK_MAX_FILL_DAYS))


def _compared(
    track: Track, joined: Joined | None, figures: Figures, judge: Judge, terms: Terms
) -> list[MetricValue]:
    """Publish the comparison, null where there is nothing to compare with."""
    if joined is None:
        return judge.absent(COMPARISON_METRICS, Reason.NO_BENCHMARK)
    return comparison_values(
        joined,
        judge_of_joined(joined, track, judge.origin),
        cagr=figures.cagr,
        rf=terms.rf,
        rf_daily=daily_rate(terms.rf),
    )


def _traded(track: Track, given: Trading | None, judge: Judge) -> list[MetricValue]:
    """Publish the statistics of trades, null where none are known."""
    if given is None:
        return judge.absent(TRADE_METRICS, Reason.NOT_REPORTED)
    if judge.days < 1:
        return judge.absent(TRADE_METRICS, Reason.INSUFFICIENT_HISTORY)
    window = TradeWindow(_end_of(track.coverage.opening_day), _end_of(track.coverage.closing_day))
    return trade_values(given.trades, window, judge, average_aum_usd=given.average_aum_usd)


def _end_of(day: int) -> int:
    """Give the moment at which a day ends, in microseconds."""
    return (day + 1) * SECONDS_A_DAY * MICROS_A_SECOND


def _rolling(track: Track, joined: Joined | None, terms: Terms) -> tuple[RollingSeries, ...]:
    """Give the rolling series that the data allows; the day of a wipe-out ends no window."""
    days = terms.rolling_days
    own = rolling_risk(track, rf_daily=daily_rate(terms.rf), window_days=days)
    every = own if joined is None else (*own, rolling_beta(joined, window_days=days))
    if not track.is_wiped_out:
        return every
    return tuple(one.before(track.coverage.closing_day) for one in every)
