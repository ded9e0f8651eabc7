"""The fold of a real chain's logs tells exactly what the chain told when it was asked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onchain.gmx import lifecycle, lifecycle_reading, payouts
from onchain.gmx.codec import OrderType
from onchain.gmx.events import GmxEvent, decode_event
from onchain.gmx.histories import (
    AccountHistory,
    ChangeKind,
    EmittedEvent,
    Place,
    PositionHistory,
    PositionState,
    Standing,
)
from tests.onchain.vectors import load, raw

LIFECYCLE = load("gmx_lifecycle")
ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
MARKET = LIFECYCLE["markets"]["WETH/USD [WETH-USDC]"]
USD = 10**30
USDC = 10**6


def emitted():
    return [
        EmittedEvent(
            Place(transaction["block"], log["log_index"], transaction["hash"]),
            decode_event([raw(topic) for topic in log["topics"]], raw(log["data"])),
        )
        for transaction in LIFECYCLE["transactions"]
        for log in transaction["logs"]
    ]


EVENTS = emitted()
HISTORY = lifecycle.fold(AccountHistory(ACCOUNT), EVENTS)
LONG, SHORT = (
    next(one for one in HISTORY.positions.values() if one.is_long is side) for side in (True, False)
)
ORDERS = tuple(HISTORY.orders.values())


def reason_of(part):
    """Give the name of the reason of an order or of one of its steps."""
    assert part.reason is not None
    return part.reason.name


def test_the_long_opens_and_closes_with_the_stated_figures():
    opened, closed = LONG.changes
    assert (opened.kind, closed.kind) == (ChangeKind.INCREASE, ChangeKind.DECREASE)
    assert opened.after == PositionState(
        size_usd_raw=5_000 * USD,
        size_tokens_raw=1_666_388_935_177_470_421,
        collateral_raw=997 * USDC,
        pending_impact_raw=-750_125_020_837,
    )
    assert (opened.execution_price_raw, closed.execution_price_raw) == (
        3_000_501_350_675_758,
        3_099_500_450_074_999,
    )
    assert (opened.costs.position_fee_raw, closed.costs.position_fee_raw) == (3 * USDC, 2 * USDC)
    assert closed.base_pnl_usd_raw == (
        1_666_388_935_177_470_421 * closed.index_price.min - 5_000 * USD
    )
    assert round(closed.base_pnl_usd_raw / USD, 6) == 164.972505
    assert closed.after == PositionState()


def test_the_round_trip_moves_the_stated_amount_of_collateral():
    closing = ORDERS[1]
    paid = payouts.collateral_payout_raw(closing, LONG, pnl_token=MARKET["longToken"])
    assert paid is not None
    assert paid - 1_000 * USDC == 159_604_342


def test_a_short_is_cut_and_then_liquidated_with_the_stated_figures():
    opened, cut, liquidated = SHORT.changes
    assert opened.after.size_usd_raw == 20_000 * USD
    assert opened.after.collateral_raw == 988 * USDC
    assert cut.after == PositionState(
        size_usd_raw=15_000 * USD,
        size_tokens_raw=5 * 10**18 + 1,
        collateral_raw=888 * USDC,
        pending_impact_raw=-9 * 10**12,
    )
    assert (liquidated.kind, liquidated.is_insolvent) == (ChangeKind.LIQUIDATION, True)
    assert liquidated.collateral_delta_raw == -888 * USDC
    assert liquidated.after == PositionState()
    assert HISTORY.open_positions == ()


def test_the_cut_pays_collateral_and_profit_less_fee_and_impact_in_the_same_token():
    paid = payouts.collateral_payout_raw(ORDERS[7], SHORT, pnl_token=MARKET["shortToken"])
    assert paid == 100 * USDC + 16_666_666 - 2 * USDC - 3_720 - 1


def test_an_insolvent_close_has_no_payout_that_the_logs_tell():
    liquidation = ORDERS[8]
    assert payouts.collateral_payout_raw(liquidation, SHORT, pnl_token=MARKET["shortToken"]) is (
        None
    )


def test_every_order_ends_as_the_chain_told():
    told = [(request_of(one).order_type, one.standing, one.is_of_account) for one in ORDERS]
    increase, decrease = OrderType.MARKET_INCREASE, OrderType.MARKET_DECREASE
    assert told == [
        (increase, Standing.EXECUTED, True),
        (decrease, Standing.EXECUTED, True),
        (increase, Standing.CANCELLED, True),
        (OrderType.LIMIT_INCREASE, Standing.CANCELLED, True),
        (OrderType.LIMIT_INCREASE, Standing.CANCELLED, True),
        (increase, Standing.CANCELLED, True),
        (increase, Standing.EXECUTED, True),
        (decrease, Standing.EXECUTED, True),
        (OrderType.LIQUIDATION, Standing.EXECUTED, False),
    ]
    assert HISTORY.pending_orders == ()


def test_refusals_keep_their_reason_and_freezing_is_told_before_the_cancel():
    refused, frozen, waiting = ORDERS[2], ORDERS[3], ORDERS[4]
    assert reason_of(refused) == "OrderNotFulfillableAtAcceptablePrice"
    assert [step.name for step in frozen.steps] == [
        "OrderCreated",
        "OrderFrozen",
        "OrderCancelled",
    ]
    assert reason_of(frozen.steps[1]) == "OrderNotFulfillableAtAcceptablePrice"
    assert reason_of(waiting) == "USER_INITIATED_CANCEL"


def test_the_execution_fee_is_split_into_what_was_kept_and_what_came_back():
    for order in ORDERS[:3]:
        assert order.keeper_fee_raw + order.refunded_fee_raw == request_of(order).execution_fee_raw
    assert ORDERS[0].keeper_fee_raw == 3_483_108_024_381_756
    assert (ORDERS[8].keeper_fee_raw, ORDERS[8].refunded_fee_raw) == (0, 0)


def test_the_four_costs_stay_apart():
    costs = SHORT.changes[0].costs
    assert (costs.position_fee_raw, costs.borrowing_fee_raw, costs.funding_fee_raw) == (
        12 * USDC,
        0,
        0,
    )
    assert costs.total_raw == 12 * USDC


def test_realised_profit_is_the_sum_of_price_moves_and_settled_impact():
    cut = SHORT.changes[1]
    assert cut.settled_impact_usd_raw == -3_720_000_000_000_000_056_278_976_550
    assert LONG.realised_pnl_usd_raw == (
        LONG.changes[1].base_pnl_usd_raw + LONG.changes[1].settled_impact_usd_raw
    )


def test_settled_pending_impact_is_what_the_event_says_in_dollars():
    for position in (LONG, SHORT):
        for change in position.changes[1:]:
            told = next(
                one.event.item("proportionalPendingImpactUsd")
                for one in EVENTS
                if one.place == change.place
            )
            assert -change.pending_impact_delta_raw * change.index_price.max == told


@given(st.integers(min_value=1, max_value=len(EVENTS) - 1))
def test_folding_in_two_parts_gives_the_same_history(cut):
    block = EVENTS[cut].place.block
    first = [one for one in EVENTS if one.place.block < block]
    rest = [one for one in EVENTS if one.place.block >= block]
    halfway = lifecycle.fold(AccountHistory(ACCOUNT), first)
    assert lifecycle.fold(halfway, rest) == HISTORY


@pytest.mark.parametrize("name", ["PositionIncrease", "PositionFeesCollected"])
def test_a_missing_log_stops_the_fold(name):
    gone = next(one for one in EVENTS if one.event.name == name)
    with pytest.raises(lifecycle.BrokenHistory):
        lifecycle.fold(AccountHistory(ACCOUNT), [one for one in EVENTS if one is not gone])


def test_a_doubled_log_stops_the_fold():
    with pytest.raises(lifecycle.BrokenHistory, match="does not come after"):
        lifecycle.fold(AccountHistory(ACCOUNT), [EVENTS[0], EVENTS[0]])


def test_another_account_sees_nothing_of_it():
    stranger = lifecycle.fold(AccountHistory("0x" + "11" * 20), EVENTS)
    assert (stranger.orders, stranger.positions) == ({}, {})


def test_a_fold_may_begin_with_a_position_that_was_read():
    key = SHORT.key
    start = AccountHistory(
        ACCOUNT,
        positions={
            key: PositionHistory(
                key,
                ACCOUNT,
                SHORT.market,
                SHORT.collateral_token,
                False,
                (),
                SHORT.changes[0].after,
            )
        },
    )
    later = [one for one in EVENTS if one.place.order > SHORT.changes[0].place.order]
    assert lifecycle.fold(start, later).positions[key].changes == SHORT.changes[1:]


def request_of(order):
    assert order.request is not None
    return order.request


def own(name, place=(1_000, 0), **items):
    return EmittedEvent(
        Place(place[0], place[1], "0x" + "ab" * 32),
        GmxEvent(name, "0x" + "22" * 20, (), {"account": ACCOUNT, **items}, {}),
    )


def test_an_update_changes_what_an_order_asks_for_and_thaws_it():
    key = ORDERS[3].key
    until_frozen = [one for one in EVENTS if one.place.block <= 630]
    update = own(
        "OrderUpdated",
        key=key,
        sizeDeltaUsd=7,
        acceptablePrice=8,
        triggerPrice=9,
        minOutputAmount=0,
        updatedAtTime=10,
        validFromTime=0,
        autoCancel=False,
    )
    frozen = lifecycle.fold(AccountHistory(ACCOUNT), until_frozen)
    assert frozen.orders[key].standing is Standing.FROZEN
    order = lifecycle.fold(frozen, [update]).orders[key]
    assert (order.standing, request_of(order).size_delta_usd_raw) == (Standing.WAITING, 7)
    assert (request_of(order).acceptable_price_raw, request_of(order).trigger_price_raw) == (8, 9)


def test_gmx_own_adjustments_of_an_order_are_kept():
    key = ORDERS[0].key
    created = lifecycle.fold(AccountHistory(ACCOUNT), EVENTS[:1])
    adjusted = lifecycle.fold(
        created,
        [
            own("OrderSizeDeltaAutoUpdated", key=key, sizeDeltaUsd=1, nextSizeDeltaUsd=2),
            own(
                "OrderCollateralDeltaAmountAutoUpdated",
                (1_000, 1),
                key=key,
                collateralDeltaAmount=1,
                nextCollateralDeltaAmount=0,
            ),
        ],
    ).orders[key]
    assert request_of(adjusted).size_delta_usd_raw == 2
    assert request_of(adjusted).initial_collateral_delta_raw == 0


def test_deleveraging_is_told_apart_from_a_decrease_of_ours():
    cut_at = SHORT.changes[1].place
    events = [
        replace(one, event=replace(one.event, items={**one.event.items, "secondaryOrderType": 1}))
        if one.event.name == "OrderExecuted" and one.place.block == cut_at.block
        else one
        for one in EVENTS
    ]
    found = lifecycle.fold(AccountHistory(ACCOUNT), events)
    assert found.positions[SHORT.key].changes[1].kind is ChangeKind.DELEVERAGING
    assert not found.orders[SHORT.changes[1].order_key].is_of_account


def test_nothing_follows_the_end_of_an_order():
    again = own(
        "OrderCancelled", key=ORDERS[0].key, reason="USER_INITIATED_CANCEL", reasonBytes=b""
    )
    with pytest.raises(lifecycle.BrokenHistory, match="follows the end"):
        lifecycle.fold(HISTORY, [again])


def test_claims_accrue_and_are_taken():
    market, token = MARKET["marketToken"], MARKET["longToken"]
    named = {"market": market, "token": token}
    found = lifecycle.fold(
        HISTORY,
        [
            own("ClaimableFundingUpdated", (1_000, 0), **named, delta=5, nextValue=5),
            own("ClaimableFundingUpdated", (1_000, 1), **named, delta=4, nextValue=9),
            own("FundingFeesClaimed", (1_001, 0), **named, amount=9),
            own("ClaimableCollateralUpdated", (1_002, 0), **named, timeKey=3, nextValue=70),
            own("CollateralClaimed", (1_003, 0), **named, timeKey=3, amount=60),
        ],
    )
    assert found.claimable_funding_raw == {(market, token): 0}
    assert found.claimed_funding_raw == {(market, token): 9}
    assert found.claimable_collateral_raw == {(market, token, 3): 70}
    assert found.claimed_collateral_raw == {(market, token, 3): 60}


@given(
    st.integers(-(10**30), 10**30),
    st.integers(1, 10**36),
    st.data(),
)
def test_settled_impact_never_exceeds_what_is_pending(pending, size, data):
    delta = data.draw(st.integers(0, size))
    settled = lifecycle_reading.proportional_impact_raw(pending, delta, size)
    assert abs(settled) <= abs(pending)
    assert settled * pending >= 0
    assert lifecycle_reading.proportional_impact_raw(pending, size, size) == pending
