"""The PnL bridge closes to the last digit, and hides nothing that it does not know."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.bridge import Leg, bridge, sum_legs, trading_pnl_before_impact
from atlas.domain.errors import InvalidInput

COSTS = {Leg.POSITION_FEES, Leg.BORROWING, Leg.GAS_AND_KEEPER_FEES, Leg.MANAGER_FEES}
AMOUNTS = st.decimals(
    min_value=-(10**15), max_value=10**15, places=18, allow_nan=False, allow_infinity=False
)
NAVS = AMOUNTS.map(Decimal.copy_abs)


@st.composite
def legs(draw):
    found = {}
    for leg in draw(st.sets(st.sampled_from(Leg))):
        amount = draw(st.none() | AMOUNTS)
        found[leg] = (
            amount.copy_abs().copy_negate() if amount is not None and leg in COSTS else amount
        )
    return found


def exactly(*numbers):
    """Add up decimals as fractions: no context rounds them."""
    return sum(map(Fraction, numbers))


ALL = {
    Leg.FLOWS: Decimal("500"),
    Leg.TRADING_PNL: Decimal("120.5"),
    Leg.POSITION_FEES: Decimal("-3"),
    Leg.FUNDING: Decimal("2.25"),
    Leg.BORROWING: Decimal("-1.75"),
    Leg.PRICE_IMPACT: Decimal("-0.5"),
    Leg.GAS_AND_KEEPER_FEES: Decimal("-4"),
    Leg.MANAGER_FEES: Decimal("-10"),
}


def test_a_bridge_with_every_leg_known_walks_from_one_nav_to_the_other():
    found = bridge(opening_nav_usd=Decimal(1000), closing_nav_usd=Decimal("1603.5"), legs=ALL)
    assert [step.leg for step in found.steps] == list(Leg)
    assert [step.after_usd for step in found.steps] == [
        Decimal(one)
        for one in ("1500", "1620.5", "1617.5", "1619.75", "1618", "1617.5", "1613.5", "1603.5")
    ]
    assert (found.residual_usd, found.is_complete) == (Decimal(0), True)
    assert found.unknown == ()
    assert found.closes_within(Decimal(0))


def test_a_leg_that_nobody_reported_is_named_and_lies_in_the_residual():
    known = {**ALL, Leg.FUNDING: None}
    del known[Leg.MANAGER_FEES]
    found = bridge(opening_nav_usd=Decimal(1000), closing_nav_usd=Decimal("1603.5"), legs=known)
    assert found.unknown == (Leg.FUNDING, Leg.MANAGER_FEES)
    assert not found.is_complete
    assert found.residual_usd == Decimal("2.25") - 10
    assert found.residual_ratio == Decimal("-0.00775")
    assert not found.closes_within(Decimal("7.74"))
    assert found.closes_within(Decimal("7.75"))
    third = bridge(opening_nav_usd=Decimal(3), closing_nav_usd=Decimal(2), legs={})
    assert third.residual_ratio == Decimal("-0.33333334")
    step = found.steps[list(Leg).index(Leg.FUNDING)]
    assert (step.amount_usd, step.after_usd) == (None, found.steps[2].after_usd)


def test_a_leg_of_zero_is_known():
    found = bridge(
        opening_nav_usd=Decimal(1), closing_nav_usd=Decimal(1), legs=dict.fromkeys(Leg, Decimal(0))
    )
    assert found.is_complete


def test_a_vault_that_opens_empty_has_no_residual_ratio():
    found = bridge(
        opening_nav_usd=Decimal(0), closing_nav_usd=Decimal(5), legs={Leg.FLOWS: Decimal(4)}
    )
    assert (found.residual_usd, found.residual_ratio) == (Decimal(1), None)


@given(NAVS, NAVS, legs())
def test_opening_legs_and_residual_are_the_closing_nav_to_the_last_digit(opening, closing, known):
    found = bridge(opening_nav_usd=opening, closing_nav_usd=closing, legs=known)
    amounts = [step.amount_usd for step in found.steps if step.amount_usd is not None]
    assert exactly(opening, *amounts, found.residual_usd) == exactly(closing)
    assert exactly(found.steps[-1].after_usd, found.residual_usd) == exactly(closing)
    assert set(found.unknown) == {leg for leg in Leg if known.get(leg) is None}


def test_a_residual_is_judged_to_its_last_digit():
    found = bridge(
        opening_nav_usd=Decimal(0),
        closing_nav_usd=Decimal("10000000000000.000000000000000001"),
        legs={},
    )
    assert not found.closes_within(Decimal(10_000_000_000_000))


@given(NAVS, NAVS, NAVS, legs(), legs())
def test_bridges_that_follow_each_other_add_up(first, second, third, one, other):
    both = sum_legs([one, other])
    whole = bridge(opening_nav_usd=first, closing_nav_usd=third, legs=both)
    parts = [
        bridge(opening_nav_usd=first, closing_nav_usd=second, legs=one),
        bridge(opening_nav_usd=second, closing_nav_usd=third, legs=other),
    ]
    assert set(whole.unknown) == set(parts[0].unknown) | set(parts[1].unknown)
    if whole.is_complete:
        residuals = exactly(*(part.residual_usd for part in parts))
        assert exactly(whole.residual_usd) == residuals


def test_the_sum_of_no_windows_knows_nothing():
    assert sum_legs([]) == dict.fromkeys(Leg)


def test_impact_that_a_ledger_holds_already_is_taken_out_once():
    before = trading_pnl_before_impact(
        ledger_pnl_usd=Decimal("99.5"), price_impact_usd=Decimal("-0.5")
    )
    assert before == 100


@pytest.mark.parametrize("leg", sorted(COSTS))
def test_a_cost_that_would_add_to_the_nav_is_refused(leg):
    with pytest.raises(InvalidInput, match="what was paid is negative"):
        bridge(opening_nav_usd=Decimal(1), closing_nav_usd=Decimal(1), legs={leg: Decimal("0.01")})


@pytest.mark.parametrize(
    ("opening", "closing", "amount", "words"),
    [
        ("-1", "1", "0", "negative"),
        ("1", "-1", "0", "negative"),
        ("NaN", "1", "0", "finite"),
        ("1", "Infinity", "0", "finite"),
        ("1", "1", "NaN", "finite"),
    ],
)
def test_what_cannot_be_a_bridge_is_refused(opening, closing, amount, words):
    with pytest.raises(InvalidInput, match=words):
        bridge(
            opening_nav_usd=Decimal(opening),
            closing_nav_usd=Decimal(closing),
            legs={Leg.FLOWS: Decimal(amount)},
        )
