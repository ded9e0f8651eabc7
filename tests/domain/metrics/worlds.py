"""Series that the tests of the metrics share."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from atlas.domain.metrics import NavSeries, ReturnSeries, day_number

VECTORS = Path(__file__).parents[2] / "vectors" / "metrics_reference.json"


@dataclass(frozen=True)
class Reference:
    """Two years of daily returns whose metrics are known to eight digits."""

    told: dict[str, Any]
    returns: np.ndarray
    benchmark: np.ndarray
    first_day: int

    @classmethod
    def load(cls) -> "Reference":
        told = json.loads(VECTORS.read_text())
        first_on = date.fromisoformat(told["first_on"])
        return cls(
            told, np.array(told["returns"]), np.array(told["benchmark"]), day_number(first_on)
        )

    @property
    def days(self):
        return np.arange(self.first_day, self.first_day + len(self.returns))

    @property
    def return_series(self):
        return ReturnSeries(self.days, self.returns)

    @property
    def nav_series(self):
        return navs_of(self.returns, first_day=self.first_day)

    @property
    def benchmark_series(self):
        return navs_of(self.benchmark, first_day=self.first_day)


def navs_of(returns, *, first_day=19_000, opening=1.0):
    """Chain returns; `first_day` is that of the first return, the opening lies a day before."""
    navs = opening * np.concatenate(([1.0], np.cumprod(1.0 + np.asarray(returns))))
    return NavSeries(np.arange(first_day - 1, first_day + len(navs) - 1), navs)


def walk(days, *, seed=1, drift=0.0005, spread=0.02):
    """Draw daily returns."""
    return np.random.default_rng(seed).normal(drift, spread, days)


def without(series, *places):
    """Leave points out of a series."""
    kept = np.delete(np.arange(len(series.days)), places)
    return NavSeries(series.days[kept], series.navs[kept])


def numbers(found):
    """Give the plain values of metrics by their ids."""
    return {metric.value: one.value for metric, one in found.items()}


def value(found, metric):
    """Give the plain value of one metric."""
    return found.metrics[metric].value


def reasons(found):
    """Give the reasons of those metrics that have no value."""
    return {metric.value: one.reason.value for metric, one in found.items() if one.reason}
