"""Which slot of a deployment is to be run, and what becomes of those that were missed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.clock import slot_at
from atlas.domain.errors import InvalidInput
from atlas.domain.timetable import MOST_CAUGHT_UP, MissedSlots, Timetable

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=30)


def hourly(missed=MissedSlots.LATEST, **given):
    return Timetable(cadence=HOUR, missed=missed, **given)


def due(timetable, now, last=None, born_at=LONG_AGO, key="1"):
    return timetable.due(now=now, born_at=born_at, last=last, key=key)


def test_a_slot_is_due_from_its_beginning_until_it_was_begun():
    assert due(hourly(), NOON - MINUTE, last=NOON - HOUR) is None
    assert due(hourly(), NOON, last=NOON - HOUR) == NOON
    assert due(hourly(), NOON + 59 * MINUTE, last=NOON - HOUR) == NOON
    assert due(hourly(), NOON + 59 * MINUTE, last=NOON) is None


def test_no_slot_before_its_making_is_a_deployments_own():
    born_at = NOON + MINUTE
    for missed in MissedSlots:
        assert due(hourly(missed), NOON + 5 * MINUTE, born_at=born_at) is None
        assert due(hourly(missed), NOON + HOUR, born_at=born_at) == NOON + HOUR


def test_an_offset_moves_the_slots():
    timetable = hourly(offset=10 * MINUTE)
    assert due(timetable, NOON + 9 * MINUTE) == NOON - 50 * MINUTE
    assert due(timetable, NOON + 10 * MINUTE) == NOON + 10 * MINUTE


def test_of_missed_slots_the_newest_is_run_late():
    assert due(hourly(), NOON + 50 * MINUTE, last=NOON - 9 * HOUR) == NOON


def test_missed_slots_can_be_skipped_and_then_none_is_run_late():
    timetable = hourly(MissedSlots.SKIP)
    assert due(timetable, NOON + 15 * MINUTE, last=NOON - 9 * HOUR) == NOON
    assert due(timetable, NOON + 15 * MINUTE + timedelta.resolution, last=NOON - 9 * HOUR) is None
    assert due(timetable, NOON + HOUR, last=NOON - 9 * HOUR) == NOON + HOUR


def test_missed_slots_can_be_run_each_the_oldest_first():
    timetable, last, ran = hourly(MissedSlots.ALL), NOON - 3 * HOUR, []
    while (slot := due(timetable, NOON, last=last)) is not None:
        ran.append(slot)
        last = slot
    assert ran == [NOON - 2 * HOUR, NOON - HOUR, NOON]


def test_what_was_missed_too_long_ago_is_given_up():
    timetable = hourly(MissedSlots.ALL)
    oldest = NOON - (MOST_CAUGHT_UP - 1) * HOUR
    assert due(timetable, NOON, last=NOON - 500 * HOUR) == oldest
    assert due(timetable, NOON, last=oldest - HOUR) == oldest
    assert due(timetable, NOON, last=oldest) == oldest + HOUR


def test_jitter_delays_a_beginning_and_never_moves_the_slot():
    timetable = hourly(jitter=10 * MINUTE)
    delay = timetable.delay_of(NOON, "7")
    assert timedelta(0) < delay < 10 * MINUTE
    assert due(timetable, NOON + delay - timedelta.resolution, last=NOON - HOUR, key="7") is None
    assert due(timetable, NOON + delay, last=NOON - HOUR, key="7") == NOON


def test_jitter_spreads_a_hundred_deployments():
    timetable = hourly(jitter=10 * MINUTE)
    minutes = [timetable.delay_of(NOON, str(key)) // MINUTE for key in range(100)]
    assert set(minutes) == set(range(10))
    assert max(minutes.count(minute) for minute in range(10)) < 25


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"offset": HOUR}, "offset"),
        ({"offset": -MINUTE}, "offset"),
        ({"jitter": 15 * MINUTE}, "jitter"),
        ({"jitter": -MINUTE}, "jitter"),
    ],
)
def test_a_timetable_that_cannot_be_kept_is_refused(wrong, word):
    with pytest.raises(InvalidInput, match=word):
        hourly(**wrong)


@given(
    cadence=st.integers(1, 1_000),
    offset=st.integers(0, 999),
    waits=st.lists(st.integers(0, 5_000), max_size=30),
    missed=st.sampled_from(MissedSlots),
)
def test_slots_are_run_in_order_on_the_grid_and_never_twice(cadence, offset, waits, missed):
    timetable = Timetable(
        cadence=cadence * MINUTE, offset=(offset % cadence) * MINUTE, missed=missed
    )
    now, last = NOON, None
    for wait in waits:
        now += wait * MINUTE
        slot = due(timetable, now, last=last, born_at=NOON)
        if slot is None:
            continue
        assert last is None or slot > last
        assert NOON <= slot <= now
        assert slot == slot_at(slot, timetable.cadence, timetable.offset)
        last = slot
