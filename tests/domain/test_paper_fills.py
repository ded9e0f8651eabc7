"""Paper is not kinder than the venue: the worse price, every fee, and its refusals."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug, DomainRefusal
from atlas.domain.ledger import Flow, cash_delta_usd, fold_account, realised_by
from atlas.domain.paper import fill_market_order
from atlas.domain.paper_price import side_price_usd
from atlas.domain.paper_refusals import (
    LossNotCovered,
    NotEnoughCash,
    NotEnoughCollateral,
    PositionMismatch,
    PositionTooSmall,
    PriceNotAcceptable,
)
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.states import PermitKind
from atlas.domain.units import exact
from tests.domain.paper_world import AT, CLOSE, FLAT, HELD, OPEN, QUOTE, filled, terms

CASES = settings(max_examples=30, deadline=None)


def test_opening_a_long_pays_the_upper_price_plus_spread_and_slippage():
    fill = filled()
    assert fill.price_usd == Decimal("2002.0005")
    assert fill.size_delta_usd == 1000
    assert fill.costs.position_fee_usd == Decimal("0.5")
    assert fill.costs.execution_fee_usd == Decimal("0.25")
    assert fill.costs.funding_usd == fill.costs.borrowing_usd == 0
    assert fill.filled_at == AT


def test_closing_a_long_gets_the_lower_price_less_spread_and_slippage():
    assert filled(CLOSE, HELD).price_usd == Decimal("1998.0005")


def test_a_short_opens_low_and_closes_high():
    short = replace(OPEN, is_long=False, acceptable_price_usd=Decimal(1900))
    assert filled(short, Position("ETH/USD", False)).price_usd == Decimal("1998.0005")
    held = replace(HELD, is_long=False)
    close = replace(CLOSE, is_long=False, acceptable_price_usd=Decimal(2100))
    assert filled(close, held).price_usd == Decimal("2002.0005")


def test_the_position_fee_of_an_opening_is_paid_out_of_its_collateral_and_the_keeper_in_cash():
    fill = filled()
    assert fill.collateral_delta_usd == Decimal("499.5")
    assert cash_delta_usd(fill) == Decimal("-500.25")


def test_a_long_gets_fewer_tokens_and_a_short_owes_more():
    free = terms(0, 0, gas_limit=0, worsening_fee_bps=0, max_leverage_ratio=Decimal(1))
    thirds = Quote("ETH/USD", Decimal(3), Decimal(3), AT, "test")
    one = replace(OPEN, size_delta_usd=Decimal(1))
    assert filled(one, terms=free, quote=thirds).size_delta_tokens == Decimal("0." + "3" * 18)
    short = replace(one, is_long=False, acceptable_price_usd=Decimal(1))
    sold = filled(short, Position("ETH/USD", False), terms=free, quote=thirds)
    assert sold.size_delta_tokens == Decimal("0." + "3" * 17 + "4")


def test_a_partial_close_releases_more_tokens_of_a_long_and_fewer_of_a_short():
    for is_long, last in ((True, "4"), (False, "3")):
        held = Position("ETH/USD", is_long, Decimal(3), Decimal(1))
        assert held.tokens_share(Decimal(1)) == Decimal("0." + "3" * 17 + last)


def test_slippage_is_the_distance_from_the_mark_on_all_tokens():
    fill = filled(CLOSE, HELD)
    assert fill.slippage_usd == Decimal("0.5") * (Decimal(2000) - Decimal("1998.0005"))


def test_a_close_returns_all_tokens_and_takes_all_collateral_to_pay_and_to_give_back():
    fill = filled(replace(CLOSE, collateral_delta_usd=Decimal(-1)), HELD)
    assert fill.size_delta_tokens == HELD.size_tokens
    assert fill.collateral_delta_usd == -500
    assert realised_by(fill) == Decimal("-0.99975")  # half a token, 1.9995 USD below its entry
    assert cash_delta_usd(fill) == 500 - Decimal("0.99975") - Decimal("0.4") - Decimal("0.25")


def test_a_partial_reduce_at_a_loss_pays_out_of_the_collateral_and_hands_back_what_was_asked():
    half = replace(CLOSE, size_delta_usd=Decimal(500), collateral_delta_usd=Decimal(-100))
    fill = filled(half, HELD)
    assert fill.size_delta_tokens == Decimal("0.25")
    lost, fee = Decimal("0.499875"), Decimal("0.2")
    assert realised_by(fill) == -lost
    assert fill.collateral_delta_usd == -(100 + lost + fee)
    assert cash_delta_usd(fill) == 100 - Decimal("0.25")  # the keeper's fee


def test_a_partial_reduce_at_a_profit_pays_its_fee_out_of_that_and_keeps_the_collateral():
    dear = Quote("ETH/USD", Decimal(2400), Decimal(2400), AT, "test")
    half = replace(CLOSE, size_delta_usd=Decimal(500), collateral_delta_usd=Decimal(0))
    fill = filled(half, HELD, quote=dear, terms=terms(0, 0))
    assert realised_by(fill) == 100
    assert fill.collateral_delta_usd == 0
    assert cash_delta_usd(fill) == 100 - Decimal("0.2") - Decimal("0.25")


def test_a_reduction_hands_no_collateral_back_where_the_rest_could_not_carry_itself():
    half = replace(CLOSE, size_delta_usd=Decimal(500), collateral_delta_usd=Decimal(-450))
    fill = filled(half, HELD)
    assert fill.size_delta_usd == 500
    assert fill.collateral_delta_usd == -Decimal("0.699875")  # loss and fee alone


def test_a_reduction_that_would_leave_dust_closes_everything():
    most = replace(CLOSE, size_delta_usd=Decimal("999.5"))
    fill = filled(most, HELD)
    assert fill.size_delta_usd == 1000
    assert fill.size_delta_tokens == Decimal("0.5")
    assert fill.collateral_delta_usd == -500


def test_a_reduction_closes_everything_where_the_collateral_left_is_below_the_minimum():
    thin = replace(HELD, collateral_usd=Decimal("1.5"))
    half = replace(CLOSE, size_delta_usd=Decimal(500), collateral_delta_usd=Decimal(0))
    fill = filled(
        half, thin, quote=Quote("ETH/USD", Decimal(1998), Decimal(1998), AT, "t"), terms=terms(0, 0)
    )
    assert fill.size_delta_usd == 1000


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


def test_cash_must_cover_collateral_and_the_keeper_to_the_last_digit():
    assert filled(cash_usd=Decimal("500.25"))
    with pytest.raises(NotEnoughCash, match=r"needs 500\.25 USD .* 500\.24 USD are free"):
        filled(cash_usd=Decimal("500.24"))


def test_the_highest_leverage_counts_after_fees_and_at_its_boundary():
    eight = terms(max_leverage_ratio=Decimal(8))
    assert filled(replace(OPEN, collateral_delta_usd=Decimal("125.5")), terms=eight)
    with pytest.raises(NotEnoughCollateral, match=r"124\.99999999 USD would back 1000 USD"):
        filled(replace(OPEN, collateral_delta_usd=Decimal("125.49999999")), terms=eight)


def test_the_least_share_of_collateral_counts_where_leverage_allows_more():
    wide = terms(max_leverage_ratio=Decimal(1000), min_collateral_ratio=Decimal("0.02"))
    assert filled(replace(OPEN, collateral_delta_usd=Decimal("20.5")), terms=wide)
    with pytest.raises(NotEnoughCollateral, match="asks for 20 USD"):
        filled(replace(OPEN, collateral_delta_usd=Decimal("20.49")), terms=wide)


def test_a_position_below_the_venues_minimum_is_refused():
    with pytest.raises(PositionTooSmall, match=r"0\.99 USD in ETH/USD is below the venue's 1 USD"):
        filled(replace(OPEN, size_delta_usd=Decimal("0.99")))


def test_getting_out_is_not_refused_for_want_of_cash():
    assert filled(CLOSE, HELD, cash_usd=Decimal(0)).size_delta_usd == 1000
    assert filled(CLOSE, HELD, cash_usd=Decimal(-3)).size_delta_usd == 1000


def test_a_position_that_cannot_pay_its_loss_is_not_closed_by_order():
    broke = replace(HELD, collateral_usd=Decimal(1))
    with pytest.raises(LossNotCovered, match="the venue liquidates it"):
        filled(CLOSE, broke)


def test_an_order_that_was_decided_on_another_position_is_refused():
    with pytest.raises(PositionMismatch, match="expects a position of 0 USD, but it is 1000 USD"):
        filled(OPEN, HELD)
    with pytest.raises(PositionMismatch, match="is larger than"):
        filled(replace(CLOSE, size_delta_usd=Decimal(1001)), HELD)


def test_refusals_are_data_with_both_numbers():
    with pytest.raises(DomainRefusal) as caught:
        filled(cash_usd=Decimal(1))
    assert caught.value.code == "not_enough_cash"
    assert caught.value.detail == {"needed_usd": "500.25", "cash_usd": "1"}


def test_another_market_s_quote_or_position_is_a_bug():
    with pytest.raises(Bug, match="another market"):
        filled(quote=replace(QUOTE, market="BTC/USD"))
    with pytest.raises(Bug, match="another market"):
        filled(position=Position("ETH/USD", False))
    with pytest.raises(Bug, match="no SWAP orders"):
        filled(replace(OPEN, kind=PermitKind.SWAP))


@CASES
@given(
    st.booleans(),
    st.decimals("1", "1000000", places=2),
    st.decimals("0.0001", "90000", places=6),
    st.tuples(
        st.integers(0, 500),
        st.integers(0, 100),
        st.decimals("0", "2000000", places=2),
        st.decimals("0", "0.0000001", places=12),
    ),
)
def test_a_round_trip_at_one_price_never_earns_anything(is_long, size_usd, price, market):
    slippage, fee_bps, longs, factor = market
    quote = Quote("ETH/USD", price, price, AT, "test")
    charged = terms(
        0,
        slippage,
        worsening_fee_bps=fee_bps,
        improving_fee_bps=fee_bps // 2,
        long_open_interest_usd=longs,
        positive_impact_factor=factor / 2,
        negative_impact_factor=factor,
        max_positive_impact_bps=50,
    )
    flat = Position("ETH/USD", is_long)
    side = side_price_usd(quote, charged, paying_up=is_long)
    opening = replace(
        OPEN,
        is_long=is_long,
        size_delta_usd=size_usd,
        collateral_delta_usd=size_usd,
        acceptable_price_usd=side * 1000 if is_long else Decimal("0.000000000001"),
    )
    rich = Decimal(10**9)
    first = fill_market_order(
        replace(opening, collateral_delta_usd=size_usd * 2),
        quote=quote,
        position=flat,
        cash_usd=rich,
        terms=charged,
        at=AT,
    )
    (held,) = fold_account([], [first]).open_positions
    closing = replace(
        opening,
        kind=PermitKind.FLATTEN,
        collateral_delta_usd=-held.collateral_usd,
        expected_pre_size_usd=held.size_usd,
        acceptable_price_usd=Decimal("0.000000000001") if is_long else side * 1000,
    )
    last = fill_market_order(
        closing, quote=quote, position=held, cash_usd=rich, terms=charged, at=AT
    )
    account = fold_account([Flow(Decimal(1000), AT)], [first, last])
    assert account.open_positions == ()
    with exact():
        assert account.cash_usd <= 1000 - account.costs.total_usd
        assert first.price_impact_usd + last.price_impact_usd <= 0
    assert min(first.slippage_usd, last.slippage_usd) >= 0
    assert all(f.costs.position_fee_usd >= 0 for f in (first, last))
    assert (FLAT.is_flat, held.is_flat) == (True, False)
