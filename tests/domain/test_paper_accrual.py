"""Time costs: borrowing for the use of the pool, funding from the larger side to the smaller."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug
from atlas.domain.ledger import Flow, cash_delta_usd, fold_account
from atlas.domain.paper_accrual import accrued, rates_of
from atlas.domain.positions import Position
from tests.domain.paper_world import AT, CLOSE, HELD, OPEN, filled, market_terms, terms

CASES = settings(max_examples=30, deadline=None)
DAY = timedelta(days=1)
# 1,499,000 of others and 1,000 of ours are long, 500,000 are short, the pool holds 3,000,000.
LONGS_LEAD = market_terms(
    long_open_interest_usd=Decimal(1_499_000),
    short_open_interest_usd=Decimal(500_000),
    pool_usd=Decimal(3_000_000),
    borrowing_factor=Decimal("0.00000001"),
    funding_factor=Decimal("0.00000002"),
)
SHORT = replace(HELD, is_long=False)


def test_a_long_of_the_larger_side_pays_borrowing_by_the_use_of_the_pool():
    # 0.00000001 x 1,500,000 / 3,000,000 a second; x 86,400 s x 1,000 USD = 0.432 USD a day
    assert rates_of(LONGS_LEAD, Decimal(1000), is_long=True).borrowing == Decimal("0.000000005")
    held = accrued(HELD, LONGS_LEAD, since=AT, at=AT + DAY)
    assert held.pending_borrowing_usd == Decimal("0.432")


def test_the_smaller_side_pays_no_borrowing():
    held = accrued(SHORT, LONGS_LEAD, since=AT, at=AT + DAY)
    assert held.pending_borrowing_usd == 0


def test_the_larger_side_pays_funding_by_the_imbalance():
    # 0.00000002 x (1,500,000 - 500,000) / 2,000,000 a second; x 86,400 s x 1,000 USD = 0.864 USD
    held = accrued(HELD, LONGS_LEAD, since=AT, at=AT + DAY)
    assert held.pending_funding_usd == Decimal("0.864")


def test_the_smaller_side_shares_what_the_larger_one_pays():
    shorts = replace(
        LONGS_LEAD,
        long_open_interest_usd=Decimal(1_500_000),
        short_open_interest_usd=Decimal(499_000),
    )
    # each of 500,000 USD short gets 3 times the rate that each of 1,500,000 USD long pays
    held = accrued(SHORT, shorts, since=AT, at=AT + DAY)
    assert held.pending_funding_usd == Decimal("-2.592")


def test_a_market_without_imbalance_or_traders_pays_no_funding():
    alone = replace(
        LONGS_LEAD, long_open_interest_usd=Decimal(0), short_open_interest_usd=Decimal(0)
    )
    even = replace(LONGS_LEAD, short_open_interest_usd=Decimal(1_500_000))
    assert rates_of(even, Decimal(1000), is_long=True).funding == 0
    assert rates_of(alone, Decimal(0), is_long=True).funding == 0


def test_nothing_accrues_on_a_flat_position_or_before_its_fill():
    flat = Position("ETH/USD", True)
    assert accrued(flat, LONGS_LEAD, since=AT, at=AT + DAY) == flat
    assert accrued(HELD, LONGS_LEAD, since=AT, at=AT - DAY).pending_usd == 0


def test_a_second_costs_a_second_and_a_microsecond_is_rounded_up():
    second = accrued(HELD, LONGS_LEAD, since=AT, at=AT + timedelta(seconds=1))
    assert second.pending_borrowing_usd == Decimal("0.000005")
    blink = accrued(HELD, LONGS_LEAD, since=AT, at=AT + timedelta(microseconds=1))
    assert blink.pending_borrowing_usd == Decimal("0.00000001")


def test_what_is_pending_is_owed_by_the_value_of_the_position():
    held = accrued(HELD, LONGS_LEAD, since=AT, at=AT + DAY)
    assert held.pending_usd == Decimal("1.296")
    assert held.value_usd(Decimal(2000)) == 500 - Decimal("1.296")
    assert held.unrealised_usd(Decimal(2000)) == 0


def test_the_next_fill_pays_what_is_pending_and_keeps_the_two_apart():
    held = accrued(HELD, LONGS_LEAD, since=AT, at=AT + DAY)
    fill = filled(CLOSE, held)
    assert fill.costs.funding_usd == Decimal("0.864")
    assert fill.costs.borrowing_usd == Decimal("0.432")


def test_an_increase_pays_what_is_pending_out_of_the_collateral_it_brings():
    held = accrued(HELD, LONGS_LEAD, since=AT, at=AT + DAY)
    more = replace(OPEN, expected_pre_size_usd=Decimal(1000))
    fill = filled(more, held)
    assert fill.collateral_delta_usd == 500 - Decimal("0.5") - Decimal("1.296")
    assert cash_delta_usd(fill) == Decimal("-500.25")


def test_funding_that_was_received_goes_to_the_cash():
    held = replace(HELD, pending_funding_usd=Decimal("-2.5"))
    more = replace(OPEN, expected_pre_size_usd=Decimal(1000))
    fill = filled(more, held)
    assert fill.costs.funding_usd == Decimal("-2.5")
    assert fill.collateral_delta_usd == Decimal("499.5")
    assert cash_delta_usd(fill) == Decimal("-500.25") + Decimal("2.5")


def test_borrowing_is_never_received():
    with pytest.raises(Bug, match="cannot be negative"):
        replace(HELD, pending_borrowing_usd=Decimal("-0.01"))


@CASES
@given(
    st.booleans(),
    st.decimals("1", "1000000", places=2),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_time_never_makes_what_is_owed_for_borrowing_less(is_long, size, first, second):
    held = Position("ETH/USD", is_long, size, size / 2000, size)
    early, late = sorted((first, second))
    before = accrued(held, LONGS_LEAD, since=AT, at=AT + timedelta(seconds=early))
    after = accrued(held, LONGS_LEAD, since=AT, at=AT + timedelta(seconds=late))
    assert 0 <= before.pending_borrowing_usd <= after.pending_borrowing_usd


@CASES
@given(st.booleans(), st.integers(0, 10**6))
def test_equity_does_not_jump_when_pending_costs_are_paid(is_long, seconds):
    """The fill that pays them moves them out of the position, at a price without other costs."""
    free = terms(0, 0, improving_fee_bps=0, worsening_fee_bps=0, gas_limit=0)
    at = AT + timedelta(seconds=seconds)
    opening = replace(
        OPEN, is_long=is_long, acceptable_price_usd=Decimal(2100 if is_long else 1900)
    )
    first = filled(opening, Position("ETH/USD", is_long), terms=free)
    flows = [Flow(Decimal(1000), AT)]
    (held,) = fold_account(flows, [first]).open_positions
    owing = accrued(held, LONGS_LEAD, since=AT, at=at)
    price = Decimal(1999 if is_long else 2001)
    before = fold_account(flows, [first]).cash_usd + owing.value_usd(price)
    close = replace(
        CLOSE,
        is_long=is_long,
        acceptable_price_usd=Decimal(1900 if is_long else 2100),
    )
    last = filled(close, owing, terms=free, at=at)
    assert fold_account(flows, [first, last]).cash_usd == before
