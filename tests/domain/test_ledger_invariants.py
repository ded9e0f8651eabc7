"""What holds for every account, whatever happened to it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.ledger import Account, Costs, Fill, Flow, apply_fill, fold_account, fold_fills
from atlas.domain.positions import Position, PositionKey
from atlas.domain.units import PRICE_QUANTUM, TOKEN_QUANTUM, ZERO, exact, floor_to

CASES = settings(max_examples=30, deadline=None)
AT = datetime(2024, 3, 1, tzinfo=UTC)

# A random life of one account: how far each step opens or closes, on which side, at which price.
STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.decimals("0.01", "50000", places=2),
        st.decimals("0.0001", "90000", places=4),
        st.decimals("0", "3", places=8),
        st.decimals("-3", "3", places=8),
    ),
    max_size=12,
)


def fills_of(steps: list[tuple[Any, ...]]) -> list[Fill]:
    """Turn random steps into fills that a venue could have made."""
    held: dict[PositionKey, Position] = {}
    made: list[Fill] = []
    for is_long, wants_more, size, price, fee, funding in steps:
        key = PositionKey("ETH/USD", is_long)
        position = held.get(key, Position("ETH/USD", is_long))
        is_increase = wants_more or position.is_flat
        size_usd = size if is_increase else min(size, position.size_usd)
        with exact():
            bought = floor_to(size_usd / price, TOKEN_QUANTUM)
        step = Fill(
            market="ETH/USD",
            is_long=is_long,
            is_increase=is_increase,
            size_delta_usd=size_usd,
            size_delta_tokens=bought if is_increase else position.tokens_share(size_usd),
            price_usd=price,
            filled_at=AT,
            collateral_delta_usd=(
                size_usd / 4 if is_increase else -position.collateral_share_usd(size_usd)
            ),
            costs=Costs(funding, fee, fee / 2, fee / 4),
        )
        made.append(step)
        held[key] = fold_fills(made)[key].position
    return made


@CASES
@given(STEPS, st.decimals("0.0001", "90000", places=4))
def test_cash_and_positions_add_up_to_equity_and_equity_to_its_causes(steps, mark):
    fills = fills_of(steps)
    marks = {"ETH/USD": mark}
    account = fold_account([Flow(Decimal(100_000), AT), Flow(Decimal(-1), AT)], fills)
    with exact():
        values = sum((p.value_usd(mark) for p in account.open_positions), start=ZERO)
        causes = account.realised_usd + account.unrealised_usd(marks) - account.costs.total_usd
        assert account.equity_usd(marks) == account.cash_usd + values
        assert account.equity_usd(marks) == account.flows_usd + causes


@CASES
@given(STEPS)
def test_a_position_is_the_fold_of_its_fills_however_they_are_batched(steps):
    fills = fills_of(steps)
    whole = fold_fills(fills)
    for key, record in whole.items():
        one_by_one = None
        for step in (f for f in fills if f.key == key):
            one_by_one = apply_fill(one_by_one, step)
        assert one_by_one == record


@CASES
@given(STEPS)
def test_sizes_are_the_sums_of_what_was_added_and_released(steps):
    fills = fills_of(steps)
    for key, record in fold_fills(fills).items():
        with exact():
            for name in ("size_delta_usd", "size_delta_tokens"):
                total = sum(
                    (
                        (1 if f.is_increase else -1) * getattr(f, name)
                        for f in fills
                        if f.key == key
                    ),
                    start=ZERO,
                )
                assert getattr(record.position, name.replace("_delta", "")) == total


@CASES
@given(STEPS, st.decimals("1", "90000", places=4))
def test_closing_whatever_is_open_leaves_an_account_of_cash_alone(steps, price):
    fills = fills_of(steps)
    before: Account = fold_account([], fills)
    for position in before.open_positions:
        with exact():
            worth = position.collateral_usd + position.unrealised_usd(price)
        fills.append(
            Fill(
                market=position.market,
                is_long=position.is_long,
                is_increase=False,
                size_delta_usd=position.size_usd,
                size_delta_tokens=position.size_tokens,
                price_usd=price,
                filled_at=AT,
                collateral_delta_usd=-position.collateral_usd,
                uncovered_usd=max(ZERO, -worth),
            )
        )
    account = fold_account([], fills)
    assert account.open_positions == ()
    assert account.equity_usd({}) == account.cash_usd
    assert account.cash_usd == before.equity_usd({"ETH/USD": price})
    assert all(r.position.collateral_usd == 0 for r in account.records.values())


@CASES
@given(
    st.booleans(),
    st.decimals("0.01", "1000000", places=2),
    st.decimals("0.000001", "1000", places=18),
    st.decimals("0.0001", "90000", places=12),
)
def test_values_are_rounded_against_us(is_long, size_usd, tokens, price):
    position = Position("ETH/USD", is_long, size_usd, tokens)
    entry = position.average_entry_usd
    assert entry is not None
    with exact():
        profit = position.sign * (tokens * price - size_usd)
        assert position.unrealised_usd(price) <= profit
        assert position.notional_usd(price) >= tokens * price
        assert position.sign * (entry - size_usd / tokens) >= 0
        assert abs(entry - size_usd / tokens) <= PRICE_QUANTUM
