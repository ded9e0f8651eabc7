"""What holds for every account at the paper venue, whatever it was told to do and prices did."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.intents import OrderIntent
from atlas.domain.ledger import (
    Account,
    Charge,
    Costs,
    Fill,
    Flow,
    apply_fill,
    cash_delta_usd,
    fold_account,
    fold_fills,
    realised_by,
)
from atlas.domain.paper import fill_market_order
from atlas.domain.paper_accrual import accrued
from atlas.domain.paper_liquidation import is_liquidatable, liquidated
from atlas.domain.paper_refusals import VenueRefusal
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.states import PermitKind
from atlas.domain.units import ZERO, exact
from tests.domain.paper_world import AT, terms

CASES = settings(max_examples=40, deadline=None)
CHARGED = terms(
    2,
    3,
    long_open_interest_usd=Decimal(1_400_000),
    short_open_interest_usd=Decimal(900_000),
    positive_impact_factor=Decimal("0.0000000001"),
    negative_impact_factor=Decimal("0.0000000002"),
    borrowing_factor=Decimal("0.0000001"),
    funding_factor=Decimal("0.0000001"),
)
FLOWS = [Flow(Decimal(20_000), AT), Flow(Decimal(-500), AT)]

# One step: long or short, more or less, how much, at which leverage, at which price, hours later.
STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["open", "reduce", "close"]),
        st.decimals("0.5", "30000", places=2),
        st.decimals("1.1", "9", places=1),
        st.decimals("500", "5000", places=2),
        st.integers(1, 400),
    ),
    max_size=14,
)


@dataclass
class Life:
    """An account that lives through steps; it keeps what happened and nothing else."""

    fills: list[Fill] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    at: Any = AT

    @property
    def account(self) -> Account:
        return fold_account(FLOWS, self.fills, self.charges)

    def held(self, *, is_long: bool) -> Position:
        record = self.account.records.get(Position("ETH/USD", is_long).key)
        if record is None or record.changed_at is None:
            return Position("ETH/USD", is_long)
        return accrued(record.position, CHARGED.market, since=record.changed_at, at=self.at)

    def live(self, step: tuple[Any, ...]) -> None:
        is_long, deed, size, leverage, price, hours = step
        self.at += timedelta(hours=hours)
        quote = Quote("ETH/USD", price, price, self.at, "test")
        for side in (True, False):
            held = self.held(is_long=side)
            if is_liquidatable(held, quote, CHARGED.market):
                self.fills.append(liquidated(held, quote=quote, terms=CHARGED, at=self.at))
        held = self.held(is_long=is_long)
        intent = _intent(held, deed, size, leverage)
        if intent is None:
            return
        try:
            fill = fill_market_order(
                intent,
                quote=quote,
                position=held,
                cash_usd=self.account.cash_usd,
                terms=CHARGED,
                at=self.at,
            )
        except VenueRefusal:
            self.charges.append(Charge(CHARGED.market.execution_fee_usd, self.at))
            return
        self.fills.append(fill)


def _intent(held: Position, deed: str, size: Decimal, leverage: Decimal) -> OrderIntent | None:
    if deed != "open" and held.is_flat:
        return None
    if deed == "open":
        pays_up = held.is_long
        kind, delta, collateral = (
            PermitKind.INCREASE,
            size,
            (size / leverage).quantize(Decimal("0.01")),
        )
    else:
        pays_up = not held.is_long
        delta = held.size_usd if deed == "close" else min(size, held.size_usd)
        kind, collateral = PermitKind.REDUCE, -held.collateral_share_usd(delta)
    return OrderIntent(
        account="paper:life",
        kind=kind,
        market="ETH/USD",
        is_long=held.is_long,
        size_delta_usd=delta,
        collateral_delta_usd=collateral,
        expected_pre_size_usd=held.size_usd,
        acceptable_price_usd=Decimal(10**6) if pays_up else Decimal("0.01"),
    )


def lived(steps: list[tuple[Any, ...]]) -> Life:
    life = Life()
    for step in steps:
        life.live(step)
    return life


@CASES
@given(STEPS, st.decimals("500", "5000", places=2))
def test_cash_and_positions_are_the_equity_and_the_equity_is_its_causes(steps, mark):
    life = lived(steps)
    account = life.account
    sides = [life.held(is_long=side) for side in (True, False)]
    with exact():
        worth = sum((one.value_usd(mark) for one in sides), start=ZERO)
        open_profit = sum((one.covered_unrealised_usd(mark) for one in sides), start=ZERO)
        pending = sum((one.pending_usd for one in sides), start=ZERO)
        causes = account.realised_usd + open_profit - account.costs.total_usd - pending
        assert account.cash_usd + worth == account.flows_usd + causes
        backing = sum((one.collateral_usd for one in sides), start=ZERO)
        assert account.cash_usd == (
            account.flows_usd + account.realised_usd - account.costs.total_usd - backing
        )


@CASES
@given(STEPS)
def test_positions_are_the_fold_of_their_fills_and_never_below_nothing(steps):
    life = lived(steps)
    for key, record in life.account.records.items():
        one_by_one = None
        for fill in (one for one in life.fills if one.key == key):
            one_by_one = apply_fill(one_by_one, fill)
        assert one_by_one == record == fold_fills(life.fills)[key]
        assert record.position.collateral_usd >= 0
        assert record.position.is_flat == (record.position.collateral_usd == 0)


@CASES
@given(STEPS)
def test_fees_are_never_negative_and_the_sum_of_costs_is_the_sum_of_the_legs(steps):
    life = lived(steps)
    total = sum((one.costs for one in life.fills), start=Costs())
    with exact():
        charged = sum((one.amount_usd for one in life.charges), start=ZERO)
        assert life.account.costs == replace(
            total, execution_fee_usd=total.execution_fee_usd + charged
        )
        moved = sum((cash_delta_usd(one) for one in life.fills), start=ZERO)
        assert life.account.cash_usd == life.account.flows_usd + moved - charged
    for fill in life.fills:
        assert min(
            fill.costs.borrowing_usd, fill.costs.position_fee_usd, fill.costs.execution_fee_usd
        ) >= 0  # fmt: skip


@CASES
@given(STEPS, st.decimals("500", "5000", places=2))
def test_after_closing_everything_the_account_is_flat_and_its_cash_is_its_equity(steps, price):
    life = lived(steps)
    quote = Quote("ETH/USD", price, price, life.at, "test")
    for side in (True, False):
        held = life.held(is_long=side)
        if held.is_flat:
            continue
        if is_liquidatable(held, quote, CHARGED.market):
            life.fills.append(liquidated(held, quote=quote, terms=CHARGED, at=life.at))
            continue
        intent = _intent(held, "close", held.size_usd, Decimal(2))
        assert intent is not None
        life.fills.append(_closed(life, intent, held, quote))
    account = life.account
    assert account.open_positions == ()
    assert account.equity_usd({}) == account.cash_usd


def _closed(life: Life, intent: OrderIntent, held: Position, quote: Quote) -> Fill:
    """Close by order; at the edge, where spread and fees eat the rest, as the keeper would."""
    try:
        return fill_market_order(
            intent,
            quote=quote,
            position=held,
            cash_usd=life.account.cash_usd,
            terms=CHARGED,
            at=life.at,
        )
    except VenueRefusal:
        return liquidated(held, quote=quote, terms=CHARGED, at=life.at)


@CASES
@given(STEPS)
def test_a_position_never_loses_more_than_was_put_into_it(steps):
    life = lived(steps)
    posted: dict[Any, Decimal] = {}
    for fill in life.fills:
        with exact():
            posted[fill.key] = posted.get(fill.key, ZERO) + fill.collateral_delta_usd
            assert posted[fill.key] >= 0
            if fill.cause.value == "LIQUIDATION":
                lost = (
                    -realised_by(fill) + fill.costs.total_usd - max(ZERO, -fill.costs.funding_usd)
                )
                assert lost <= -fill.collateral_delta_usd + max(ZERO, -fill.costs.funding_usd)
