"""Rows become candles only when they are sound; windows are whole or refused with dates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.candles import (
    Candle,
    CandleRow,
    CandleSeries,
    DuplicateBar,
    FutureBar,
    GappedData,
    ImpossibleBar,
    NotEnoughData,
    OffGridBar,
    OutOfOrderBar,
    StaleData,
    Timeframe,
)
from atlas.domain.errors import Bug, DomainRefusal, InvalidInput
from atlas.domain.normalisation import Normalised, normalise, require_fresh, window

CASES = settings(max_examples=30, deadline=None)
START = datetime(2024, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = START + timedelta(days=365)


def row(hour: int, close: str = "100", **changes: Any) -> CandleRow:
    price = Decimal(close)
    made = CandleRow(START + HOUR * hour, price, price + 1, price - 1, price, Decimal(5))
    return replace(made, **changes)


def normalised(rows: list[CandleRow], now: datetime = LATER) -> Normalised:
    return normalise(rows, market="ETH/USD", timeframe=Timeframe.H1, now=now)


def test_sound_rows_become_candles_without_findings():
    made = normalised([row(hour) for hour in range(5)])
    assert [c.open_at for c in made.candles] == [START + HOUR * h for h in range(5)]
    assert made.findings == ()
    assert made.unclosed == 0


def test_the_bar_that_is_still_forming_is_left_out_without_complaint():
    made = normalised([row(0), row(1)], now=START + HOUR + timedelta(minutes=59))
    assert len(made.candles) == 1
    assert made.unclosed == 1
    assert made.findings == ()


def test_a_bar_may_be_used_from_the_moment_it_closes():
    made = normalised([row(0), row(1)], now=START + HOUR * 2)
    assert len(made.candles) == 2
    assert made.unclosed == 0


def test_a_gap_is_reported_with_its_first_and_last_missing_bar():
    made = normalised([row(0), row(4)])
    (gap,) = made.findings
    assert isinstance(gap, GappedData)
    assert gap.message == (
        "ETH/USD 1h: 3 bar(s) missing from 2024-03-01 01:00 to 2024-03-01 03:00 UTC."
    )
    assert gap.detail["missing"] == 3


def test_of_two_rows_for_one_bar_neither_is_used():
    made = normalised([row(0), row(1), row(1, "107"), row(2)])
    assert [c.open_at.hour for c in made.candles] == [0, 2]
    assert {type(f) for f in made.findings} == {DuplicateBar, GappedData}
    assert "2024-03-01 01:00" in made.findings[0].message


def test_a_third_row_for_a_doubled_bar_does_not_bring_it_back():
    made = normalised([row(0), row(0), row(0), row(1)])
    assert [c.open_at.hour for c in made.candles] == [1]


def test_a_row_out_of_order_is_reported_and_not_sorted_in():
    made = normalised([row(0), row(2), row(1), row(3)])
    assert [c.open_at.hour for c in made.candles] == [0, 2, 3]
    assert isinstance(made.findings[0], OutOfOrderBar)


def test_rows_that_come_newest_first_are_refused_and_not_turned_round():
    made = normalised([row(2), row(1), row(0)])
    assert len(made.candles) == 1
    assert [type(f) for f in made.findings] == [OutOfOrderBar, OutOfOrderBar]


def test_a_row_off_the_grid_is_reported():
    made = normalised([row(0), row(1, open_at=START + timedelta(minutes=61))])
    assert isinstance(made.findings[0], OffGridBar)
    assert len(made.candles) == 1


def test_a_row_from_the_future_is_reported():
    made = normalised([row(0), row(9)], now=START + HOUR * 2)
    assert isinstance(made.findings[0], FutureBar)
    assert len(made.candles) == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"open_usd": Decimal(0)}, "open"),
        ({"close_usd": Decimal("-1")}, "close"),
        ({"low_usd": Decimal("NaN")}, "low"),
        ({"high_usd": Decimal("Infinity")}, "high"),
        ({"high_usd": Decimal(90), "low_usd": Decimal(95)}, "below its low"),
        ({"high_usd": Decimal("99.5")}, "below its open or close"),
        ({"low_usd": Decimal("100.5")}, "above its open or close"),
        ({"volume": Decimal("-0.1")}, "volume"),
        ({"volume": Decimal("NaN")}, "volume"),
    ],
)
def test_an_impossible_bar_is_left_out_and_says_what_is_impossible(changes, word):
    made = normalised([row(0), row(1, **changes)])
    assert len(made.candles) == 1
    assert isinstance(made.findings[0], ImpossibleBar)
    assert word in made.findings[0].message
    assert "2024-03-01 01:00" in made.findings[0].message


def test_a_bar_without_movement_or_volume_is_possible():
    still = row(0, high_usd=Decimal(100), low_usd=Decimal(100), volume=Decimal(0))
    assert normalised([still]).findings == ()


def test_every_finding_is_a_refusal_that_can_be_stored():
    made = normalised([row(0), row(0), row(5, "0"), row(1)])
    assert made.findings
    assert all(
        isinstance(f, DomainRefusal) and f.detail["market"] == "ETH/USD" for f in made.findings
    )


@CASES
@given(st.lists(st.integers(0, 30), max_size=25))
def test_whatever_comes_in_candles_are_ascending_closed_and_accounted_for(hours):
    made = normalised([row(hour) for hour in hours])
    opens = [c.open_at for c in made.candles]
    assert opens == sorted(set(opens))
    faults = [f for f in made.findings if not isinstance(f, GappedData)]
    doubled = {h for h in hours if hours.count(h) > 1}
    assert not {c.open_at for c in made.candles} & {START + HOUR * h for h in doubled}
    assert len(made.candles) <= len(hours) - len(faults)


def series_until(hours: int, missing: tuple[int, ...] = ()) -> tuple[Candle, ...]:
    return normalised([row(h) for h in range(hours) if h not in missing]).candles


def test_a_window_ends_at_the_last_closed_bar_and_holds_the_count():
    cut = window(
        series_until(10),
        timeframe=Timeframe.H1,
        until_at=START + HOUR * 7 + timedelta(minutes=3),
        count=4,
    )
    assert [c.open_at.hour for c in cut.candles] == [3, 4, 5, 6]
    assert cut.until_at == START + HOUR * 7


def test_a_window_over_a_hole_is_refused_with_its_dates():
    with pytest.raises(GappedData, match=r"2 bar.* 2024-03-01 03:00 to 2024-03-01 04:00"):
        window(series_until(10, (3, 4)), timeframe=Timeframe.H1, until_at=START + HOUR * 8, count=6)


def test_a_hole_at_the_beginning_of_a_window_is_a_gap_too():
    with pytest.raises(GappedData, match="03:00 to 2024-03-01 03:00"):
        window(series_until(10, (3,)), timeframe=Timeframe.H1, until_at=START + HOUR * 6, count=3)


def test_a_window_behind_the_hole_is_allowed_again():
    cut = window(series_until(10, (3,)), timeframe=Timeframe.H1, until_at=START + HOUR * 8, count=4)
    assert cut.candles[0].open_at.hour == 4


def test_a_window_without_its_newest_bar_is_stale():
    with pytest.raises(StaleData, match="closed at 2024-03-01 10:00 UTC, 2:00:00 before"):
        window(series_until(10), timeframe=Timeframe.H1, until_at=START + HOUR * 12, count=4)


def test_a_window_before_enough_history_is_not_warm():
    with pytest.raises(NotEnoughData, match="begin at 2024-03-01 00:00 UTC"):
        window(series_until(10), timeframe=Timeframe.H1, until_at=START + HOUR * 3, count=4)
    with pytest.raises(NotEnoughData, match="are none"):
        window((), timeframe=Timeframe.H1, until_at=START, count=4)


def test_a_window_of_nothing_is_invalid():
    with pytest.raises(InvalidInput, match="at least one bar"):
        window(series_until(3), timeframe=Timeframe.H1, until_at=START + HOUR, count=0)


@CASES
@given(st.sets(st.integers(0, 20)), st.integers(0, 25), st.integers(1, 8))
def test_a_window_is_whole_or_refused(missing, until, count):
    candles = series_until(21, tuple(missing))
    wanted = {START + HOUR * h for h in range(until - count, until)}
    have = {c.open_at for c in candles}
    try:
        cut = window(candles, timeframe=Timeframe.H1, until_at=START + HOUR * until, count=count)
    except DomainRefusal:
        assert not wanted <= have
    else:
        assert {c.open_at for c in cut.candles} == wanted


def test_fresh_data_passes_at_its_limit_and_is_refused_beyond():
    cut = window(series_until(10), timeframe=Timeframe.H1, until_at=START + HOUR * 10, count=4)
    require_fresh(cut, now=cut.until_at + timedelta(seconds=90), max_age=timedelta(seconds=90))
    with pytest.raises(StaleData, match="0:01:31"):
        require_fresh(cut, now=cut.until_at + timedelta(seconds=91), max_age=timedelta(seconds=90))


def test_a_series_with_a_hole_or_without_bars_cannot_be_made():
    candles = series_until(5, (2,))
    with pytest.raises(Bug, match="gap"):
        CandleSeries("ETH/USD", Timeframe.H1, candles)
    with pytest.raises(Bug, match="without candles"):
        CandleSeries("ETH/USD", Timeframe.H1, ())


def test_columns_are_floats_that_cannot_be_written():
    cut = CandleSeries("ETH/USD", Timeframe.H1, series_until(3))
    assert cut.closes.tolist() == [100.0, 100.0, 100.0]
    assert cut.highs.tolist() == [101.0] * 3
    assert cut.lows.tolist() == [99.0] * 3
    with pytest.raises(ValueError, match="read-only"):
        cut.closes[0] = 1.0


def test_a_tail_longer_than_the_series_is_refused():
    cut = CandleSeries("ETH/USD", Timeframe.H1, series_until(3))
    assert len(cut.tail(2)) == 2
    with pytest.raises(NotEnoughData, match="has 3 bars"):
        cut.tail(4)


@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_a_timeframe_knows_its_seconds_and_its_grid(timeframe):
    assert Timeframe.from_seconds(timeframe.seconds) is timeframe
    at = datetime(2024, 5, 17, 13, 37, 11, 5, tzinfo=UTC)
    floor = timeframe.floor(at)
    assert timeframe.is_on_grid(floor)
    assert floor <= at < floor + timeframe.step


def test_an_unknown_step_names_the_known_timeframes():
    with pytest.raises(InvalidInput, match="420 s is no known timeframe; known are 1m, 5m"):
        Timeframe.from_seconds(420)
