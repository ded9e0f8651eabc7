"""Liquidation: at which price the venue ends a position, and that a loss ends at its collateral."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug
from atlas.domain.ledger import (
    FillCause,
    Flow,
    cash_delta_usd,
    fold_account,
    fold_fills,
    realised_by,
)
from atlas.domain.paper_liquidation import (
    closing_impact,
    is_liquidatable,
    liquidated,
    liquidation_price_usd,
    remaining_usd,
    required_to_stay_usd,
)
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from tests.domain.paper_world import AT, FLAT, HELD, OPEN, filled, market_terms, terms

CASES = settings(max_examples=40, deadline=None)
FLOW = [Flow(Decimal(1000), AT)]


def quote(price: str | Decimal) -> Quote:
    return Quote("ETH/USD", Decimal(price), Decimal(price), AT, "test")


def test_the_liquidation_price_of_a_long_is_where_the_rest_is_what_the_venue_asks_for():
    # asks for max(1,000 x 0.5 %, 1) = 5; reserve 500 - fee 0.4: (5 - 499.6 + 1,000) / 0.5
    assert required_to_stay_usd(HELD, market_terms()) == 5
    assert liquidation_price_usd(HELD, market_terms()) == Decimal("1010.8")
    assert remaining_usd(HELD, Decimal("1010.8"), market_terms()) == 5


def test_the_liquidation_price_of_a_short_lies_above():
    short = replace(HELD, is_long=False)
    assert liquidation_price_usd(short, market_terms()) == Decimal("2989.2")


def test_the_least_collateral_counts_where_the_share_is_smaller():
    high = market_terms(min_collateral_usd=Decimal(10))
    assert liquidation_price_usd(HELD, high) == Decimal("1020.8")


def test_pending_costs_bring_the_liquidation_closer():
    owing = replace(HELD, pending_funding_usd=Decimal(6), pending_borrowing_usd=Decimal(4))
    assert liquidation_price_usd(owing, market_terms()) == Decimal("1030.8")


def test_a_negative_impact_of_closing_counts_up_to_the_venues_cap_and_a_gain_does_not():
    # shorts lead, so closing a long tilts the market further: -0.00001 x (1,000² - 0²)...
    tilted = market_terms(
        short_open_interest_usd=Decimal(1_001_000), negative_impact_factor=Decimal("0.00001")
    )
    assert closing_impact(HELD, tilted).usd == Decimal(-5)  # capped at 50 bps, else -10
    assert liquidation_price_usd(HELD, tilted) == Decimal("1021")  # and the dearer fee, 0.5
    even = market_terms(
        positive_impact_factor=Decimal("0.00001"), negative_impact_factor=Decimal("0.00001")
    )
    assert closing_impact(HELD, even).usd == 0


def test_a_position_is_liquidated_below_its_price_and_not_at_it():
    market = market_terms()
    assert not is_liquidatable(HELD, quote("1010.8"), market)
    assert is_liquidatable(HELD, quote("1010.79"), market)
    short = replace(HELD, is_long=False)
    assert not is_liquidatable(short, quote("2989.2"), market)
    assert is_liquidatable(short, quote("2989.21"), market)


def test_a_flat_position_is_never_liquidated_and_a_fully_paid_long_has_no_price():
    assert not is_liquidatable(FLAT, quote("1"), market_terms())
    assert liquidation_price_usd(FLAT, market_terms()) is None
    paid = replace(HELD, collateral_usd=Decimal(1100))
    assert liquidation_price_usd(paid, market_terms()) is None


def test_a_liquidation_closes_everything_and_hands_the_rest_back():
    fill = liquidated(HELD, quote=quote("1010"), terms=terms(0, 0), at=AT)
    assert fill.cause is FillCause.LIQUIDATION
    assert fill.size_delta_usd == 1000
    assert fill.size_delta_tokens == Decimal("0.5")
    assert fill.costs.position_fee_usd == Decimal("0.4") + 2  # closing and liquidation fee
    assert fill.costs.execution_fee_usd == 0
    assert realised_by(fill) == -495
    assert fill.uncovered_usd == 0
    assert cash_delta_usd(fill) == Decimal("2.6")  # 500 - 495 - 2.4


def test_a_loss_beyond_the_collateral_is_the_pools_and_never_the_accounts():
    fill = liquidated(HELD, quote=quote("900"), terms=terms(0, 0), at=AT)
    assert fill.uncovered_usd == Decimal("52.4")  # 550 lost and 2.4 of fees against 500
    assert cash_delta_usd(fill) == 0
    opening = filled(terms=terms(0, 0))
    account = fold_account(FLOW, [opening])
    (held,) = account.open_positions
    over = liquidated(held, quote=quote("900"), terms=terms(0, 0), at=AT)
    after = fold_account(FLOW, [opening, over])
    assert after.open_positions == ()
    assert after.cash_usd == account.cash_usd == Decimal("499.75")


def test_a_gap_below_nothing_leaves_a_position_worth_nothing():
    assert HELD.value_usd(Decimal(500)) == 0
    assert HELD.unrealised_usd(Decimal(500)) == -750
    assert HELD.covered_unrealised_usd(Decimal(500)) == -500
    account = fold_account([Flow(Decimal(600), AT)], [filled(OPEN)])
    assert account.equity_usd({"ETH/USD": Decimal(1)}) == account.cash_usd


def test_only_a_decrease_can_leave_a_loss_uncovered():
    with pytest.raises(Bug, match="uncovered"):
        replace(filled(), uncovered_usd=Decimal(1))


@CASES
@given(
    st.booleans(),
    st.decimals("10", "100000", places=2),
    st.decimals("1.2", "40", places=2),
    st.decimals("1", "50", places=4),
)
def test_the_liquidation_price_parts_the_prices_that_liquidate_from_those_that_do_not(
    is_long, size, leverage, owed
):
    held = Position(
        "ETH/USD", is_long, size, size / 2000, size / leverage, pending_borrowing_usd=owed / 100
    )
    market = market_terms()
    edge = liquidation_price_usd(held, market)
    if edge is None:
        assert not is_liquidatable(held, quote("0.01"), market)
        return
    step = Decimal("0.01") if is_long else Decimal("-0.01")
    assert not is_liquidatable(held, quote(edge + step), market)
    if edge - step > 0:
        assert is_liquidatable(held, quote(edge - step), market)


@CASES
@given(
    st.booleans(),
    st.decimals("0.0001", "90000", places=4),
    st.decimals("-20", "20", places=4),
    st.decimals("0", "20", places=4),
)
def test_whatever_the_price_a_liquidation_takes_no_more_than_the_collateral(
    is_long, price, funding, borrowing
):
    opening = replace(
        OPEN, is_long=is_long, acceptable_price_usd=Decimal(2100 if is_long else 1900)
    )
    first = filled(opening, Position("ETH/USD", is_long))
    before = fold_account(FLOW, [first])
    (held,) = before.open_positions
    owing = replace(held, pending_funding_usd=funding, pending_borrowing_usd=borrowing)
    last = liquidated(owing, quote=quote(price), terms=terms(), at=AT)
    after = fold_account(FLOW, [first, last])
    assert after.open_positions == ()
    assert after.cash_usd >= before.cash_usd + max(Decimal(0), -funding) - Decimal("0.00000001")
    assert (last.uncovered_usd == 0) or after.cash_usd == before.cash_usd - min(funding, Decimal(0))
    (record,) = fold_fills([first, last]).values()
    assert record.costs.borrowing_usd == borrowing
