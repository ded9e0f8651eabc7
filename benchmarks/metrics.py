"""How long the metrics take: the headline numbers of many strategies in one batch, one full report.

Figures, all in milliseconds of processor time a strategy, from NAV series of 1,825 daily returns:
`headline_batch` (1,000 strategies that share a calendar; the yardstick is the least that any way of
computing a drawdown must do, one `cumprod` and one running maximum over the same returns),
`headline_series` (the same from 1,000 series that are laid on the calendar first, as an import
does), `headline_single` (one strategy alone), `report` (every metric, benchmark, tables and rolling
series; the yardstick is a pandas implementation of the headline numbers alone) and `report_traded`
(the same with the statistics of 500 trades).
`batch_memory` is the most that one batch held in addition to its series, its answer included; the
yardstick is the size of the series themselves.

Nothing here waits for anything, so processor time is what the work takes, and a busy machine does
not blur it.
"""

import argparse
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from atlas.domain.metrics import (
    NavSeries,
    Trades,
    Trading,
    daily_track,
    headlines,
    headlines_of_matrix,
    report,
)
from atlas.domain.metrics.series import FloatArray, IntArray
from benchmarks.frame import Figure, Goal, interleaved_medians, publish, tell

STRATEGIES = 1_000
RETURNS = 1_825
TRADES = 500
ROUNDS = 21
REPORTS_A_ROUND = 10
FIRST_DAY = 18_000
MICROS_A_DAY = 86_400_000_000
MILLISECONDS = 1_000.0
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What the metrics are computed from."""

    days: IntArray
    navs: FloatArray
    returns: FloatArray
    series: list[NavSeries]
    trading: Trading

    @classmethod
    def make(cls) -> "World":
        """Make the strategies from a fixed seed."""
        returns = np.random.default_rng(20).normal(0.0006, 0.02, (STRATEGIES, RETURNS))
        navs = np.ones((STRATEGIES, RETURNS + 1))
        np.cumprod(1.0 + returns, axis=1, out=navs[:, 1:])
        days = np.arange(FIRST_DAY, FIRST_DAY + RETURNS + 1)
        series = [NavSeries(days, row) for row in navs]
        return cls(days, navs, returns, series, _trading())


def main() -> int:
    """Measure; no option is needed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    return publish(figures())


def figures() -> Iterator[Figure]:
    """Measure one figure after the other."""
    tell(f"{STRATEGIES} strategies of {RETURNS} returns, {ROUNDS} rounds")
    world = World.make()
    yield from _batches(world)
    yield from _singles(world)
    yield Figure(
        "batch_memory",
        added_memory_mb(lambda: headlines_of_matrix(world.days, world.navs)),
        "MB",
        yardstick=world.navs.nbytes / MEGABYTE,
    )


def added_memory_mb(call: Callable[[], object]) -> float:
    """Give the most that a call held in addition to what was there, what it gives back included."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()


def _batches(world: World) -> Iterator[Figure]:
    """Measure the batch and its yardstick in turns."""
    calls: dict[str, Callable[[], object]] = {
        "pass": lambda: np.maximum.accumulate(np.cumprod(1.0 + world.returns, axis=1), axis=1),
        "matrix": lambda: headlines_of_matrix(world.days, world.navs),
        "series": lambda: headlines([daily_track(one) for one in world.series]),
    }
    seconds = interleaved_medians(calls, rounds=ROUNDS, clock=time.process_time)
    each = {name: taken / STRATEGIES * MILLISECONDS for name, taken in seconds.items()}
    goal = Goal("ratio", "<=", 3.5)
    yield Figure("headline_batch", each["matrix"], "ms", yardstick=each["pass"], goal=goal)
    yield Figure("headline_series", each["series"], "ms", yardstick=each["pass"])


def _singles(world: World) -> Iterator[Figure]:
    """Measure one strategy alone, a different one at each call."""
    benchmark, some = world.series[0], world.series[1 : 1 + REPORTS_A_ROUND]
    frames = [pd.Series(one.navs, index=_dates(one.days)) for one in some]
    calls: dict[str, Callable[[], object]] = {
        "pandas": lambda: [pandas_headlines(frame) for frame in frames],
        "headline_single": lambda: [headlines([daily_track(one)]) for one in some],
        "report": lambda: [report(one, benchmark=benchmark) for one in some],
        "report_traded": lambda: [
            report(one, benchmark=benchmark, trading=world.trading) for one in some
        ],
    }
    seconds = interleaved_medians(calls, rounds=ROUNDS, clock=time.process_time)
    each = {name: taken / REPORTS_A_ROUND * MILLISECONDS for name, taken in seconds.items()}
    for name, goal in (
        ("headline_single", Goal("value", "<=", 0.2)),
        ("report", Goal("value", "<=", 1.0)),
        ("report_traded", Goal("value", "<=", 1.0)),
    ):
        yield Figure(name, each[name], "ms", yardstick=each["pandas"], goal=goal)


def pandas_headlines(navs: pd.Series) -> dict[str, float]:
    """Compute the headline numbers as one would by hand, the monthly table left out."""
    returns = navs.pct_change().dropna()
    falls = navs / navs.cummax() - 1.0
    days = (navs.index[-1] - navs.index[0]).days
    growth = float(navs.iloc[-1] / navs.iloc[0])
    cagr = growth ** (365 / days) - 1.0
    low = returns.quantile(0.05)
    shortfall = math.sqrt(float((returns.clip(upper=0.0) ** 2).mean()))
    root = math.sqrt(365)
    return {
        "total_return": growth - 1.0,
        "cagr": cagr,
        "volatility": returns.std() * root,
        "downside_deviation": shortfall * root,
        "sharpe": returns.mean() / returns.std() * root,
        "sortino": returns.mean() / shortfall * root,
        "calmar": cagr / abs(falls.min()),
        "max_drawdown": falls.min(),
        "current_drawdown": falls.iloc[-1],
        "value_at_risk_95": low,
        "cvar_95": returns.nsmallest(int((len(returns) - 1) * 0.05) + 1).mean(),
        "win_rate_days_nonzero": (returns > 0).sum() / (returns != 0).sum(),
    }


def _dates(days: IntArray) -> pd.DatetimeIndex:
    """Give the dates of day numbers."""
    return pd.DatetimeIndex(days.astype("datetime64[D]"))


def _trading() -> Trading:
    """Make trades that lie all over the years."""
    rng = np.random.default_rng(21)
    first = (FIRST_DAY + 1) * MICROS_A_DAY
    opened = (first + rng.uniform(0, RETURNS - 10, TRADES) * MICROS_A_DAY).astype(np.int64)
    held, pnl = rng.uniform(0.1, 9, TRADES), rng.normal(5, 60, TRADES)
    trades = Trades(
        opened,
        opened + (held * MICROS_A_DAY).astype(np.int64),
        size_usd=[Decimal(1000)] * TRADES,
        pnl_usd=[Decimal(f"{one:.2f}") for one in pnl],
        pnl_ratio=np.round(pnl / 1000, 8),
    )
    return Trading(trades, average_aum_usd=Decimal(250_000))


if __name__ == "__main__":
    raise SystemExit(main())
