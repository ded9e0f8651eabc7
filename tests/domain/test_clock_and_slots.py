"""Replayed time runs evenly and forwards; slots lie on one grid for everybody."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.clock import ReplayClock, WallClock, next_slot, slot_at, slots_between
from atlas.domain.errors import InvalidInput

CASES = settings(max_examples=30, deadline=None)
WALL = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
FEED = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CADENCES = st.sampled_from([timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)])


def replay(speed: str = "3600", read_at: datetime = WALL) -> ReplayClock:
    return ReplayClock(lambda: read_at, WALL, FEED, Decimal(speed))


def test_the_wall_clock_gives_the_wall_time_and_is_not_simulated():
    clock = WallClock(lambda: WALL)
    assert clock.now() == WALL
    assert not clock.simulated


def test_a_replay_begins_at_its_anchor_and_is_simulated():
    assert replay().now() == FEED
    assert replay().simulated


def test_a_second_on_the_wall_is_speed_seconds_of_the_recording():
    assert replay("3600").feed_time(WALL + timedelta(seconds=90)) == FEED + timedelta(hours=90)
    assert replay("0.5").feed_time(WALL + timedelta(seconds=90)) == FEED + timedelta(seconds=45)


def test_before_the_anchor_the_recording_lies_before_its_anchor():
    assert replay("2").feed_time(WALL - timedelta(seconds=3)) == FEED - timedelta(seconds=6)
    assert replay("0.4").feed_time(WALL - timedelta(microseconds=1)) < FEED


@CASES
@given(MOMENTS, MOMENTS, st.decimals("0.001", "100000", places=3))
def test_recorded_time_never_runs_backwards(one, other, speed):
    earlier, later = sorted((one, other))
    clock = ReplayClock(
        lambda: WALL, datetime(2025, 1, 1, tzinfo=UTC), FEED, min(speed, Decimal(300))
    )
    assert clock.feed_time(earlier) <= clock.feed_time(later)


@CASES
@given(MOMENTS, st.decimals("0.5", "100000", places=3))
def test_the_wall_time_of_a_recorded_moment_is_the_first_that_reaches_it(feed_at, speed):
    clock = replay(str(speed))
    wall_at = clock.wall_time(feed_at)
    assert clock.feed_time(wall_at) >= feed_at
    assert clock.feed_time(wall_at - timedelta(microseconds=1)) < feed_at


@pytest.mark.parametrize("speed", ["0", "-1", "NaN", "Infinity"])
def test_a_replay_that_does_not_run_forwards_is_invalid(speed):
    with pytest.raises(InvalidInput, match="replay speed"):
        replay(speed)


def test_anchors_need_a_time_zone():
    with pytest.raises(InvalidInput, match="time zone"):
        ReplayClock(lambda: WALL, WALL.replace(tzinfo=None), FEED, Decimal(1))


@CASES
@given(MOMENTS, CADENCES, st.integers(0, 59))
def test_a_slot_is_the_last_one_not_after_the_moment(at, cadence, offset_seconds):
    offset = timedelta(seconds=offset_seconds)
    slot = slot_at(at, cadence, offset)
    assert slot <= at < slot + cadence == next_slot(at, cadence, offset)
    assert slot_at(slot, cadence, offset) == slot


def test_slots_of_an_hour_lie_on_the_hour_and_offsets_move_them():
    at = datetime(2024, 3, 1, 12, 40, tzinfo=UTC)
    assert slot_at(at, timedelta(hours=1)) == datetime(2024, 3, 1, 12, tzinfo=UTC)
    moved = slot_at(at, timedelta(hours=1), timedelta(minutes=45))
    assert moved == datetime(2024, 3, 1, 11, 45, tzinfo=UTC)


@CASES
@given(MOMENTS, st.integers(0, 300), CADENCES)
def test_slots_between_are_exactly_those_that_were_missed(after, minutes, cadence):
    until = after + timedelta(minutes=minutes)
    slots = slots_between(after, until, cadence)
    assert all(after < slot <= until for slot in slots)
    assert list(slots) == sorted(set(slots))
    assert len(slots) == (slot_at(until, cadence) - slot_at(after, cadence)) // cadence


def test_a_cadence_of_nothing_is_invalid():
    with pytest.raises(InvalidInput, match="cadence"):
        slot_at(WALL, timedelta(0))
