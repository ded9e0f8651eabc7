"""Breaker and pace of an endpoint: pure machines, driven by a clock of the test."""

from hypothesis import given
from hypothesis import strategies as st

from execution.marketdata.breaker import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PROBE_SECONDS,
    Breaker,
    BreakerState,
)
from execution.marketdata.pacing import Pace


def opened(at=0.0):
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(at)
    return breaker


def test_a_breaker_stays_closed_below_its_number_of_failures():
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN - 1):
        assert not breaker.failed(0.0)
    assert breaker.state(0.0) is BreakerState.CLOSED
    assert breaker.failed(0.0)
    assert breaker.state(0.0) is BreakerState.OPEN


def test_an_open_breaker_lets_one_probe_through_after_its_pause():
    breaker = opened()
    assert not breaker.admit(FIRST_PAUSE_SECONDS - 0.1)
    assert breaker.state(FIRST_PAUSE_SECONDS) is BreakerState.HALF_OPEN
    assert breaker.admit(FIRST_PAUSE_SECONDS)
    assert not breaker.admit(FIRST_PAUSE_SECONDS)
    breaker.succeeded()
    assert breaker.state(FIRST_PAUSE_SECONDS) is BreakerState.CLOSED


def test_a_probe_that_never_comes_back_does_not_block_the_next_for_ever():
    breaker = opened()
    assert breaker.admit(FIRST_PAUSE_SECONDS)
    assert breaker.admit(FIRST_PAUSE_SECONDS + PROBE_SECONDS)


def test_a_failed_probe_doubles_the_pause():
    breaker = opened()
    breaker.admit(FIRST_PAUSE_SECONDS)
    breaker.failed(FIRST_PAUSE_SECONDS)
    assert breaker.wait_seconds(FIRST_PAUSE_SECONDS) == 2 * FIRST_PAUSE_SECONDS


@given(st.integers(1, 60), st.floats(0, 1e9))
def test_no_pause_outlasts_the_longest_one(failures, wanted):
    breaker = Breaker()
    for _ in range(failures):
        breaker.failed(0.0, pause_seconds=wanted)
    assert breaker.wait_seconds(0.0) <= LONGEST_PAUSE_SECONDS
    assert breaker.admit(LONGEST_PAUSE_SECONDS)


def test_an_endpoint_that_asks_for_patience_gets_it_at_once():
    breaker = Breaker()
    assert breaker.failed(10.0, pause_seconds=7.0)
    assert not breaker.admit(16.9)
    assert breaker.admit(17.0)


def test_a_turn_that_would_take_too_long_is_not_taken():
    pace = Pace(per_second=1.0, burst=1)
    assert pace.take(0.0, most_seconds=0.0) == 0.0
    assert pace.take(0.0, most_seconds=0.5) is None
    assert pace.take(0.0, most_seconds=1.0) == 1.0


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=80))
def test_no_second_holds_more_requests_than_burst_and_rate_allow(steps):
    pace, now, sent = Pace(per_second=4.0, burst=3), 0.0, []
    for step in steps:
        now += step
        wait = pace.take(now, most_seconds=60.0)
        sent.append(now + wait)
    for first in sent:
        within = sum(first <= one < first + 1.0 - 1e-9 for one in sent)
        assert within <= 3 + 4
