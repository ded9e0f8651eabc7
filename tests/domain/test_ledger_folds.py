"""Positions and cash are folds of what happened, exact to the last digit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from atlas.domain.errors import Bug, UnusableData
from atlas.domain.ledger import (
    Charge,
    Costs,
    Fill,
    FillCause,
    Flow,
    apply_fill,
    cash_delta_usd,
    fold_account,
    fold_fills,
)
from atlas.domain.positions import Position, PositionKey
from atlas.domain.units import ZERO

AT = datetime(2024, 3, 1, tzinfo=UTC)
ETH_LONG = PositionKey("ETH/USD", is_long=True)
ETH_SHORT = PositionKey("ETH/USD", is_long=False)


def fill(size: str, tokens: str, price: str, **changes: Any) -> Fill:
    made = Fill("ETH/USD", True, True, Decimal(size), Decimal(tokens), Decimal(price), AT)
    return replace(made, **changes)


OPEN = fill("1000", "0.5", "2000", collateral_delta_usd=Decimal(500))
REDUCE = fill("400", "0.2", "2200", is_increase=False, collateral_delta_usd=Decimal(-200))
CLOSE = fill("600", "0.3", "1900", is_increase=False, collateral_delta_usd=Decimal(-300))


def test_an_increase_averages_the_entry_price():
    record = fold_fills([OPEN, fill("1100", "0.5", "2200")])[ETH_LONG]
    assert record.position.size_usd == 2100
    assert record.position.size_tokens == 1
    assert record.position.average_entry_usd == 2100
    assert record.realised_usd == 0


def test_a_partial_reduce_realises_its_share_and_keeps_the_entry_price():
    record = fold_fills([OPEN, REDUCE])[ETH_LONG]
    assert record.realised_usd == Decimal("40")
    assert record.position.average_entry_usd == 2000
    assert record.position.collateral_usd == 300


def test_after_a_close_everything_is_exactly_zero():
    record = fold_fills([OPEN, REDUCE, CLOSE])[ETH_LONG]
    assert record.position == Position("ETH/USD", True)
    assert record.position.is_flat
    assert record.position.average_entry_usd is None
    assert record.realised_usd == Decimal("40") + Decimal("-30")


def test_a_short_earns_when_the_price_falls():
    short = replace(OPEN, is_long=False)
    closed = fill("1000", "0.5", "1800", is_long=False, is_increase=False)
    record = fold_fills([short, replace(closed, collateral_delta_usd=Decimal(-500))])[ETH_SHORT]
    assert record.realised_usd == 100
    assert Position("ETH/USD", False, Decimal(1000), Decimal("0.5")).unrealised_usd(
        Decimal(1800)
    ) == Decimal(100)


def test_a_flip_closes_one_side_and_opens_the_other():
    whole = replace(CLOSE, size_delta_usd=Decimal(1000), size_delta_tokens=Decimal("0.5"))
    out = replace(whole, collateral_delta_usd=Decimal(-500))
    records = fold_fills([OPEN, out, replace(OPEN, is_long=False)])
    assert records[ETH_LONG].position.is_flat
    assert records[ETH_SHORT].position.size_usd == 1000
    assert records[ETH_LONG].realised_usd == -50


def test_each_opening_from_zero_is_a_new_episode():
    whole = replace(CLOSE, size_delta_usd=Decimal(1000), size_delta_tokens=Decimal("0.5"))
    out = replace(whole, collateral_delta_usd=Decimal(-500))
    later = replace(OPEN, filled_at=AT + timedelta(hours=5))
    record = fold_fills([OPEN, OPEN, REDUCE])[ETH_LONG]
    assert record.episode == 1
    again = fold_fills([OPEN, out, later])[ETH_LONG]
    assert (again.episode, again.fills, again.opened_at) == (2, 3, later.filled_at)


def test_the_four_costs_and_slippage_stay_apart():
    first = Costs(Decimal(1), Decimal(2), Decimal(3), Decimal(4))
    second = Costs(funding_usd=Decimal("-0.5"))
    record = fold_fills(
        [
            replace(
                OPEN, costs=first, slippage_usd=Decimal("0.7"), price_impact_usd=Decimal("0.2")
            ),
            replace(REDUCE, costs=second, slippage_usd=Decimal("0.1")),
        ]
    )[ETH_LONG]
    assert record.costs == Costs(Decimal("0.5"), Decimal(2), Decimal(3), Decimal(4))
    assert record.costs.total_usd == Decimal("9.5")
    assert record.slippage_usd == Decimal("0.8")
    assert record.price_impact_usd == Decimal("0.2")
    assert record.net_realised_usd == Decimal("30.5")


def test_slippage_is_inside_the_price_and_not_taken_from_the_cash_again():
    slipped = replace(REDUCE, slippage_usd=Decimal(5), price_impact_usd=Decimal(3))
    assert cash_delta_usd(slipped) == cash_delta_usd(REDUCE) == Decimal("240")


def test_received_funding_is_a_negative_cost_but_no_fee_is_negative():
    assert Costs(funding_usd=Decimal(-1)).total_usd == -1
    for name in ("borrowing_usd", "position_fee_usd", "execution_fee_usd"):
        with pytest.raises(Bug, match="negative"):
            Costs(**{name: Decimal("-0.01")})


def test_a_decrease_larger_than_the_position_is_a_bug():
    with pytest.raises(Bug, match="larger than the ETH/USD position"):
        fold_fills([OPEN, fill("1000.01", "0.5", "2000", is_increase=False)])
    with pytest.raises(Bug, match="larger"):
        fold_fills([CLOSE])


def test_a_close_that_leaves_collateral_behind_is_a_bug():
    with pytest.raises(Bug, match="collateral behind"):
        fold_fills([OPEN, fill("1000", "0.5", "2000", is_increase=False)])


def test_a_close_that_leaves_tokens_behind_is_a_bug():
    with pytest.raises(Bug, match="cannot have"):
        fold_fills([OPEN, fill("1000", "0.4", "2000", is_increase=False)])


def test_a_fill_of_nothing_or_at_no_price_is_a_bug():
    for name in ("size_delta_usd", "size_delta_tokens", "price_usd"):
        changes: dict[str, Any] = {name: ZERO}
        with pytest.raises(Bug, match="positive sizes"):
            replace(OPEN, **changes)


def test_a_fill_of_another_position_is_a_bug():
    record = apply_fill(None, OPEN)
    with pytest.raises(Bug, match="folded into"):
        apply_fill(record, replace(OPEN, is_long=False))


def test_equity_needs_the_mark_of_every_open_position():
    account = fold_account([Flow(Decimal(10_000), AT)], [OPEN])
    with pytest.raises(UnusableData, match="no mark price for ETH/USD"):
        account.equity_usd({"BTC/USD": Decimal(1)})
    assert account.equity_usd({"ETH/USD": Decimal(2000)}) == 10_000
    assert account.equity_usd({"ETH/USD": Decimal(2100)}) == 10_050


def test_a_loss_ends_at_the_collateral_and_what_is_owed_in_cash_is_not_hidden():
    account = fold_account([Flow(Decimal(600), AT)], [OPEN])
    assert account.equity_usd({"ETH/USD": Decimal(500)}) == 100
    assert account.unrealised_usd({"ETH/USD": Decimal(500)}) == -500
    owing = fold_account([Flow(Decimal(400), AT)], [OPEN])
    assert owing.equity_usd({"ETH/USD": Decimal(500)}) == -100


def test_a_keepers_fee_without_a_fill_is_a_cost_of_the_account():
    account = fold_account([Flow(Decimal(600), AT)], [OPEN], [Charge(Decimal("0.25"), AT)])
    assert account.cash_usd == Decimal("99.75")
    assert account.costs == Costs(execution_fee_usd=Decimal("0.25"))
    assert account.equity_usd({"ETH/USD": Decimal(2000)}) == Decimal("599.75")
    with pytest.raises(Bug, match="negative"):
        Charge(Decimal("-0.01"), AT)


def test_a_loss_that_the_pool_bore_counts_back_into_the_realised_profit():
    over = replace(
        CLOSE,
        size_delta_usd=Decimal(1000),
        size_delta_tokens=Decimal("0.5"),
        price_usd=Decimal(900),
        collateral_delta_usd=Decimal(-500),
        uncovered_usd=Decimal(50),
        cause=FillCause.LIQUIDATION,
    )
    record = fold_fills([OPEN, over])[ETH_LONG]
    assert record.realised_usd == -500
    assert cash_delta_usd(over) == 0


def test_a_positive_price_impact_is_a_gain_and_lies_in_the_profit_already():
    gained = replace(REDUCE, price_impact_usd=Decimal(3))
    record = fold_fills([OPEN, gained])[ETH_LONG]
    assert record.price_impact_usd == 3
    assert record.realised_usd == fold_fills([OPEN, REDUCE])[ETH_LONG].realised_usd


def test_deposits_and_withdrawals_are_no_profit():
    flows = [Flow(Decimal(1000), AT), Flow(Decimal(-400), AT)]
    account = fold_account(flows, [])
    assert account.cash_usd == account.flows_usd == account.equity_usd({}) == 600
    assert account.realised_usd == 0


def test_a_position_that_cannot_exist_is_a_bug():
    for size, tokens in (("1", "0"), ("0", "1"), ("-1", "1"), ("1", "-1")):
        with pytest.raises(Bug, match="cannot have"):
            Position("ETH/USD", True, Decimal(size), Decimal(tokens))
