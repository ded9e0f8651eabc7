"""Rounding has a direction, and a price has a side."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.quotes import Quote, acceptable_price_usd, pays_up
from atlas.domain.units import (
    USD_QUANTUM,
    bps_of,
    ceil_to,
    exact,
    floor_to,
    plain,
)

CASES = settings(max_examples=30, deadline=None)
AT = datetime(2024, 3, 1, tzinfo=UTC)
AMOUNTS = st.decimals("-1000000000", "1000000000", places=15)


@CASES
@given(AMOUNTS)
def test_rounding_never_crosses_the_value(value):
    low, high = floor_to(value, USD_QUANTUM), ceil_to(value, USD_QUANTUM)
    assert low <= value <= high
    with exact():
        assert high - low in (0, USD_QUANTUM)


def test_negative_amounts_are_rounded_towards_minus_and_plus_infinity():
    assert floor_to(Decimal("-1.5"), Decimal(1)) == -2
    assert ceil_to(Decimal("-1.5"), Decimal(1)) == -1


def test_rounding_does_not_depend_on_the_caller_s_decimal_context():
    with localcontext() as context:
        context.prec, context.rounding = 4, ROUND_HALF_EVEN
        assert floor_to(Decimal("123456.789012345"), USD_QUANTUM) == Decimal("123456.78901234")


def test_a_fee_of_a_fraction_of_the_smallest_unit_is_the_smallest_unit():
    assert bps_of(Decimal("0.00000001"), 5) == USD_QUANTUM
    assert bps_of(Decimal(10_000), 5) == 5
    assert bps_of(Decimal(0), 5) == 0


@pytest.mark.parametrize(
    ("number", "text"),
    [("1.500", "1.5"), ("1E+3", "1000"), ("-0.00", "0"), ("1E-9", "0.000000001"), ("20", "20")],
)
def test_numbers_are_written_in_plain_digits(number, text):
    assert plain(Decimal(number)) == text


def quote(low: str = "1999", high: str = "2001") -> Quote:
    return Quote("ETH/USD", Decimal(low), Decimal(high), AT, "test")


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        ("0", "1", "0 < min"),
        ("-1", "1", "0 < min"),
        ("2", "1", "0 < min"),
        ("NaN", "1", "not a number"),
        ("1", "Infinity", "not a number"),
    ],
)
def test_what_is_no_price_is_no_quote(low, high, word):
    with pytest.raises(InvalidInput, match=word):
        quote(low, high)


def test_a_quote_needs_a_time_zone():
    with pytest.raises(InvalidInput, match="time zone"):
        Quote("ETH/USD", Decimal(1), Decimal(1), datetime(2024, 3, 1), "test")  # noqa: DTZ001


def test_the_mark_is_the_middle():
    assert quote().mark_usd == 2000


@pytest.mark.parametrize(
    ("is_long", "is_increase", "up"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, True)],
)
def test_opening_a_long_and_closing_a_short_pay_up(is_long, is_increase, up):
    assert pays_up(is_long=is_long, is_increase=is_increase) is up


def test_the_acceptable_price_lies_beyond_the_side_that_the_order_meets():
    opening = acceptable_price_usd(quote(), is_long=True, is_increase=True, bound_bps=100)
    closing = acceptable_price_usd(quote(), is_long=True, is_increase=False, bound_bps=100)
    assert opening == Decimal("2021.01")
    assert closing == Decimal("1979.01")


@CASES
@given(st.decimals("0.0001", "100000", places=12), st.integers(1, 1000))
def test_the_acceptable_price_is_rounded_to_the_tighter_side(price, bound):
    one = Quote("ETH/USD", price, price, AT, "test")
    up = acceptable_price_usd(one, is_long=True, is_increase=True, bound_bps=bound)
    down = acceptable_price_usd(one, is_long=False, is_increase=True, bound_bps=bound)
    with exact():
        assert up <= price * (10_000 + bound) / 10_000
        assert down >= price * (10_000 - bound) / 10_000


@pytest.mark.parametrize("bound", [0, -1, 1001])
def test_an_order_without_a_real_bound_is_invalid(bound):
    with pytest.raises(InvalidInput, match="1 to 1000 bps"):
        acceptable_price_usd(quote(), is_long=True, is_increase=True, bound_bps=bound)
