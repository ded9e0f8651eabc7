"""From a wanted exposure to orders: rounded down, exits first, and never locked in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug, InvalidInput, UnusableData
from atlas.domain.intents import OrderIntent
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.signals import Signal
from atlas.domain.sizing import Sizing, SizingTerms, plan, size
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind
from atlas.domain.units import exact

CASES = settings(max_examples=30, deadline=None)
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
TERMS = SizingTerms(min_order_usd=Decimal(10), leverage_ratio=Decimal(2))


def signal(exposure: str, market: str = "ETH/USD") -> Signal:
    return Signal(
        market=market,
        target_exposure_ratio=Decimal(exposure),
        confidence_ratio=Decimal(1),
        as_of_at=AT,
        valid_until_at=AT + timedelta(hours=1),
        reason="test",
        indicators={},
    )


def quote(price: str = "2000", market: str = "ETH/USD") -> Quote:
    return Quote(market, Decimal(price), Decimal(price), AT, "test")


def snapshot(*positions: Position, **changes: Any) -> Snapshot:
    made = Snapshot(
        account="paper:demo",
        taken_at=AT,
        nav_usd=Decimal(10_000),
        cash_usd=Decimal(10_000),
        positions=positions,
        quotes={"ETH/USD": quote()},
        working_orders=0,
    )
    return replace(made, **changes)


def held(size: str, tokens: str, *, is_long: bool = True, collateral: str = "0") -> Position:
    return Position("ETH/USD", is_long, Decimal(size), Decimal(tokens), Decimal(collateral))


def only(sizing: Sizing) -> OrderIntent:
    (intent,) = sizing.intents
    return intent


def test_from_flat_a_signal_opens_the_wanted_share_of_nav():
    sizing = size(signal("0.5"), snapshot(), TERMS)
    intent = only(sizing)
    assert (intent.kind, intent.is_long) == (PermitKind.INCREASE, True)
    assert intent.size_delta_usd == sizing.delta_notional_usd == 5_000
    assert intent.collateral_delta_usd == 2_500
    assert intent.expected_pre_size_usd == 0
    assert intent.signal_valid_until_at == AT + timedelta(hours=1)


def test_a_short_target_is_a_negative_notional_on_the_short_side():
    sizing = size(signal("-0.25"), snapshot(), TERMS)
    assert sizing.target_notional_usd == -2_500
    assert only(sizing).is_long is False


def test_sizes_are_rounded_down_to_the_cent_and_collateral_up():
    sizing = size(
        signal("0.3333"),
        snapshot(nav_usd=Decimal("100.19")),
        replace(TERMS, leverage_ratio=Decimal(3)),
    )
    assert only(sizing).size_delta_usd == Decimal("33.39")
    assert only(sizing).collateral_delta_usd == Decimal("11.13")
    assert sizing.target_notional_usd == Decimal("33.39")


def test_an_increase_adds_only_what_is_missing_at_the_mark():
    sizing = size(signal("1"), snapshot(held("3000", "2")), TERMS)
    assert sizing.current_notional_usd == 4_000
    assert only(sizing).size_delta_usd == 6_000
    assert only(sizing).expected_pre_size_usd == 3_000


def test_a_reduction_releases_the_share_of_the_entry_size():
    # 2 tokens bought for 3,000 are worth 4,000; the target of 1,000 needs three quarters to go.
    intent = only(size(signal("0.1"), snapshot(held("3000", "2", collateral="800")), TERMS))
    assert intent.kind is PermitKind.REDUCE
    assert intent.size_delta_usd == 2_250
    assert intent.collateral_delta_usd == -600
    assert not intent.is_full_close


def test_a_flat_signal_closes_exactly_everything():
    intent = only(size(signal("0"), snapshot(held("3333.33", "1.7", collateral="77")), TERMS))
    assert intent.size_delta_usd == Decimal("3333.33")
    assert intent.collateral_delta_usd == -77
    assert intent.is_full_close


def test_a_flip_is_a_close_and_then_an_opening():
    sizing = size(signal("-1"), snapshot(held("3000", "2")), TERMS)
    close, opening = sizing.intents
    assert (close.kind, close.is_long, close.is_full_close) == (PermitKind.REDUCE, True, True)
    assert (opening.kind, opening.is_long) == (PermitKind.INCREASE, False)
    assert opening.size_delta_usd == 10_000


def test_flat_and_flat_is_nothing_to_do():
    sizing = size(signal("0"), snapshot(), TERMS)
    assert sizing.intents == ()
    assert "so are we" in sizing.reason


@pytest.mark.parametrize(("minimum", "orders"), [("5000", 1), ("5000.01", 0)])
def test_the_minimum_order_is_allowed_and_anything_below_is_not(minimum, orders):
    sizing = size(signal("0.5"), snapshot(), replace(TERMS, min_order_usd=Decimal(minimum)))
    assert len(sizing.intents) == orders


def test_a_reduction_below_the_minimum_waits():
    sizing = size(
        signal("0.399"), snapshot(held("4000", "2")), replace(TERMS, min_order_usd=Decimal(11))
    )
    assert sizing.intents == ()
    assert "minimum order of 11 USD" in sizing.reason


def test_dust_is_closed_although_it_is_below_the_minimum():
    assert only(size(signal("0"), snapshot(held("0.5", "0.00025")), TERMS)).is_full_close


def test_a_target_or_remainder_below_the_minimum_becomes_a_close():
    tiny_target = size(signal("0.0009"), snapshot(held("4000", "2")), TERMS)
    assert only(tiny_target).is_full_close
    # The target of 15 USD at the mark is 7.50 USD of entry size: less than may be left standing.
    tiny_rest = size(signal("0.0015"), snapshot(held("2000", "2")), TERMS)
    assert only(tiny_rest).is_full_close


@pytest.mark.parametrize(("band", "orders"), [("0.2", 0), ("0.199", 1)])
def test_within_the_rebalance_band_a_position_is_left_alone(band, orders):
    terms = replace(TERMS, rebalance_band_ratio=Decimal(band))
    assert len(size(signal("0.5"), snapshot(held("4000", "2")), terms).intents) == orders


def test_the_band_never_holds_back_a_close_or_an_opening():
    terms = replace(TERMS, rebalance_band_ratio=Decimal(1))
    assert only(size(signal("0"), snapshot(held("4000", "2")), terms)).is_full_close
    assert only(size(signal("0.5"), snapshot(), terms)).is_increase


@pytest.mark.parametrize("unknown", [{"nav_usd": None}, {"quotes": {}}])
def test_what_is_unknown_stops_an_opening_and_not_a_close(unknown):
    with pytest.raises(UnusableData, match="NAV or price is unknown"):
        size(signal("1"), snapshot(**unknown), TERMS)
    assert only(size(signal("0"), snapshot(held("4000", "2"), **unknown), TERMS)).is_full_close
    flip = size(signal("-1"), snapshot(held("4000", "2"), **unknown), TERMS)
    assert only(flip).is_full_close
    assert "close only" in flip.reason
    assert flip.delta_notional_usd is None


def test_unknown_positions_cannot_be_sized_at_all():
    with pytest.raises(UnusableData, match="positions of paper:demo are unknown"):
        size(signal("0"), snapshot(positions=None), TERMS)


@pytest.mark.parametrize("nav", ["0", "-5"])
def test_without_any_nav_left_the_position_is_closed_and_none_is_opened(nav):
    broke = size(signal("1"), snapshot(held("4000", "2"), nav_usd=Decimal(nav)), TERMS)
    assert only(broke).is_full_close
    assert size(signal("1"), snapshot(nav_usd=Decimal(nav)), TERMS).intents == ()


def test_intents_carry_an_acceptable_price_by_their_kind():
    close, opening = size(signal("-1"), snapshot(held("3000", "2")), TERMS).intents
    assert close.acceptable_price_usd == Decimal(1980)  # closing a long: 100 bps below
    assert opening.acceptable_price_usd == Decimal(1994)  # opening a short: 30 bps below


def test_over_several_markets_every_exit_comes_before_every_entry():
    btc = Position("BTC/USD", False, Decimal(500), Decimal("0.01"))
    world = snapshot(
        held("4000", "2"), btc, quotes={"ETH/USD": quote(), "BTC/USD": quote("50000", "BTC/USD")}
    )
    sizings = [size(signal("-1"), world, TERMS), size(signal("1", "BTC/USD"), world, TERMS)]
    kinds = [intent.kind for intent in plan(sizings)]
    assert kinds == [PermitKind.REDUCE, PermitKind.REDUCE, PermitKind.INCREASE, PermitKind.INCREASE]


@pytest.mark.parametrize(
    "changes",
    [
        {"min_order_usd": Decimal(0)},
        {"min_order_usd": Decimal("NaN")},
        {"leverage_ratio": Decimal(0)},
        {"rebalance_band_ratio": Decimal("1.01")},
        {"rebalance_band_ratio": Decimal("-0.01")},
    ],
)
def test_terms_out_of_range_are_invalid(changes):
    with pytest.raises(InvalidInput, match=next(iter(changes))):
        replace(TERMS, **changes)


def test_an_intent_that_contradicts_its_kind_is_a_bug():
    good = only(size(signal("1"), snapshot(), TERMS))
    with pytest.raises(Bug, match="positive size"):
        replace(good, size_delta_usd=Decimal(0))
    with pytest.raises(Bug, match="cannot take collateral out"):
        replace(good, collateral_delta_usd=Decimal(-1))
    with pytest.raises(Bug, match="cannot put collateral in"):
        replace(good, kind=PermitKind.REDUCE, collateral_delta_usd=Decimal(1))


@CASES
@given(
    st.decimals("-5", "5", places=4),
    st.decimals("0", "1000000", places=2),
    st.decimals("0.01", "100000", places=4),
    st.decimals("0", "500000", places=2),
    st.booleans(),
)
def test_orders_never_overshoot_the_target(exposure, nav, price, size_usd, is_long):
    tokens = Decimal(1)
    positions = (held(str(size_usd), str(tokens), is_long=is_long),) if size_usd else ()
    world = snapshot(*positions, nav_usd=nav, quotes={"ETH/USD": quote(str(price))})
    sizing = size(signal(str(exposure)), world, TERMS)
    assert sizing.target_notional_usd is not None
    for intent in sizing.intents:
        own = world.position("ETH/USD", is_long=intent.is_long)
        with exact():
            if intent.is_increase:
                after = own.notional_usd(price) + intent.size_delta_usd
                assert after <= abs(exposure) * nav
            else:
                assert intent.size_delta_usd <= own.size_usd
                assert -intent.collateral_delta_usd <= own.collateral_usd
    kinds = [intent.is_increase for intent in sizing.intents]
    assert kinds == sorted(kinds)
