"""What a paper market charges: fees, the keeper, and price impact by the venue's formula."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from atlas.domain.ledger import fold_fills, realised_by
from atlas.domain.paper_impact import impact_of, open_interest_of
from atlas.domain.paper_refusals import ImpactTooLarge, PriceNotAcceptable
from atlas.domain.paper_terms import BOUNDS, MarketTerms
from atlas.domain.positions import Position
from atlas.domain.units import exact
from tests.domain.paper_world import CLOSE, HELD, OPEN, filled, market_terms, terms

CASES = settings(max_examples=40, deadline=None)
# Longs lead by 500,000 USD; the exponent is 2, a gain counts half of a loss.
TILTED = market_terms(
    long_open_interest_usd=Decimal(1_500_000),
    short_open_interest_usd=Decimal(1_000_000),
    positive_impact_factor=Decimal("0.00000001"),
    negative_impact_factor=Decimal("0.00000002"),
    max_positive_impact_bps=1_000,
)


def test_the_keepers_fee_is_gas_times_price_times_buffer():
    # 5,100,000 gas x 0.01 gwei = 0.000051 ETH; + 30 % = 0.0000663 ETH; x 3,000 USD = 0.1989 USD
    assert MarketTerms(market="ETH/USD").execution_fee_usd == Decimal("0.1989")


def test_the_keepers_fee_is_rounded_up():
    odd = market_terms(gas_limit=1, gas_price_gwei=Decimal("0.001"), gas_token_usd=Decimal(1))
    assert odd.execution_fee_usd == Decimal("0.00000001")


def test_the_position_fee_depends_on_whether_the_trade_evens_the_market_out():
    assert market_terms().position_fee_usd(Decimal(1000), improves=True) == Decimal("0.4")
    assert market_terms().position_fee_usd(Decimal(1000), improves=False) == Decimal("0.5")
    assert market_terms().position_fee_usd(Decimal("0.01"), improves=False) == Decimal("0.000005")


def test_a_trade_that_tilts_the_market_further_pays_the_difference_of_the_squares():
    # 0.00000002 x (500,000² - 600,000²) = -2,200 USD
    impact = impact_of(TILTED, Decimal(0), Decimal(100_000), is_long=True)
    assert (impact.usd, impact.improves) == (Decimal(-2200), False)


def test_a_trade_that_evens_the_market_out_is_paid_at_the_smaller_factor():
    # 0.00000001 x (500,000² - 400,000²) = 900 USD
    impact = impact_of(TILTED, Decimal(0), Decimal(100_000), is_long=False)
    assert (impact.usd, impact.improves) == (Decimal(900), True)


def test_a_trade_through_the_middle_earns_the_first_part_and_pays_the_second():
    # + 0.00000001 x 500,000² - 0.00000002 x 100,000² = 2,500 - 200 USD
    impact = impact_of(TILTED, Decimal(0), Decimal(600_000), is_long=False)
    assert (impact.usd, impact.improves) == (Decimal(2300), True)


def test_a_trade_through_the_middle_that_ends_further_out_does_not_improve():
    impact = impact_of(TILTED, Decimal(0), Decimal(1_100_000), is_long=False)
    assert (impact.usd, impact.improves) == (Decimal(2500 - 7200), False)


def test_our_own_position_is_part_of_the_open_interest():
    own = open_interest_of(TILTED, Decimal(100_000), is_long=True)
    assert own.long_usd == 1_600_000
    assert own.short_usd == 1_000_000
    # closing it: 0.00000001 x (600,000² - 500,000²)
    assert impact_of(TILTED, Decimal(100_000), Decimal(-100_000), is_long=True).usd == 1100


def test_a_gain_is_capped_at_its_share_of_the_size():
    capped = replace(TILTED, max_positive_impact_bps=40)
    assert impact_of(capped, Decimal(0), Decimal(100_000), is_long=False).usd == 400


def test_the_gaining_factor_never_exceeds_the_losing_one():
    greedy = replace(TILTED, positive_impact_factor=Decimal("0.0000005"))
    impact = impact_of(greedy, Decimal(0), Decimal(100_000), is_long=False)
    assert impact.usd == Decimal(1800)  # 0.00000002 x (500,000² - 400,000²)


def test_an_exponent_between_one_and_two_is_computed_and_rounded_down():
    bent = replace(TILTED, negative_impact_exponent=Decimal("1.5"))
    # 0.00000002 x (353,553,390.593... - 464,758,001.544...) = -2.224092219...
    impact = impact_of(bent, Decimal(0), Decimal(100_000), is_long=True)
    assert impact.usd == Decimal("-2.22409222")


def test_a_loss_by_impact_means_fewer_tokens_for_a_long_and_more_owed_by_a_short():
    dear = terms(0, 0, negative_impact_factor=Decimal("0.00001"), max_liquidation_impact_bps=0)
    flat = Position("ETH/USD", True)
    long = filled(OPEN, flat, terms=dear)
    # impact = -0.00001 x 1,000² = -10 USD: 990 USD of tokens at 2,001 for 1,000 USD of size
    assert long.price_impact_usd == -10
    with exact():
        assert abs(long.size_delta_tokens - Decimal(990) / 2001) < Decimal("1e-15")
        assert abs(long.price_usd - Decimal(2001) * 1000 / 990) < Decimal("1e-9")
    short = replace(OPEN, is_long=False, acceptable_price_usd=Decimal(1900))
    sold = filled(short, Position("ETH/USD", False), terms=dear)
    with exact():
        assert abs(sold.size_delta_tokens - Decimal(1010) / 1999) < Decimal("1e-15")


def test_the_impact_of_a_close_is_inside_its_price_and_its_profit():
    paid = terms(
        0,
        0,
        positive_impact_factor=Decimal("0.000005"),
        negative_impact_factor=Decimal("0.00001"),
        max_positive_impact_bps=100,
    )
    fill = filled(CLOSE, HELD, terms=paid)
    # + 0.000005 x 1,000² = 5 USD on half a token: 10 USD above the 1,999 of the quote
    assert fill.price_impact_usd == 5
    assert fill.price_usd == 2009
    assert realised_by(fill) == Decimal("4.5")


def test_the_acceptable_price_is_held_against_the_price_with_the_whole_impact():
    dear = terms(0, 0, negative_impact_factor=Decimal("0.0001"))
    with pytest.raises(PriceNotAcceptable, match=r"2223\.3"):
        filled(OPEN, terms=dear)


def test_an_impact_as_large_as_the_order_is_refused():
    absurd = terms(0, 0, negative_impact_factor=Decimal("0.001"))
    with pytest.raises(ImpactTooLarge, match="-1000 USD in ETH/USD is as large as"):
        filled(replace(OPEN, acceptable_price_usd=Decimal(10**9)), terms=absurd)


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_each_parameter_is_refused_beyond_either_bound(name):
    low, high = BOUNDS[name]
    whole = isinstance(getattr(market_terms(), name), int)
    for value in (low - 1, high + 1):
        with pytest.raises(InvalidInput, match=f"{name} must be"):
            market_terms(**{name: int(value) if whole else value})


def test_a_liquidation_never_asks_for_more_than_an_opening():
    with pytest.raises(InvalidInput, match="must not be above min_collateral_ratio"):
        market_terms(liquidation_collateral_ratio=Decimal("0.02"))


@pytest.mark.parametrize("name", ["half_spread_bps", "slippage_bps"])
def test_spread_and_slippage_out_of_range_are_invalid(name):
    for value in (-1, 1001):
        with pytest.raises(InvalidInput, match=name):
            terms(**{name: value})


@CASES
@given(
    st.decimals("0", "3000000", places=2),
    st.decimals("0", "3000000", places=2),
    st.decimals("0.01", "1000000", places=2),
    st.booleans(),
)
def test_there_and_back_the_impact_never_adds_up_to_a_gain(longs, shorts, size_usd, is_long):
    market = replace(TILTED, long_open_interest_usd=longs, short_open_interest_usd=shorts)
    there = impact_of(market, Decimal(0), size_usd, is_long=is_long)
    back = impact_of(market, size_usd, -size_usd, is_long=is_long)
    assert there.usd + back.usd <= 0


def test_an_account_keeps_what_the_impact_came_to():
    dear = terms(0, 0, negative_impact_factor=Decimal("0.00001"))
    (record,) = fold_fills([filled(OPEN, terms=dear)]).values()
    assert record.price_impact_usd == -10
