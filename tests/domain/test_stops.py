"""When a stop or a take-profit is touched, and what that decides."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.quotes import Quote
from atlas.domain.signals import Direction
from atlas.domain.stops import LONGEST_WAIT, Levels, Trigger, wait_after

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def quote(low, high=None):
    return Quote("ETH/USD", Decimal(low), Decimal(low if high is None else high), NOW, "test")


def levels(*, is_long=True, stop=None, target=None):
    return Levels(
        "ETH/USD",
        is_long,
        None if stop is None else Decimal(stop),
        None if target is None else Decimal(target),
    )


@pytest.mark.parametrize(
    ("held", "prices", "trigger"),
    [
        (levels(stop=90), ("90", "91"), Trigger.STOP),
        (levels(stop=90), ("90.01", "91"), None),
        (levels(target=110), ("110", "111"), Trigger.TAKE_PROFIT),
        (levels(target=110), ("109.99", "111"), None),
        (levels(is_long=False, stop=110), ("109", "110"), Trigger.STOP),
        (levels(is_long=False, stop=110), ("109", "109.99"), None),
        (levels(is_long=False, target=90), ("89", "90"), Trigger.TAKE_PROFIT),
        (levels(is_long=False, target=90), ("89", "90.01"), None),
        (levels(), ("1", "1000"), None),
    ],
)
def test_the_side_that_a_close_would_meet_decides_to_the_last_digit(held, prices, trigger):
    assert held.touched(quote(*prices)) is trigger


def test_a_touched_level_wants_the_market_flat_and_says_why():
    signal = levels(stop="90.5").closing_signal(quote("90.25", "91"), at=NOW)
    assert signal.direction is Direction.FLAT
    assert signal.reason == (
        "The stop of the long at 90.5 USD was touched: closing gets 90.25 USD (test)."
    )
    assert signal.indicators == {"level": 90.5, "price": 90.25}


def test_nothing_is_decided_between_the_levels():
    assert levels(stop=90, target=110).closing_signal(quote(100), at=NOW) is None


@given(
    is_long=st.booleans(),
    stop=st.none() | st.decimals("0.00000001", "1000000", places=8),
    target=st.none() | st.decimals("0.00000001", "1000000", places=8),
)
def test_levels_are_read_back_as_they_were_written(is_long, stop, target):
    held = Levels("ETH/USD", is_long, stop, target)
    assert Levels.from_json(held.as_json()) == held


@given(
    price=st.decimals(1, 1000, places=2),
    spread=st.decimals(0, 10, places=2),
    stop=st.decimals(1, 1000, places=2),
    is_long=st.booleans(),
)
def test_a_wider_quote_never_makes_a_stop_fire_later(price, spread, stop, is_long):
    held = levels(is_long=is_long, stop=stop)
    if held.touched(quote(price)) is not None:
        assert held.touched(quote(max(price - spread, Decimal("0.01")), price + spread)) is not None


def test_the_wait_after_failures_doubles_up_to_its_bound():
    waits = [wait_after(failures) / timedelta(seconds=1) for failures in range(10)]
    assert waits[:5] == [0, 5, 10, 20, 40]
    assert wait_after(10_000) == LONGEST_WAIT == timedelta(seconds=waits[-1])
