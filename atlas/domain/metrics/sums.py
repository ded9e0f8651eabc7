"""The passes over the numbers: one row a strategy, so that one report and a thousand are one code.

Each row is reduced by itself, in the same order whatever lies beside it: the figures of a strategy
are the same to the last bit in a batch and alone (a test holds it to that).
"""

from typing import NamedTuple

import numpy as np

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.judge import DAYS_A_YEAR
from atlas.domain.metrics.series import FloatArray

TAIL = 0.05
# Rows that are worked on at once: their temporaries stay in the processor's cache.
_ROWS_AT_ONCE = 32


class LevelSums(NamedTuple):
    """What the levels of one strategy come to: deepest and present drawdown, last over first."""

    multiple: float
    depth: float
    current: float


class ReturnSums(NamedTuple):
    """What the daily returns of one strategy come to; none of it is annualised.

    `shortfall` is the downside deviation below the daily risk-free rate, `low` the 5 % quantile,
    `tail` the mean of the lowest twentieth.
    """

    days: int
    mean: float
    deviation: float
    shortfall: float
    worst: float
    best: float
    low: float
    tail: float
    wins: int
    losses: int


def daily_rate(rf: float) -> float:
    """Turn a yearly risk-free rate (0.05 is 5 %) into a daily one, geometrically.

    Raises InvalidInput at -1 and below, above 10, and for what is no number.
    """
    if not -1 < rf <= 10:  # noqa: PLR2004 - a rate of 1000 % is a slip of the keyboard
        raise InvalidInput(
            f"The risk-free rate is {rf}; it must lie between -1 and 10 (0.05: 5 %)."
        )
    return float((1 + rf) ** (1 / DAYS_A_YEAR) - 1)


def sum_levels(levels: FloatArray) -> list[LevelSums]:
    """Reduce levels, one row a strategy, two or more columns."""
    sums: list[LevelSums] = []
    for first in range(0, len(levels), _ROWS_AT_ONCE):
        rows = levels[first : first + _ROWS_AT_ONCE]
        falls = np.maximum.accumulate(rows, axis=1)
        np.divide(rows, falls, out=falls)
        multiple = rows[:, -1] / rows[:, 0]
        depth = falls.min(axis=1) - 1.0
        current = falls[:, -1] - 1.0
        columns = (multiple.tolist(), depth.tolist(), current.tolist())
        sums += map(LevelSums, *columns)
    return sums


def sum_returns(returns: FloatArray, rf_daily: float) -> list[ReturnSums]:
    """Reduce daily returns, one row a strategy, one or more columns."""
    sums: list[ReturnSums] = []
    for first in range(0, len(returns), _ROWS_AT_ONCE):
        sums += _sum_some_returns(returns[first : first + _ROWS_AT_ONCE], rf_daily)
    return sums


def _sum_some_returns(rows: FloatArray, rf_daily: float) -> list[ReturnSums]:
    """Reduce a few rows."""
    count = rows.shape[1]
    mean = rows.sum(axis=1) / count
    work = rows - mean[:, np.newaxis]
    deviation = np.sqrt(_square_sums(work) / max(count - 1, 1))
    excess = np.subtract(rows, rf_daily, out=work) if rf_daily else rows
    np.minimum(excess, 0.0, out=work)
    shortfall = np.sqrt(_square_sums(work) / count)
    wins = np.add.reduce(rows > 0.0, axis=1, dtype=np.int64)
    losses = np.add.reduce(rows < 0.0, axis=1, dtype=np.int64)
    lowest, low = lower_tail(rows)
    columns = (
        mean,
        deviation,
        shortfall,
        lowest.min(axis=1),
        rows.max(axis=1),
        low,
        lowest.sum(axis=1) / lowest.shape[1],
        wins,
        losses,
    )
    return [ReturnSums(count, *row) for row in zip(*map(np.ndarray.tolist, columns), strict=True)]


def lower_tail(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the lowest twentieth of each row in any order, and its 5 % quantile.

    The quantile lies linearly between the observations. Nothing more is sorted than it takes.
    """
    last = rows.shape[1] - 1
    place = last * TAIL
    below = int(place)
    parted = np.partition(rows, min(below + 1, last), axis=1)
    lowest = parted[:, : below + 1]
    under = lowest.max(axis=1)
    above = parted[:, min(below + 1, last)]
    return lowest, under + (above - under) * (place - below)


def _square_sums(rows: FloatArray) -> FloatArray:
    """Add up the squares of each row."""
    sums: FloatArray = np.vecdot(rows, rows)
    return sums
