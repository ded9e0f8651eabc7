"""The policy for missing days: what is filled, what is a gap, and what the provenance says."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics import (
    MetricId,
    NavSeries,
    ReturnSeries,
    daily_track,
    date_of,
    day_number,
    headlines,
    report,
)
from tests.domain.metrics.worlds import navs_of, numbers, reasons, walk, without

FIRST = date(2024, 1, 1)


def of_days(days, navs=None):
    days = np.array(days)
    return NavSeries(days, np.array(navs) if navs else 1.0 + days / 100)


def told(one, **given_too):
    return report(one, **given_too).provenance


def test_three_missing_days_carry_the_nav_forward_and_are_counted():
    track = daily_track(of_days([0, 1, 5, 6], [1.0, 2.0, 3.0, 6.0]))
    assert track.levels.tolist() == [1, 2, 2, 2, 2, 3, 6]
    assert track.level_days.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert track.returns.tolist() == [1, 0, 0, 0, 0.5, 1]
    assert track.is_observed is not None
    assert track.is_observed.tolist() == [True, False, False, False, True, True]
    assert track.coverage[2:] == (3, 3, 0, 0)
    assert track.is_chained


def test_four_missing_days_are_a_gap_that_no_return_crosses():
    track = daily_track(of_days([0, 1, 6, 7], [1.0, 2.0, 3.0, 6.0]))
    assert track.levels.tolist() == [1, 2, 3, 6]
    assert track.returns.tolist() == [1, 1]
    assert track.return_days.tolist() == [1, 7]
    assert track.coverage[2:] == (2, 0, 4, 1)
    assert track.coverage.days == 7
    assert track.is_chained  # both NAVs around the gap are known


def test_how_long_a_nav_is_carried_may_be_chosen():
    holed = of_days([0, 1, 6, 7])
    assert daily_track(holed, max_fill_days=4).coverage[2:] == (3, 4, 0, 0)
    assert daily_track(of_days([0, 2]), max_fill_days=0).coverage[2:] == (0, 0, 1, 1)
    with pytest.raises(InvalidInput, match="cannot be negative"):
        daily_track(holed, max_fill_days=-1)


def test_a_gap_leaves_the_total_return_of_navs_and_takes_that_of_returns():
    navs = walk(120)
    holed = without(navs_of(navs), *range(50, 60))
    whole = report(navs_of(navs)).metrics
    assert report(holed).metrics[MetricId.TOTAL_RETURN].value == pytest.approx(
        whole[MetricId.TOTAL_RETURN].value, abs=1e-12
    )
    kept = np.delete(np.arange(120), range(50, 60))
    found = report(ReturnSeries(19_000 + kept, navs[kept]))
    why = reasons(found.metrics)
    for metric in ("total_return", "cagr", "max_drawdown", "current_drawdown", "calmar"):
        assert why[metric] == "gaps"
    assert found.metrics[MetricId.VOLATILITY].value is not None
    assert (found.drawdowns, found.ongoing, len(found.underwater.falls)) == ((), None, 0)
    assert [year.total for year in found.years] == [None]


def test_a_missing_return_is_a_day_that_earned_nothing():
    track = daily_track(ReturnSeries(np.array([10, 13]), np.array([0.1, 0.2])))
    assert track.returns.tolist() == [0.1, 0, 0, 0.2]
    assert track.levels.tolist() == pytest.approx([1, 1.1, 1.1, 1.1, 1.32])
    assert (track.coverage.opening_day, track.coverage.closing_day) == (9, 13)
    assert track.coverage[2:] == (2, 2, 0, 0)


def test_points_of_one_day_give_its_close():
    one = NavSeries.from_instants(
        [86_400.0, 90_000, 172_799.9, 172_800, 259_199], [1.0, 2, 3, 4, 5]
    )
    assert one.days.tolist() == [1, 2]
    assert one.navs.tolist() == [3, 5]


def test_a_wipe_out_ends_the_track_whatever_follows():
    track = daily_track(of_days([0, 1, 2, 3, 9], [1.0, 0.5, -0.25, 3.0, 4.0]))
    assert track.is_wiped_out
    assert track.levels.tolist() == [1, 0.5, 0]
    assert track.returns.tolist() == [-0.5, -1]
    assert track.coverage == (0, 2, 2, 0, 0, 0)


def test_returns_below_minus_one_wipe_out_too():
    track = daily_track(ReturnSeries(np.arange(3), np.array([0.5, -1.5, 0.5])))
    assert track.is_wiped_out
    assert track.levels.tolist() == [1, 1.5, 0]
    assert track.returns.tolist() == [0.5, -1]


def test_what_was_wiped_out_keeps_its_drawdown_and_nothing_yearly():
    found = report(navs_of([*walk(100), -1.0, 0.0])).metrics
    told_numbers, why = numbers(found), reasons(found)
    assert told_numbers["total_return"] == told_numbers["max_drawdown"] == -1
    assert told_numbers["current_drawdown"] == told_numbers["worst_day"] == -1
    for metric in ("cagr", "volatility", "sharpe", "sortino", "calmar", "cvar_95", "omega"):
        assert why[metric] == "wiped_out"


def test_returns_that_multiply_beyond_reason_are_refused():
    with pytest.raises(InvalidInput, match="multiply to more than"):
        daily_track(ReturnSeries(np.arange(200), np.full(200, 9.0)))


def test_provenance_tells_the_window_asked_for_and_what_there_is_in_it():
    one = without(navs_of(walk(200), first_day=day_number(FIRST)), 20, 21, 50, 51, 52, 53, 54)
    window = (date(2023, 12, 1), date(2024, 3, 31))
    origin = told(one, window=window)
    assert (origin.window_from_on, origin.window_to_on) == window
    assert (origin.first_on, origin.last_on) == (date(2023, 12, 31), date(2024, 3, 31))
    # 91 days, of which five lie in the gap, and one return would cross it
    assert (origin.samples, origin.filled_days) == (91 - 5 - 1, 2)
    assert (origin.missing_days, origin.gaps) == (5, 1)


def test_a_window_without_data_names_the_days_that_there_are():
    one = navs_of(walk(10), first_day=day_number(FIRST))
    with pytest.raises(InvalidInput, match="from 2023-12-31 to 2024-01-10") as caught:
        report(one, window=(date(2030, 1, 1), date(2030, 2, 1)))
    assert caught.value.detail == {"first_on": "2023-12-31", "last_on": "2024-01-10"}


@pytest.mark.parametrize("length", [30, 90, 365])
def test_a_trailing_window_is_that_range_of_days(length):
    one = without(navs_of(walk(500)), 500 - length, 500 - length + 1, 480)
    last = int(one.days[-1])
    part, window = one.trailing(length), (date_of(last - length), date_of(last))
    (headline,) = headlines([daily_track(part)])
    whole = report(one, window=window).metrics
    assert part.days[0] == last - length + 2
    for metric, value in headline.items():
        assert whole[metric][:4] == value[:4]


def test_a_trailing_window_that_is_not_covered_is_none():
    assert navs_of(walk(29)).trailing(30) is None
    assert navs_of(walk(30)).trailing(30) is not None
    late = without(navs_of(walk(100)), *range(70, 74))  # opens four days late
    assert late.trailing(30) is None
    assert without(navs_of(walk(100)), *range(70, 73)).trailing(30).days[0] == 18_999 + 73
    dead = NavSeries(np.arange(50), np.array([1.0] * 10 + [0.0] * 40))
    assert dead.trailing(30) is None


def test_the_return_of_the_opening_day_lies_before_the_window():
    one = ReturnSeries(np.arange(100, 110), np.full(10, 0.1))
    part = one.between(date_of(102), date_of(105))
    assert part.days.tolist() == [103, 104, 105]


def test_dates_and_day_numbers_are_the_same():
    dates = [date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29)]
    assert [day_number(on) for on in dates] == [-1, 0, 19_782]
    assert [date_of(day) for day in (-1, 0, 19_782)] == dates
    assert NavSeries.from_dates(dates, [1, 2, 3]).days.tolist() == [-1, 0, 19_782]
    assert ReturnSeries.from_dates(dates, [0.1, 0, 0.1]).days.tolist() == [-1, 0, 19_782]


@pytest.mark.parametrize(
    ("days", "navs", "words"),
    [
        ([], [], "at least one point"),
        ([1, 1], [1.0, 2.0], "rise"),
        ([2, 1], [1.0, 2.0], "rise"),
        ([1.0, 2.0], [1.0, 2.0], "whole numbers"),
        ([1, 2], [1.0], "one NAV for each"),
        ([1, 2], [1.0, float("nan")], "finite"),
        ([1, 2], [1.0, float("inf")], "finite"),
        ([1, 2], [0.0, 1.0], "opening NAV"),
        ([1, 2], [-1.0, 1.0], "opening NAV"),
        ([1, 2], [1.0, 1e21], "outside"),
        ([1, 2], [1.0, 1e-19], "outside"),
        ([1, 40_000], [1.0, 2.0], "36,600 days"),
        ([[1, 2]], [[1.0, 2.0]], "at least one point"),
    ],
)
def test_what_is_no_series_is_refused(days, navs, words):
    with pytest.raises(InvalidInput, match=words):
        NavSeries(np.array(days), np.array(navs))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ReturnSeries(np.array([1]), np.array([1e39])), "beyond"),
        (lambda: NavSeries.from_instants([1.0, 1.0], [1, 2]), "rise from point"),
        (lambda: NavSeries.from_instants([1.0, float("nan")], [1, 2]), "rise from point"),
        (lambda: NavSeries.from_instants([], []), "one time for each"),
        (lambda: NavSeries.from_dates([FIRST, FIRST], [1, 2]), "2024-01-01 follows 2024-01-01"),
    ],
)
def test_other_ways_to_make_a_series_refuse_alike(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()


@given(st.sets(st.integers(1, 60), max_size=50), st.integers(0, 6))
def test_a_track_accounts_for_every_day(holes, max_fill_days):
    days = np.array([day for day in range(61) if day == 0 or day not in holes])
    track = daily_track(of_days(days), max_fill_days=max_fill_days)
    coverage = track.coverage
    assert len(track.level_days) + coverage.missing_days == days[-1] + 1
    assert len(track.returns) == coverage.observed + coverage.filled_days
    assert coverage.observed == len(days) - 1 - coverage.gaps
    steps = np.diff(days)
    assert coverage.gaps == (steps > max_fill_days + 1).sum()
    assert coverage.missing_days == (steps[steps > max_fill_days + 1] - 1).sum()
    assert set(days) <= set(track.level_days.tolist())
    assert (np.diff(track.level_days) > 0).all()
