"""Statistics of single trades within a window of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import Judge
from atlas.domain.metrics.values import MetricValue
from atlas.domain.units import USD_QUANTUM, ZERO, exact, floor_to


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """One trade; open while `closed_at` is None.

    `size_usd` is its notional, positive. `pnl_usd` and `pnl_ratio` (PnL over size) are None where
    the producer did not report them.
    """

    opened_at: datetime
    closed_at: datetime | None
    size_usd: Decimal
    pnl_usd: Decimal | None = None
    pnl_ratio: Decimal | None = None

    @property
    def outcome(self) -> Decimal | None:
        """Give a number whose sign says whether the trade won; None where nothing was reported."""
        return self.pnl_ratio if self.pnl_usd is None else self.pnl_usd


@dataclass(frozen=True, slots=True)
class TradeWindow:
    """The time that statistics of trades are about: from `start_at` up to `end_at`, both aware."""

    start_at: datetime
    end_at: datetime

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        if self.end_at <= self.start_at:
            raise InvalidInput(f"The window from {self.start_at} ends at {self.end_at}.")

    def holds(self, at: datetime | None) -> bool:
        """Tell whether a moment lies in the window."""
        return at is not None and self.start_at <= at < self.end_at


METRICS = (
    MetricId.TRADE_COUNT,
    MetricId.WIN_RATE_TRADES,
    MetricId.PROFIT_FACTOR,
    MetricId.EXPECTANCY,
    MetricId.EXPECTANCY_USD,
    MetricId.AVERAGE_TRADE_DURATION,
    MetricId.EXPOSURE,
    MetricId.TURNOVER,
)


def trade_values(
    trades: Sequence[TradeRecord],
    window: TradeWindow,
    judge: Judge,
    *,
    average_aum_usd: Decimal | None = None,
) -> list[MetricValue]:
    """Publish the statistics of trades; those of closed ones take what was closed in the window.

    A statistic is null (`not_reported`) where one of its trades lacks the figure that it needs: a
    mean over those that have it would be a guess.
    """
    closed = [trade for trade in trades if window.holds(trade.closed_at)]
    judge = judge.counting(len(closed))
    return [
        judge.publish(MetricId.TRADE_COUNT, len(closed)),
        *_of_closed(closed, judge),
        judge.publish(MetricId.EXPOSURE, exposure_ratio(trades, window)),
        _turnover(trades, window, average_aum_usd, judge),
    ]


def exposure_ratio(trades: Iterable[TradeRecord], window: TradeWindow) -> float:
    """Give the share of a window's time in which at least one trade was open."""
    held = timedelta(0)
    reached = window.start_at
    for trade in sorted(trades, key=lambda trade: trade.opened_at):
        start = max(trade.opened_at, reached)
        end = min(trade.closed_at or window.end_at, window.end_at)
        if end > start:
            held += end - start
            reached = end
    return held / (window.end_at - window.start_at)


def _of_closed(closed: list[TradeRecord], judge: Judge) -> list[MetricValue]:
    """Publish what closed trades came to."""
    if not closed:
        return [judge.publish(metric, None, reason=Reason.NO_TRADES) for metric in _OF_CLOSED]
    outcomes = _all_known([trade.outcome for trade in closed])
    amounts = _all_known([trade.pnl_usd for trade in closed])
    ratios = _all_known([trade.pnl_ratio for trade in closed])
    spans = [trade.closed_at - trade.opened_at for trade in closed if trade.closed_at is not None]
    duration = sum(spans, timedelta(0)).total_seconds() / len(spans)
    wins = None if outcomes is None else sum(outcome > 0 for outcome in outcomes) / len(outcomes)
    return [
        _reported(MetricId.WIN_RATE_TRADES, wins, judge),
        _profit_factor(amounts, judge),
        _reported(MetricId.EXPECTANCY, None if ratios is None else float(_mean(ratios)), judge),
        _reported(
            MetricId.EXPECTANCY_USD,
            None if amounts is None else floor_to(_mean(amounts), USD_QUANTUM),
            judge,
        ),
        judge.publish(MetricId.AVERAGE_TRADE_DURATION, duration),
    ]


def _profit_factor(amounts: list[Decimal] | None, judge: Judge) -> MetricValue:
    """Publish profits over losses."""
    if amounts is None:
        return judge.publish(MetricId.PROFIT_FACTOR, None, reason=Reason.NOT_REPORTED)
    with exact():
        profits = sum((amount for amount in amounts if amount > 0), ZERO)
        losses = -sum((amount for amount in amounts if amount < 0), ZERO)
        if losses == 0:
            return judge.publish(MetricId.PROFIT_FACTOR, None, reason=Reason.NO_LOSSES)
        return judge.publish(MetricId.PROFIT_FACTOR, float(profits / losses))


def _turnover(
    trades: Sequence[TradeRecord], window: TradeWindow, aum_usd: Decimal | None, judge: Judge
) -> MetricValue:
    """Publish half of what was opened and closed over the average assets under management."""
    if aum_usd is None or aum_usd <= 0:
        return judge.publish(MetricId.TURNOVER, None, reason=Reason.NOT_REPORTED)
    with exact():
        traded = sum(
            (
                trade.size_usd
                for trade in trades
                for at in (trade.opened_at, trade.closed_at)
                if window.holds(at)
            ),
            ZERO,
        )
        return judge.publish(MetricId.TURNOVER, float(traded / 2 / aum_usd))


def _reported(metric: MetricId, number: float | Decimal | None, judge: Judge) -> MetricValue:
    """Publish a number that is None only where the trades lack its figure."""
    reason = Reason.NOT_REPORTED if number is None else None
    return judge.publish(metric, number, reason=reason)


def _all_known(figures: list[Decimal | None]) -> list[Decimal] | None:
    """Give the figures if none is missing."""
    known = [figure for figure in figures if figure is not None]
    return known if len(known) == len(figures) else None


def _mean(figures: list[Decimal]) -> Decimal:
    """Average one or more figures."""
    with exact():
        return sum(figures, ZERO) / len(figures)


_OF_CLOSED = (
    MetricId.WIN_RATE_TRADES,
    MetricId.PROFIT_FACTOR,
    MetricId.EXPECTANCY,
    MetricId.EXPECTANCY_USD,
    MetricId.AVERAGE_TRADE_DURATION,
)
