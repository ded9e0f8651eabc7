"""Headline metrics: the few numbers that stand for a strategy in a list, and open its report."""

import math
from typing import NamedTuple

from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import DAYS_A_YEAR, EPSILON, Judge, power
from atlas.domain.metrics.sums import LevelSums, ReturnSums
from atlas.domain.metrics.values import MetricValue

METRICS = (
    MetricId.TOTAL_RETURN,
    MetricId.CAGR,
    MetricId.MAX_DRAWDOWN,
    MetricId.CURRENT_DRAWDOWN,
    MetricId.CALMAR,
    MetricId.VOLATILITY,
    MetricId.DOWNSIDE_DEVIATION,
    MetricId.SHARPE,
    MetricId.SORTINO,
    MetricId.VALUE_AT_RISK_95,
    MetricId.CVAR_95,
    MetricId.WIN_RATE_DAYS_NONZERO,
)
ROOT_OF_YEAR = math.sqrt(DAYS_A_YEAR)
_Numbers = tuple[float | None, ...]
_Reasons = tuple[Reason | None, ...]


class Figures(NamedTuple):
    """The raw figures of one track; None where there are too few points for any.

    `days` are calendar days from the opening to the last NAV.
    """

    levels: LevelSums | None
    returns: ReturnSums | None
    days: int

    @property
    def cagr(self) -> float | None:
        """Give the yearly growth as a ratio; None where it is no number."""
        if self.levels is None or self.days < 1:
            return None
        growth = power(self.levels.multiple, DAYS_A_YEAR / self.days)
        return None if growth is None else growth - 1.0


def headline_values(figures: Figures, judge: Judge, *, rf_daily: float) -> list[MetricValue]:
    """Publish the headline metrics of one track, in the order of METRICS."""
    level_numbers, level_reasons = _of_levels(figures)
    return_numbers, return_reasons = _of_returns(figures.returns, judge, rf_daily)
    return judge.publish_all(
        METRICS, level_numbers + return_numbers, level_reasons + return_reasons
    )


def varies(sums: ReturnSums) -> bool:
    """Tell whether returns vary by more than the noise of floating point."""
    return sums.deviation > EPSILON * max(1.0, -sums.worst, sums.best)


def falls_short(sums: ReturnSums) -> bool:
    """Tell whether any return lies below the target by more than noise."""
    return sums.shortfall > EPSILON


def _of_levels(figures: Figures) -> tuple[_Numbers, _Reasons]:
    """Give what follows from the NAVs."""
    multiple, depth, current = figures.levels or _UNKNOWN
    cagr = figures.cagr
    is_unharmed = depth > -EPSILON
    calmar = None if cagr is None or is_unharmed else cagr / -depth
    # A fall that is the noise of floating point is none.
    depth, current = 0.0 if is_unharmed else depth, 0.0 if current > -EPSILON else current
    numbers = (multiple - 1.0, cagr, depth, current, calmar)
    return numbers, (None, None, None, None, Reason.NO_DRAWDOWN if is_unharmed else None)


def _of_returns(
    sums: ReturnSums | None, judge: Judge, rf_daily: float
) -> tuple[_Numbers, _Reasons]:
    """Give what follows from the daily returns."""
    if sums is None:
        return (None,) * 7, (judge.too_little,) * 7
    excess = sums.mean - rf_daily
    moved, fell = varies(sums), falls_short(sums)
    moves = sums.wins + sums.losses
    numbers = (
        sums.deviation * ROOT_OF_YEAR if moved else 0.0,
        sums.shortfall * ROOT_OF_YEAR if fell else 0.0,
        excess / sums.deviation * ROOT_OF_YEAR if moved else None,
        excess / sums.shortfall * ROOT_OF_YEAR if fell else None,
        sums.low,
        sums.tail,
        sums.wins / moves if moves else None,
    )
    return numbers, (
        None,
        None,
        None if moved else Reason.ZERO_VARIANCE,
        None if fell else Reason.NO_DOWNSIDE,
        None,
        None,
        None if moves else Reason.NO_MOVES,
    )


_UNKNOWN = LevelSums(math.nan, math.nan, math.nan)
