"""The pandas yardstick of the metrics' benchmark computes the numbers that it is compared with."""

import numpy as np
import pandas as pd
import pytest

from atlas.domain.metrics import MetricId, NavSeries, daily_track, headlines
from benchmarks import metrics


def test_pandas_says_what_atlas_says():
    navs = np.concatenate(([1.0], np.cumprod(1 + np.random.default_rng(5).normal(0, 0.02, 400))))
    days = np.arange(18_000, 18_401)
    theirs = metrics.pandas_headlines(pd.Series(navs, index=metrics._dates(days)))
    (ours,) = headlines([daily_track(NavSeries(days, navs))])
    assert set(theirs) == {metric.value for metric in ours}
    for name, number in theirs.items():
        assert ours[MetricId(name)].value == pytest.approx(number, rel=1e-9, abs=1e-9), name


def test_memory_that_a_call_adds_is_counted():
    assert metrics.added_memory_mb(lambda: np.ones(2**20)) == pytest.approx(8, abs=0.1)
    assert metrics.added_memory_mb(lambda: None) < 0.1
