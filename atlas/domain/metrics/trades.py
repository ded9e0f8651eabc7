"""Statistics of single trades within a window of time.

Trades come as columns, moments in microseconds: a strategy has thousands of them, and a record of
each would cost more than everything that is computed from it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import compress

import numpy as np

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import Judge
from atlas.domain.metrics.series import BoolArray, FloatArray, IntArray
from atlas.domain.metrics.values import MetricValue
from atlas.domain.units import USD_QUANTUM, ZERO, exact, floor_to

STILL_OPEN = int(np.iinfo(np.int64).max)
MICROS_A_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Amounts = Sequence[Decimal | None]


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """The trades of a strategy, in any order; moments in microseconds since 1970-01-01 UTC.

    `closed` is STILL_OPEN while a trade is open. `size_usd` is its notional, positive. `pnl_usd` is None and
    `pnl_ratio` (PnL over size) not a number where the producer did not report them. Raises
    InvalidInput for columns of different lengths and where a trade closes before it opens.
    """

    opened: IntArray
    closed: IntArray
    size_usd: Sequence[Decimal]
    pnl_usd: Amounts
    pnl_ratio: FloatArray

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        columns = (self.opened, self.closed, self.size_usd, self.pnl_usd, self.pnl_ratio)
        if len({len(column) for column in columns}) != 1:
            raise InvalidInput("Every column of trades has one entry a trade.")
        if (self.closed < self.opened).any():
            at = int(np.argmax(self.closed < self.opened))
            raise InvalidInput(f"Trade {at} of {len(self.closed)} closes before it opens.")

    @classmethod
    def from_moments(
        cls,
        opened_at: Sequence[datetime],
        closed_at: Sequence[datetime | None],
        *,
        size_usd: Sequence[Decimal],
        pnl_usd: Amounts,
        pnl_ratio: Amounts,
    ) -> "Trades":
        """Make trades from aware moments; None: still open, not reported."""
        return cls(
            np.array([micros_of(at) for at in opened_at], dtype=np.int64),
            np.array(
                [STILL_OPEN if at is None else micros_of(at) for at in closed_at], dtype=np.int64
            ),
            size_usd,
            pnl_usd,
            np.array([np.nan if one is None else float(one) for one in pnl_ratio]),
        )


@dataclass(frozen=True, slots=True)
class TradeWindow:
    """The time that statistics of trades are about, in microseconds: `start` up to below `end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        if self.end <= self.start:
            raise InvalidInput(
                f"A window of trades that starts at {self.start} ends at {self.end}."
            )

    def holds(self, moments: IntArray) -> BoolArray:
        """Tell of moments whether they lie in the window."""
        inside: BoolArray = (moments >= self.start) & (moments < self.end)
        return inside


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


def micros_of(at: datetime) -> int:
    """Count the microseconds from 1970-01-01 UTC to an aware moment."""
    return (at - _EPOCH) // _MICROSECOND


def trade_values(
    trades: Trades, window: TradeWindow, judge: Judge, *, average_aum_usd: Decimal | None = None
) -> list[MetricValue]:
    """Publish the statistics of trades; those of closed ones take what was closed in the window.

    A statistic is null (`not_reported`) where one of its trades lacks the figure that it needs: a
    mean over those that have it would be a guess.
    """
    is_closed = window.holds(trades.closed)
    count = int(np.count_nonzero(is_closed))
    judge = judge.counting(count)
    return [
        judge.publish(MetricId.TRADE_COUNT, count),
        *_of_closed(trades, is_closed, judge),
        judge.publish(MetricId.EXPOSURE, exposure_ratio(trades, window)),
        _turnover(trades, window.holds(trades.opened), is_closed, average_aum_usd, judge),
    ]


def exposure_ratio(trades: Trades, window: TradeWindow) -> float:
    """Give the share of a window's time in which at least one trade was open."""
    starts = np.maximum(trades.opened, window.start)
    ends = np.minimum(trades.closed, window.end)
    if (starts[1:] < starts[:-1]).any():
        order = starts.argsort(kind="stable")
        starts, ends = starts[order], ends[order]
    # What was covered before a trade opened is not counted again.
    covered = np.maximum.accumulate(np.concatenate(([window.start], ends)))[:-1]
    held = np.maximum(ends - np.maximum(starts, covered), 0).sum()
    return int(held) / (window.end - window.start)


def _of_closed(trades: Trades, is_closed: BoolArray, judge: Judge) -> list[MetricValue]:
    """Publish what closed trades came to."""
    count = judge.origin.samples
    if count == 0:
        return [judge.publish(metric, None, reason=Reason.NO_TRADES) for metric in _OF_CLOSED]
    pnl_usd, pnl_ratio = (
        list(compress(trades.pnl_usd, is_closed.tolist())),
        trades.pnl_ratio[is_closed],
    )
    expectancy = float(pnl_ratio.sum()) / count
    held = int((trades.closed[is_closed] - trades.opened[is_closed]).sum())
    return [
        *_of_pnl(pnl_usd, pnl_ratio, judge),
        _reported(MetricId.EXPECTANCY, None if math.isnan(expectancy) else expectancy, judge),
        judge.publish(MetricId.AVERAGE_TRADE_DURATION, held / count / MICROS_A_SECOND),
    ]


def _of_pnl(
    pnl_usd: list[Decimal | None], pnl_ratio: FloatArray, judge: Judge
) -> list[MetricValue]:
    """Publish what one or more profits and losses come to."""
    amounts = [amount for amount in pnl_usd if amount is not None]
    if len(amounts) < len(pnl_usd):
        share = _share_of_wins(pnl_usd, pnl_ratio)
        return [
            _reported(MetricId.WIN_RATE_TRADES, share, judge),
            _reported(MetricId.PROFIT_FACTOR, None, judge),
            _reported(MetricId.EXPECTANCY_USD, None, judge),
        ]
    won = [amount for amount in amounts if amount > ZERO]
    with exact():
        total, profits = sum(amounts, ZERO), sum(won, ZERO)
        losses = profits - total
        factor = None if losses == 0 else float(profits / losses)
        expected = floor_to(total / len(amounts), USD_QUANTUM)
    reason = Reason.NO_LOSSES if factor is None else None
    return [
        judge.publish(MetricId.WIN_RATE_TRADES, len(won) / len(amounts)),
        judge.publish(MetricId.PROFIT_FACTOR, factor, reason=reason),
        judge.publish(MetricId.EXPECTANCY_USD, expected),
    ]


def _share_of_wins(pnl_usd: Amounts, pnl_ratio: FloatArray) -> float | None:
    """Give the share of trades that won, by the sign of either figure; None if one has neither."""
    pairs = list(zip(pnl_usd, pnl_ratio.tolist(), strict=True))
    if any(usd is None and math.isnan(ratio) for usd, ratio in pairs):
        return None
    won = [ratio > 0 if usd is None else usd > ZERO for usd, ratio in pairs]
    return won.count(True) / len(won)


def _turnover(
    trades: Trades,
    is_opened: BoolArray,
    is_closed: BoolArray,
    aum_usd: Decimal | None,
    judge: Judge,
) -> MetricValue:
    """Publish half of what was opened and closed over the average assets under management."""
    if aum_usd is None or aum_usd <= 0:
        return judge.publish(MetricId.TURNOVER, None, reason=Reason.NOT_REPORTED)
    both, one = is_opened & is_closed, is_opened ^ is_closed
    with exact():
        traded = sum(compress(trades.size_usd, both.tolist()), ZERO)
        if one.any():
            traded += sum(compress(trades.size_usd, one.tolist()), ZERO) / 2
        return judge.publish(MetricId.TURNOVER, float(traded / aum_usd))


def _reported(metric: MetricId, number: float | Decimal | None, judge: Judge) -> MetricValue:
    """Publish a number that is None only where the trades lack its figure."""
    reason = Reason.NOT_REPORTED if number is None else None
    return judge.publish(metric, number, reason=reason)


_OF_CLOSED = (
    MetricId.WIN_RATE_TRADES,
    MetricId.PROFIT_FACTOR,
    MetricId.EXPECTANCY,
    MetricId.EXPECTANCY_USD,
    MetricId.AVERAGE_TRADE_DURATION,
)
