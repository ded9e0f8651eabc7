"""The mirror of the vault's guard says of each observed scenario what the real contracts said."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onchain.abi import encode_call
from onchain.dhedge import (
    Approval,
    AssetChange,
    Execution,
    decrease_calls,
    encode_approval,
    increase_calls,
)
from onchain.gmx.codec import (
    ZERO_ADDRESS,
    CancelOrder,
    ClaimCollateral,
    ClaimFundingFees,
    CreateOrder,
    DecreaseSwap,
    Multicall,
    OrderParams,
    OrderType,
    SendTokens,
    SendWnt,
    encode_router,
)
from onchain.guard import asset_change_refusal, guard_refusal
from onchain.guard_facts import GmxFacts, GuardFacts, HeldPosition, MarketTokens, PendingOrder
from tests.onchain.vectors import load


def address(number: int) -> str:
    return f"0x{number:040d}"


VAULT, GUARD, TREASURY, ORDER_VAULT, SPENDER, SOMEBODY = (address(one) for one in range(1, 7))
ROUTER = "0xc351628EB244ec633d5f21fBD6621e1a683B1181"
WETH, USDC, DAI, UNKNOWN = (address(one) for one in range(10, 14))
MARKET, OTHER_MARKET = address(20), address(21)
KEY = b"\x01" * 32
ETH_PRICE, USDC_PRICE = 3000 * 10**12, 10**24  # 30 decimals less the token's
USD = 10**30
ONE_USDC = 10**6

FACTS = GuardFacts(
    vault=VAULT,
    guard=GUARD,
    fee_receiver=TREASURY,
    gmx=GmxFacts(
        router=ROUTER,
        order_vault=ORDER_VAULT,
        fee_token=WETH,
        token_spender=SPENDER,
        markets={MARKET: MarketTokens(WETH, USDC), OTHER_MARKET: MarketTokens(WETH, USDC)},
    ),
    guarded=frozenset({ROUTER, SPENDER}),
    known_assets=frozenset({WETH, USDC, DAI, MARKET, OTHER_MARKET}),
    enabled_assets=frozenset({WETH, USDC, MARKET}),
    withdrawal_asset=USDC,
    assets_held=frozenset({WETH, USDC}),
    deposit_assets=frozenset({USDC}),
    allowances_raw={WETH: 2**255, USDC: 2**255},
    prices_raw={WETH: ETH_PRICE, USDC: USDC_PRICE},
)
HOLDING = replace(
    FACTS,
    assets_held=frozenset({WETH, USDC, MARKET}),
    positions={(MARKET, USDC, True): HeldPosition(3000 * USD, 1000 * ONE_USDC)},
)
PENDING = replace(HOLDING, pending_orders={KEY: PendingOrder(USDC, 301)})

INCREASE = OrderParams(
    receiver=VAULT,
    market=MARKET,
    initial_collateral_token=USDC,
    order_type=OrderType.MARKET_INCREASE,
    is_long=True,
    size_delta_usd_raw=3000 * USD,
    initial_collateral_delta_raw=0,
    acceptable_price_raw=ETH_PRICE,
    execution_fee_raw=10**15,
    callback_contract=GUARD,
    callback_gas_limit=2_000_000,
    ui_fee_receiver=TREASURY,
)
DECREASE = replace(INCREASE, order_type=OrderType.MARKET_DECREASE, size_delta_usd_raw=1500 * USD)
SWAP = replace(
    INCREASE,
    order_type=OrderType.MARKET_SWAP,
    market=ZERO_ADDRESS,
    swap_path=(MARKET,),
    size_delta_usd_raw=0,
    min_output_raw=10**18 * 990 // 1000,
)


def router(call: Any) -> list[Execution]:
    return [Execution(ROUTER, encode_router(call))]


def raise_it(collateral: int = 1000 * ONE_USDC, **changes: Any) -> list[Execution]:
    params = replace(INCREASE, **changes)
    return router(
        increase_calls(params, fee_token=WETH, order_vault=ORDER_VAULT, collateral_raw=collateral)
    )


def lower_it(**changes: Any) -> list[Execution]:
    return router(
        decrease_calls(replace(DECREASE, **changes), fee_token=WETH, order_vault=ORDER_VAULT)
    )


def swap(**changes: Any) -> list[Execution]:
    return router(
        increase_calls(
            replace(SWAP, **changes),
            fee_token=WETH,
            order_vault=ORDER_VAULT,
            collateral_raw=3000 * ONE_USDC,
        )
    )


FEE = SendTokens(WETH, ORDER_VAULT, 10**15)
GIVEN = SendTokens(USDC, ORDER_VAULT, 1000 * ONE_USDC)
ORDER = CreateOrder(INCREASE)


def several(*calls: Any) -> list[Execution]:
    return router(Multicall(tuple(calls)))


def approve(spender: str, token: str = USDC) -> list[Execution]:
    return [Execution(token, encode_approval(Approval(spender, 1)))]


def raw(signature: str, arguments: list[Any], to: str = ROUTER) -> list[Execution]:
    return [Execution(to, encode_call(signature, arguments))]


@dataclass(frozen=True)
class Case:
    """One scenario: what the vault is asked to do, and how things stand."""

    calls: list[Execution]
    facts: GuardFacts = FACTS


CASES: dict[str, Case] = {
    "order before market is a supported asset": Case(
        raise_it(), replace(FACTS, enabled_assets=frozenset({WETH, USDC}))
    ),
    "non-whitelisted vault calls ExchangeRouter": Case(
        raise_it(), replace(FACTS, is_whitelisted=False)
    ),
    "order before approve": Case(raise_it(), replace(FACTS, allowances_raw={})),
    "approve to unguarded spender": Case(approve(SOMEBODY)),
    "approve to OrderVault": Case(approve(ORDER_VAULT)),
    "stranger": Case(raise_it(), replace(FACTS, caller_may_trade=False)),
    "receiver EOA": Case(raise_it(receiver=SOMEBODY)),
    "cancellationReceiver = vault": Case(raise_it(cancellation_receiver=VAULT)),
    "callbackContract zero": Case(raise_it(callback_contract=ZERO_ADDRESS)),
    "uiFeeReceiver zero": Case(raise_it(ui_fee_receiver=ZERO_ADDRESS)),
    "market unsupported": Case(raise_it(market=OTHER_MARKET)),
    "swapPath of 1 on increase": Case(raise_it(swap_path=(MARKET,))),
    "decreasePositionSwapType 1": Case(raise_it(decrease_swap=DecreaseSwap.PNL_TO_COLLATERAL)),
    "shouldUnwrapNativeToken": Case(raise_it(unwrap_native=True)),
    "orderType LimitIncrease(3)": Case(raise_it(order_type=OrderType.LIMIT_INCREASE)),
    "orderType LimitDecrease(5)": Case(lower_it(order_type=OrderType.LIMIT_DECREASE)),
    "orderType StopLossDecrease(6)": Case(lower_it(order_type=OrderType.STOP_LOSS_DECREASE)),
    "orderType LimitSwap(1)": Case(swap(order_type=OrderType.LIMIT_SWAP)),
    "orderType StopIncrease(8)": Case(raise_it(order_type=OrderType.STOP_INCREASE)),
    "collateral not supported": Case(raise_it(initial_collateral_token=DAI)),
    "sendTokens of another token": Case(several(FEE, replace(GIVEN, token=WETH), ORDER)),
    "sendTokens to wrong vault": Case(several(FEE, replace(GIVEN, receiver=SOMEBODY), ORDER)),
    "fee to wrong vault": Case(several(replace(FEE, receiver=SOMEBODY), GIVEN, ORDER)),
    "fee token not WETH": Case(several(replace(FEE, token=USDC), GIVEN, ORDER)),
    "sendWnt instead of sendTokens": Case(several(SendWnt(ORDER_VAULT, 10**15), GIVEN, ORDER)),
    "swapped order of sends (collateral first)": Case(several(GIVEN, FEE, ORDER)),
    "4 calls": Case(several(FEE, GIVEN, GIVEN, ORDER)),
    "increase with 2 calls": Case(several(FEE, ORDER)),
    "decrease with 3 calls": Case(several(FEE, GIVEN, CreateOrder(DECREASE))),
    "multicall whose last call is sendTokens": Case(several(FEE, ORDER, GIVEN)),
    "empty multicall": Case(several()),
    "bare createOrder": Case(router(ORDER)),
    "bare sendTokens": Case(router(FEE)),
    "updateOrder": Case(
        raw(
            "updateOrder(bytes32,uint256,uint256,uint256,uint256,uint256,bool)",
            [KEY, 0, 0, 0, 0, 0, False],
        )
    ),
    "multicall ending in cancelOrder": Case(several(CancelOrder(KEY)), PENDING),
    "setSavedCallbackContract": Case(
        raw("setSavedCallbackContract(address,address)", [MARKET, GUARD])
    ),
    "claimAffiliateRewards": Case(
        raw("claimAffiliateRewards(address[],address[],address)", [[], [], VAULT])
    ),
    "setUiFeeFactor": Case(raw("setUiFeeFactor(uint256)", [1])),
    "callbackGasLimit 749999": Case(raise_it(callback_gas_limit=749_999)),
    "callbackGasLimit 4000001 (GMX cap)": Case(raise_it(callback_gas_limit=4_000_001)),
    "leverage 7.01x": Case(raise_it(size_delta_usd_raw=7010 * USD)),
    "validFromTime 1 (GMX)": Case(raise_it(valid_from_time=1)),
    "executionFee > sent (GMX)": Case(
        several(FEE, GIVEN, CreateOrder(replace(INCREASE, execution_fee_raw=2 * 10**15)))
    ),
    "swap: market set": Case(swap(market=MARKET)),
    "swap: path 0": Case(swap(swap_path=())),
    "swap: path 2": Case(swap(swap_path=(MARKET, MARKET))),
    "swap: minOut 1.6% below": Case(swap(min_output_raw=10**18 * 984 // 1000)),
    "claimFundingFees receiver EOA": Case(router(ClaimFundingFees((MARKET,), (USDC,), SOMEBODY))),
    "claimFundingFees length mismatch": Case(
        router(ClaimFundingFees((MARKET,), (USDC, WETH), VAULT))
    ),
    "claimFundingFees wrong token": Case(router(ClaimFundingFees((MARKET,), (DAI,), VAULT))),
    "cancelOrder unknown key": Case(router(CancelOrder(b"\x02" * 32)), PENDING),
    "cancelOrder of an executed key": Case(router(CancelOrder(KEY)), HOLDING),
    "cancelOrder before 300s": Case(
        router(CancelOrder(KEY)),
        replace(HOLDING, pending_orders={KEY: PendingOrder(USDC, 0)}),
    ),
    "unknown selector": Case([Execution(ROUTER, b"\x12\x34\x56\x78" + b"\x00" * 32)]),
    "short calldata": Case([Execution(ROUTER, b"\x12\x34")]),
    "call Router directly": Case(
        raw("pluginTransfer(address,address,address,uint256)", [USDC, VAULT, VAULT, 1], SPENDER)
    ),
    "erc20 transfer": Case(raw("transfer(address,uint256)", [SOMEBODY, 1], USDC)),
    "approve with increaseAllowance": Case(
        raw("increaseAllowance(address,uint256)", [SPENDER, 1], USDC)
    ),
    "to zero address": Case([Execution(ZERO_ADDRESS, b"\x00" * 4)]),
    "leverage exactly 7x (simulated ok => null)": Case(raise_it(size_delta_usd_raw=7000 * USD)),
    "swap: minOut 1.5% below (simulated ok => null)": Case(
        swap(min_output_raw=10**18 * 985 // 1000)
    ),
    "increase with autoCancel+dataList+referralCode (simulated ok => null)": Case(
        raise_it(auto_cancel=True, data_list=(KEY,), referral_code=KEY)
    ),
    "autoCancel true on MarketIncrease": Case(raise_it(auto_cancel=True)),
    "approve to ExchangeRouter (guarded contract => allowed)": Case(approve(ROUTER)),
    "to = valid asset not enabled in this vault": Case(approve(SPENDER, DAI)),
    "trading paused": Case(raise_it(), replace(FACTS, trading_paused=True)),
    "factory paused": Case(raise_it(), replace(FACTS, factory_paused=True)),
    "short position 1x (simulated ok => null)": Case(
        raise_it(is_long=False, size_delta_usd_raw=1000 * USD)
    ),
    "dup: two orders in one execTransactions": Case([*raise_it(), *raise_it()]),
    "second order while one is pending": Case(raise_it(), PENDING),
    "add size over 7x on existing position": Case(
        raise_it(collateral=0, size_delta_usd_raw=4001 * USD), HOLDING
    ),
    "decrease pulling collateral over 7x": Case(
        lower_it(size_delta_usd_raw=USD, initial_collateral_delta_raw=900 * ONE_USDC), HOLDING
    ),
    "decrease collateralDelta >= position collateral": Case(
        lower_it(initial_collateral_delta_raw=1000 * ONE_USDC), HOLDING
    ),
    "ExchangeRouter without ROUTER_PLUGIN (GMX migrated)": Case(
        raise_it(), replace(FACTS, gmx=replace(FACTS.gmx, router_is_plugin=False))
    ),
    "ExchangeRouter without CONTROLLER (GMX migrated)": Case(
        raise_it(), replace(FACTS, gmx=replace(FACTS.gmx, router_is_controller=False))
    ),
    "a new ExchangeRouter that dHEDGE has no guard for": Case(
        raise_it(), replace(FACTS, guarded=frozenset({SPENDER}))
    ),
    "execTransactions approve x2 (manager)": Case(
        [*approve(SPENDER, WETH), *approve(SPENDER, USDC)]
    ),
    "MarketIncrease by trader EOA": Case(raise_it()),
    "MarketDecrease half (manager)": Case(lower_it(), HOLDING),
    "MarketIncrease for cancel": Case(raise_it()),
    "cancelOrder after 301s": Case(router(CancelOrder(KEY)), PENDING),
    "claimFundingFees": Case(router(ClaimFundingFees((MARKET,), (USDC,), VAULT))),
    "MarketSwap 3000 USDC": Case(swap()),
    "MarketDecrease close all": Case(lower_it(size_delta_usd_raw=3000 * USD), HOLDING),
    "MarketIncrease again": Case(raise_it(), HOLDING),
    "MarketIncrease on market 1 with two markets enabled": Case(
        raise_it(), replace(FACTS, enabled_assets=FACTS.enabled_assets | {OTHER_MARKET})
    ),
    "MarketDecrease on market 1 with two markets enabled": Case(
        lower_it(), replace(HOLDING, enabled_assets=FACTS.enabled_assets | {OTHER_MARKET})
    ),
    "MarketDecrease exact close": Case(lower_it(size_delta_usd_raw=3000 * USD), HOLDING),
}

CHANGES: dict[str, tuple[AssetChange, GuardFacts]] = {
    "add market with isDeposit true": (AssetChange(((OTHER_MARKET, True),), ()), FACTS),
    "add market on non-whitelisted vault": (
        AssetChange(((OTHER_MARKET, False),), ()),
        replace(FACTS, is_whitelisted=False),
    ),
    "trader changes assets": (AssetChange(((DAI, False),), ()), FACTS),
    "stranger changes assets": (
        AssetChange(((DAI, False),), ()),
        replace(FACTS, caller_may_trade=False),
    ),
    "add unknown asset": (AssetChange(((UNKNOWN, False),), ()), FACTS),
    "remove market asset with pending order": (AssetChange((), (MARKET,)), PENDING),
    "remove market asset with open position": (AssetChange((), (MARKET,)), HOLDING),
    "remove withdrawal asset USDC": (AssetChange((), (USDC,)), FACTS),
}

# What the vault is not asked to do by us, or what no guard decides.
OUTSIDE = {
    "approve on an ERC20 unknown to dHEDGE (=> allowed)": "the guard lets it pass; no such token",
    "trader sets trader": "the manager's act",
    "GM deposit multicall (simulated ok => null)": "liquidity; Atlas provides none",
    "investor withdraw same... (withdraw all portion)": "an investor's act",
    "claimCollateral on nothing (simulated)": "GMX's books, not the guard",
    "withdraw in cooldown": "an investor's act",
    "withdraw 95% (not enough free withdrawal asset?)": "an investor's act",
    "totalFundValue while that order is pending": "a read",
    "assetValue(market1) while pending": "a read",
    "assetValue(market2) while pending": "a read",
    "tokenPrice while pending": "a read",
    "deposit while pending": "an investor's act",
    "totalFundValue while the decrease is pending": "a read",
}

MATRIX = {row["scenario"]: row.get("observed_revert") for row in load("dhedge_guard_matrix")}


@pytest.mark.parametrize("scenario", CASES)
def test_the_mirror_says_what_the_contracts_said(scenario):
    case = CASES[scenario]
    assert guard_refusal(case.calls, case.facts) == MATRIX[scenario]


@pytest.mark.parametrize("scenario", CHANGES)
def test_changes_of_assets_are_judged_as_the_contracts_judge_them(scenario):
    change, facts = CHANGES[scenario]
    assert asset_change_refusal(change, facts) == MATRIX[scenario]


def test_every_scenario_is_mirrored_or_said_to_be_outside():
    assert set(MATRIX) == set(CASES) | set(CHANGES) | set(OUTSIDE)


LACKING: list[tuple[Callable[[], list[Execution]], GuardFacts, str]] = [
    (raise_it, replace(FACTS, withdrawal_asset=DAI), "unsupported withdrawal asset"),
    (
        lambda: router(ClaimCollateral((MARKET,), (USDC,), (1, 2), VAULT)),
        FACTS,
        "invalid length",
    ),
    (
        lambda: raise_it(initial_collateral_token=WETH, collateral=10**18),
        replace(FACTS, enabled_assets=frozenset({WETH, MARKET}), withdrawal_asset=""),
        "unsupported shortToken",
    ),
    (lambda: raise_it(collateral=0), FACTS, "max leverage exceeded"),
    (
        raise_it,
        replace(FACTS, allowances_raw={WETH: 10**15, USDC: 10}),
        "ERC20: insufficient allowance",
    ),
]


@pytest.mark.parametrize(("calls", "facts", "words"), LACKING, ids=[one[2] for one in LACKING])
def test_refusals_that_no_scenario_shows_are_those_of_the_source(calls, facts, words):
    assert guard_refusal(calls(), facts) == words


@given(st.integers(1, 20_000), st.integers(1, 3_000))
def test_a_new_position_is_refused_exactly_above_seven_times(size_usd, collateral_usd):
    calls = raise_it(collateral=collateral_usd * ONE_USDC, size_delta_usd_raw=size_usd * USD)
    is_refused = guard_refusal(calls, FACTS) == "max leverage exceeded"
    assert is_refused == (size_usd * 10**18 // collateral_usd > 7 * 10**18)


@given(st.integers(1, 2_999))
def test_a_partial_close_that_leaves_the_collateral_is_never_refused(size_usd):
    assert guard_refusal(lower_it(size_delta_usd_raw=size_usd * USD), HOLDING) is None
