"""Paper is not kinder than the venue: the worse price, every fee, and its refusals."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug, DomainRefusal, InvalidInput
from atlas.domain.intents import OrderIntent
from atlas.domain.ledger import Fill, Flow, fold_account
from atlas.domain.paper import (
    NotEnoughCash,
    PaperTerms,
    PositionMismatch,
    PriceNotAcceptable,
    execution_price_usd,
    fill_market_order,
)
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.states import PermitKind
from atlas.domain.units import exact

CASES = settings(max_examples=30, deadline=None)
AT = datetime(2024, 3, 1, tzinfo=UTC)
QUOTE = Quote("ETH/USD", Decimal(1999), Decimal(2001), AT, "test")
TERMS = PaperTerms(
    half_spread_bps=2, slippage_bps=3, position_fee_bps=5, execution_fee_usd=Decimal("0.25")
)
OPEN = OrderIntent(
    account="paper:demo",
    kind=PermitKind.INCREASE,
    market="ETH/USD",
    is_long=True,
    size_delta_usd=Decimal(1000),
    collateral_delta_usd=Decimal(500),
    expected_pre_size_usd=Decimal(0),
    acceptable_price_usd=Decimal(2100),
)
FLAT = Position("ETH/USD", True)
HELD = Position("ETH/USD", True, Decimal(1000), Decimal("0.5"), Decimal(500))
CLOSE = replace(
    OPEN,
    kind=PermitKind.REDUCE,
    collateral_delta_usd=Decimal(-500),
    expected_pre_size_usd=Decimal(1000),
    acceptable_price_usd=Decimal(1900),
)


def filled(intent: OrderIntent = OPEN, position: Position = FLAT, **changes: Any) -> Fill:
    given_: dict[str, Any] = {"quote": QUOTE, "cash_usd": Decimal(10_000), "terms": TERMS, "at": AT}
    return fill_market_order(intent, position=position, **{**given_, **changes})


def test_opening_a_long_pays_the_upper_price_plus_spread_and_slippage():
    fill = filled()
    assert fill.price_usd == Decimal("2002.0005")
    assert fill.size_delta_usd == 1000
    assert fill.costs.position_fee_usd == Decimal("0.5")
    assert fill.costs.execution_fee_usd == Decimal("0.25")
    assert fill.costs.funding_usd == fill.costs.borrowing_usd == 0
    assert fill.collateral_delta_usd == 500
    assert fill.filled_at == AT


def test_closing_a_long_gets_the_lower_price_less_spread_and_slippage():
    assert filled(CLOSE, HELD).price_usd == Decimal("1998.0005")


def test_a_short_opens_low_and_closes_high():
    short = replace(OPEN, is_long=False, acceptable_price_usd=Decimal(1900))
    assert filled(short, Position("ETH/USD", False)).price_usd == Decimal("1998.0005")
    held = replace(HELD, is_long=False)
    close = replace(CLOSE, is_long=False, acceptable_price_usd=Decimal(2100))
    assert filled(close, held).price_usd == Decimal("2002.0005")


def test_a_long_gets_fewer_tokens_and_a_short_owes_more():
    free = PaperTerms(0, 0, 0, Decimal(0))
    thirds = Quote("ETH/USD", Decimal(3), Decimal(3), AT, "test")
    bought = filled(replace(OPEN, size_delta_usd=Decimal(1)), terms=free, quote=thirds)
    assert bought.size_delta_tokens == Decimal("0." + "3" * 18)
    short = replace(OPEN, is_long=False, size_delta_usd=Decimal(1), acceptable_price_usd=Decimal(1))
    sold = filled(short, Position("ETH/USD", False), terms=free, quote=thirds)
    assert sold.size_delta_tokens == Decimal("0." + "3" * 17 + "4")


def test_a_partial_close_releases_more_tokens_of_a_long_and_fewer_of_a_short():
    for is_long, last in ((True, "4"), (False, "3")):
        held = Position("ETH/USD", is_long, Decimal(3), Decimal(1))
        assert held.tokens_share(Decimal(1)) == Decimal("0." + "3" * 17 + last)


def test_slippage_is_the_distance_from_the_mark_on_all_tokens():
    fill = filled(CLOSE, HELD)
    assert fill.slippage_usd == Decimal("0.5") * (Decimal(2000) - Decimal("1998.0005"))


def test_a_close_returns_all_tokens_and_all_collateral():
    fill = filled(replace(CLOSE, collateral_delta_usd=Decimal(-1)), HELD)
    assert fill.size_delta_tokens == HELD.size_tokens
    assert fill.collateral_delta_usd == -500


def test_a_reduction_returns_no_more_collateral_than_there_is():
    half = replace(CLOSE, size_delta_usd=Decimal(500), collateral_delta_usd=Decimal(-900))
    fill = filled(half, HELD)
    assert fill.size_delta_tokens == Decimal("0.25")
    assert fill.collateral_delta_usd == -500


def test_the_acceptable_price_is_met_at_its_boundary_and_refused_beyond():
    assert filled(replace(OPEN, acceptable_price_usd=Decimal("2002.0005")))
    with pytest.raises(PriceNotAcceptable, match=r"2002\.0005, acceptable is 2002\.0004 or less"):
        filled(replace(OPEN, acceptable_price_usd=Decimal("2002.0004")))
    assert filled(replace(CLOSE, acceptable_price_usd=Decimal("1998.0005")), HELD)
    with pytest.raises(PriceNotAcceptable, match=r"acceptable is 1998\.0006 or more"):
        filled(replace(CLOSE, acceptable_price_usd=Decimal("1998.0006")), HELD)


def test_an_order_without_an_acceptable_price_is_refused():
    with pytest.raises(PriceNotAcceptable, match="names no acceptable price"):
        filled(replace(OPEN, acceptable_price_usd=None))


def test_cash_must_cover_collateral_and_fees_to_the_last_digit():
    assert filled(cash_usd=Decimal("500.75"))
    with pytest.raises(NotEnoughCash, match=r"needs 500\.75 USD .* 500\.74 USD are free"):
        filled(cash_usd=Decimal("500.74"))


def test_getting_out_is_not_refused_for_want_of_cash():
    assert filled(CLOSE, HELD, cash_usd=Decimal(0)).size_delta_usd == 1000
    assert filled(CLOSE, HELD, cash_usd=Decimal(-3)).size_delta_usd == 1000


def test_an_order_that_was_decided_on_another_position_is_refused():
    with pytest.raises(PositionMismatch, match="expects a position of 0 USD, but it is 1000 USD"):
        filled(OPEN, HELD)
    with pytest.raises(PositionMismatch, match="is larger than"):
        filled(replace(CLOSE, size_delta_usd=Decimal(1001)), HELD)


def test_refusals_are_data_with_both_numbers():
    with pytest.raises(DomainRefusal) as caught:
        filled(cash_usd=Decimal(1))
    assert caught.value.code == "not_enough_cash"
    assert caught.value.detail == {"needed_usd": "500.75", "cash_usd": "1"}


def test_another_market_s_quote_or_position_is_a_bug():
    with pytest.raises(Bug, match="another market"):
        filled(quote=replace(QUOTE, market="BTC/USD"))
    with pytest.raises(Bug, match="another market"):
        filled(position=Position("ETH/USD", False))
    with pytest.raises(Bug, match="no SWAP orders"):
        filled(replace(OPEN, kind=PermitKind.SWAP))


@pytest.mark.parametrize(
    "changes",
    [
        {"half_spread_bps": -1},
        {"slippage_bps": 1001},
        {"position_fee_bps": -1},
        {"execution_fee_usd": Decimal("-0.01")},
        {"execution_fee_usd": Decimal("NaN")},
    ],
)
def test_terms_out_of_range_are_invalid(changes):
    with pytest.raises(InvalidInput, match=next(iter(changes))):
        replace(TERMS, **changes)


@CASES
@given(
    st.booleans(),
    st.decimals("0.01", "1000000", places=2),
    st.decimals("0.0001", "90000", places=6),
    st.builds(
        PaperTerms,
        st.integers(0, 500),
        st.integers(0, 500),
        st.integers(0, 100),
        st.decimals("0", "5", places=8),
    ),
)
def test_a_round_trip_at_one_price_never_earns_anything(is_long, size_usd, price, terms):
    quote = Quote("ETH/USD", price, price, AT, "test")
    flat = Position("ETH/USD", is_long)
    opening = replace(
        OPEN,
        is_long=is_long,
        size_delta_usd=size_usd,
        acceptable_price_usd=execution_price_usd(quote, terms, paying_up=is_long),
    )
    rich = Decimal(10**9)
    first = fill_market_order(
        opening, quote=quote, position=flat, cash_usd=rich, terms=terms, at=AT
    )
    (held,) = fold_account([], [first]).open_positions
    closing = replace(
        opening,
        kind=PermitKind.FLATTEN,
        collateral_delta_usd=-held.collateral_usd,
        expected_pre_size_usd=held.size_usd,
        acceptable_price_usd=execution_price_usd(quote, terms, paying_up=not is_long),
    )
    last = fill_market_order(closing, quote=quote, position=held, cash_usd=rich, terms=terms, at=AT)
    account = fold_account([Flow(Decimal(1000), AT)], [first, last])
    assert account.open_positions == ()
    assert account.cash_usd <= 1000
    with exact():
        assert account.cash_usd <= 1000 - account.costs.total_usd
    assert min(first.slippage_usd, last.slippage_usd) >= 0
    assert all(f.costs.position_fee_usd >= 0 for f in (first, last))
