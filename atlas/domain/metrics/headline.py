"""Headline metrics: the few numbers that stand for a strategy in a list, and open its report."""

import math
from typing import NamedTuple

from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.judge import DAYS_A_YEAR, EPSILON, Judge, power
from atlas.domain.metrics.sums import LevelSums, ReturnSums
from atlas.domain.metrics.values import MetricValue

ROOT_OF_YEAR = math.sqrt(DAYS_A_YEAR)


class Figures(NamedTuple):
    """The raw figures of one track; None where there are too few points for any.

    `days` are calendar days from the opening to the last NAV.
    """

    levels: LevelSums | None
    returns: ReturnSums | None
    days: int

    @property
    def cagr(self) -> float | None:
        """Give the yearly growth; None where it is no number."""
        if self.levels is None or self.days < 1:
            return None
        return power(1.0 + self.levels.growth, DAYS_A_YEAR / self.days)


def headline_values(figures: Figures, judge: Judge, *, rf_daily: float) -> list[MetricValue]:
    """Publish the headline metrics of one track."""
    return [*_of_levels(figures, judge), *_of_returns(figures.returns, judge, rf_daily)]


def yearly_growth(figures: Figures) -> float | None:
    """Give the CAGR as a ratio; None where it is no number."""
    growth = figures.cagr
    return None if growth is None else growth - 1.0


def varies(sums: ReturnSums) -> bool:
    """Tell whether returns vary by more than the noise of floating point."""
    return sums.deviation > EPSILON * max(1.0, -sums.worst, sums.best)


def falls_short(sums: ReturnSums) -> bool:
    """Tell whether any return lies below the target by more than noise."""
    return sums.shortfall > EPSILON


def _of_levels(figures: Figures, judge: Judge) -> list[MetricValue]:
    """Publish what follows from the NAVs."""
    levels = figures.levels or LevelSums(math.nan, math.nan, math.nan)
    cagr = yearly_growth(figures)
    is_unharmed = levels.depth > -EPSILON
    calmar = cagr / -levels.depth if cagr is not None and not is_unharmed else None
    return [
        judge.publish(MetricId.TOTAL_RETURN, levels.growth),
        judge.publish(MetricId.CAGR, cagr),
        judge.publish(MetricId.MAX_DRAWDOWN, _without_noise(levels.depth)),
        judge.publish(MetricId.CURRENT_DRAWDOWN, _without_noise(levels.current)),
        judge.publish(MetricId.CALMAR, calmar, reason=Reason.NO_DRAWDOWN if is_unharmed else None),
    ]


def _without_noise(fall: float) -> float:
    """Take a fall that is the noise of floating point for none."""
    return 0.0 if fall > -EPSILON else fall


def _of_returns(sums: ReturnSums | None, judge: Judge, rf_daily: float) -> list[MetricValue]:
    """Publish what follows from the daily returns."""
    if sums is None:
        return [judge.publish(metric, None, reason=judge.too_little) for metric in _RETURN_METRICS]
    excess = sums.mean - rf_daily
    moved, fell = varies(sums), falls_short(sums)
    moves = sums.wins + sums.losses
    values = (
        sums.deviation * ROOT_OF_YEAR if moved else 0.0,
        sums.shortfall * ROOT_OF_YEAR if fell else 0.0,
        excess / sums.deviation * ROOT_OF_YEAR if moved else None,
        excess / sums.shortfall * ROOT_OF_YEAR if fell else None,
        sums.low,
        sums.tail,
        sums.wins / moves if moves else None,
    )
    reasons = (
        None,
        None,
        None if moved else Reason.ZERO_VARIANCE,
        None if fell else Reason.NO_DOWNSIDE,
        None,
        None,
        None if moves else Reason.NO_MOVES,
    )
    return [
        judge.publish(metric, value, reason=reason)
        for metric, value, reason in zip(_RETURN_METRICS, values, reasons, strict=True)
    ]


_RETURN_METRICS = (
    MetricId.VOLATILITY,
    MetricId.DOWNSIDE_DEVIATION,
    MetricId.SHARPE,
    MetricId.SORTINO,
    MetricId.VALUE_AT_RISK_95,
    MetricId.CVAR_95,
    MetricId.WIN_RATE_DAYS_NONZERO,
)
