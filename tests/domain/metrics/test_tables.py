"""The monthly table and the table of drawdowns."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.metrics import MetricId, NavSeries, day_number, report
from tests.domain.metrics.worlds import navs_of, numbers, walk

JANUARY = date(2024, 1, 1)


def from_dates(**navs):
    """Make a series of `y2024_01_31=1.5` words."""
    dates = [date(*map(int, name[1:].split("_"))) for name in navs]
    return NavSeries.from_dates(dates, list(navs.values()))


def cells(series):
    return {
        f"{month.month_on:%Y-%m}": (month.value, month.is_partial)
        for year in report(series).years
        for month in year.months
        if month
    }


def test_whole_months_are_told_from_partial_ones():
    one = navs_of(np.full(75, 0.01), first_day=day_number(date(2024, 1, 17)))
    found = cells(one)
    assert list(found) == ["2024-01", "2024-02", "2024-03"]
    assert [partial for _, partial in found.values()] == [True, False, False]
    assert found["2024-01"][0] == pytest.approx(1.01**15 - 1)
    assert found["2024-02"][0] == pytest.approx(1.01**29 - 1)  # a leap year
    assert found["2024-03"][0] == pytest.approx(1.01**31 - 1)


def test_a_month_that_ends_early_is_partial():
    one = navs_of(np.full(59, 0.01), first_day=day_number(JANUARY))
    assert [partial for _, partial in cells(one).values()] == [False, True]


def test_a_month_without_data_is_null_and_the_next_carries_the_change():
    found = report(from_dates(y2024_01_31=1.0, y2024_02_01=1.1, y2024_04_10=2.2, y2024_04_11=2.2))
    (year,) = found.years
    told = [None if month is None else month.value for month in year.months]
    assert told == pytest.approx([None, 0.1, None, 1.0, *[None] * 8])
    assert [month and month.is_partial for month in year.months[:4]] == [None, True, None, True]
    assert year.total == pytest.approx(1.2)


def test_a_hole_within_a_month_makes_it_partial():
    one = navs_of(walk(31), first_day=day_number(JANUARY))
    kept = np.delete(np.arange(32), range(10, 15))
    assert cells(one)["2024-01"][1] is False
    assert cells(NavSeries(one.days[kept], one.navs[kept]))["2024-01"][1] is True


def test_years_without_data_stay_empty_rows():
    found = report(from_dates(y2021_12_30=1.0, y2021_12_31=2.0, y2024_01_01=3.0)).years
    assert [year.year for year in found] == [2021, 2022, 2023, 2024]
    assert [year.total for year in found] == pytest.approx([1.0, None, None, 0.5])


def test_best_and_worst_month_have_their_month_and_count_months():
    rng = np.concatenate([np.full(31, 0.01), np.full(29, -0.02), np.zeros(31), np.full(30, 0.001)])
    found = report(navs_of(rng, first_day=day_number(JANUARY))).metrics
    best, worst = found[MetricId.BEST_MONTH], found[MetricId.WORST_MONTH]
    assert (best.on, worst.on) == (date(2024, 1, 1), date(2024, 2, 1))
    assert best.value == pytest.approx(1.01**31 - 1)
    assert worst.value == pytest.approx(0.98**29 - 1)
    assert best.provenance.samples == 4
    assert numbers(found)["win_rate_months"] == 2 / 3  # the idle month does not count


def test_the_opening_day_itself_earns_nothing_in_its_month():
    found = cells(from_dates(y2024_01_31=1.0, y2024_02_01=3.0))
    assert list(found) == ["2024-02"]


def test_drawdowns_are_listed_with_their_days_the_deepest_first():
    navs = [10, 12, 9, 11, 12, 13, 12, 13, 13, 6, 8]
    found = report(NavSeries(np.arange(11) + day_number(JANUARY), np.array(navs, dtype=float)))
    deep, middle, shallow = found.drawdowns
    assert deep.depth == pytest.approx(6 / 13 - 1)
    assert (deep.peak_on, deep.valley_on) == (date(2024, 1, 9), date(2024, 1, 10))
    assert (deep.recovered_on, deep.days_to_recovery) == (None, None)
    assert (deep.days_to_valley, deep.days) == (1, 2)
    assert middle.depth == pytest.approx(-0.25)
    assert (middle.peak_on, middle.recovered_on) == (date(2024, 1, 2), date(2024, 1, 5))
    assert (middle.days_to_valley, middle.days_to_recovery, middle.days) == (1, 2, 3)
    assert shallow.days == 2
    assert found.ongoing == deep
    assert found.metrics[MetricId.MAX_DRAWDOWN_DAYS].value == 2


def test_the_opening_counts_as_a_peak():
    found = report(navs_of([-0.5, 0.2], first_day=day_number(JANUARY)))
    assert found.metrics[MetricId.MAX_DRAWDOWN].value == -0.5
    assert found.drawdowns[0].peak_on == date(2023, 12, 31)


def test_of_equal_drawdowns_the_earlier_comes_first_and_ten_are_shown():
    found = report(navs_of([-0.5, 1.0] * 15))
    assert len(found.drawdowns) == 10
    assert [row.peak_on for row in found.drawdowns] == sorted(
        row.peak_on for row in found.drawdowns
    )


def test_a_series_at_its_peak_has_no_ongoing_drawdown():
    found = report(navs_of([0.1, -0.1, 0.2]))
    assert found.ongoing is None
    assert found.metrics[MetricId.CURRENT_DRAWDOWN].value == 0.0


def test_the_noise_of_floating_point_is_no_drawdown():
    navs = np.array([1.0, 1.0 - 1e-15, 1.0, 1.1, 1.1 - 2e-16, 1.2])
    found = report(NavSeries(np.arange(6), navs))
    assert (found.drawdowns, found.ongoing) == ((), None)
    assert found.metrics[MetricId.MAX_DRAWDOWN].value == 0.0


def test_the_ulcer_index_is_that_of_the_drawdown_of_every_day():
    navs = navs_of(walk(200)).navs
    falls = navs / np.maximum.accumulate(navs) - 1
    expected = math.sqrt((falls**2).sum() / 199)
    assert numbers(report(navs_of(walk(200))).metrics)["ulcer_index"] == pytest.approx(expected)


@given(st.integers(0, 2**32), st.integers(2, 120))
def test_the_deepest_drawdown_is_what_a_loop_finds(seed, days):
    series = navs_of(np.clip(walk(days, seed=seed, spread=0.1), -0.8, 1))
    peak, deepest, ends = -math.inf, 0.0, 0
    for place, nav in enumerate(series.navs.tolist()):
        peak = max(peak, nav)
        if nav / peak - 1 < deepest:
            deepest, ends = nav / peak - 1, place
    rows = report(series).drawdowns
    assert (rows[0].depth if rows else 0.0) == pytest.approx(deepest, abs=1e-12)
    if rows:
        assert day_number(rows[0].valley_on) == series.days[ends]
