"""GMX and dHEDGE calldata: every vector is reproduced, and only canonical bytes are understood."""

from collections.abc import Callable

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from onchain import dhedge
from onchain.abi import UndecodableBytes, selector
from onchain.gmx import codec
from tests.onchain.vectors import load, raw

ORDERS = {order["name"]: order for order in load("gmx_create_order")["orders"]}
MULTICALLS = load("gmx_multicall")
VAULT_CALLS = load("dhedge_calldata")
SUPPORTED: dict[str, Callable[..., codec.RouterCall]] = {
    "sendTokens": lambda token, to, amount: codec.SendTokens(token, to, int(amount)),
    "sendWnt": lambda to, amount: codec.SendWnt(to, int(amount)),
    "cancelOrder": lambda key: codec.CancelOrder(raw(key)),
    "claimFundingFees": lambda markets, tokens, to: codec.ClaimFundingFees(
        tuple(markets), tuple(tokens), to
    ),
    "claimCollateral": lambda markets, tokens, times, to: codec.ClaimCollateral(
        tuple(markets), tuple(tokens), tuple(map(int, times)), to
    ),
}


def params_of(vector):
    """Read a vector's order as our type."""
    addresses, numbers = vector["params"]["addresses"], vector["params"]["numbers"]
    rest = vector["params"]
    return codec.OrderParams(
        receiver=addresses["receiver"],
        cancellation_receiver=addresses["cancellationReceiver"],
        callback_contract=addresses["callbackContract"],
        ui_fee_receiver=addresses["uiFeeReceiver"],
        market=addresses["market"],
        initial_collateral_token=addresses["initialCollateralToken"],
        swap_path=tuple(addresses["swapPath"]),
        size_delta_usd_raw=int(numbers["sizeDeltaUsd"]),
        initial_collateral_delta_raw=int(numbers["initialCollateralDeltaAmount"]),
        trigger_price_raw=int(numbers["triggerPrice"]),
        acceptable_price_raw=int(numbers["acceptablePrice"]),
        execution_fee_raw=int(numbers["executionFee"]),
        callback_gas_limit=int(numbers["callbackGasLimit"]),
        min_output_raw=int(numbers["minOutputAmount"]),
        valid_from_time=int(numbers["validFromTime"]),
        order_type=codec.OrderType(int(rest["orderType"])),
        decrease_swap=codec.DecreaseSwap(int(rest["decreasePositionSwapType"])),
        is_long=rest["isLong"],
        unwrap_native=rest["shouldUnwrapNativeToken"],
        auto_cancel=rest["autoCancel"],
        referral_code=raw(rest["referralCode"]),
        data_list=tuple(raw(item) for item in rest["dataList"]),
    )


def call_of(vector):
    """Read a vector's router call as our type."""
    if vector["function"] == "createOrder":
        order = ORDERS.get(vector["args"]["$ref"])
        # two orders of the multicalls are given as bytes only
        return (
            codec.CreateOrder(params_of(order))
            if order
            else codec.decode_router(raw(vector["calldata"]))
        )
    return SUPPORTED[vector["function"]](*vector["args"])


def test_the_create_selector_is_that_of_the_present_generations():
    assert selector(codec.CREATE_ORDER).hex() == "f59c48eb"


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_encoded_as_the_real_contracts_read_it(name):
    call = codec.CreateOrder(params_of(ORDERS[name]))
    assert codec.encode_router(call) == raw(ORDERS[name]["calldata"])
    assert codec.decode_router(raw(ORDERS[name]["calldata"])) == call


@pytest.mark.parametrize("vector", MULTICALLS["multicalls"], ids=lambda vector: vector["name"])
def test_a_multicall_is_encoded_and_read_back_whole(vector):
    multicall = codec.Multicall(tuple(call_of(call) for call in vector["calls"]))
    data = raw(vector["multicallCalldata"])
    assert codec.encode_router(multicall) == data
    assert codec.decode_router(data) == multicall


@pytest.mark.parametrize("vector", MULTICALLS["singleCalls"], ids=lambda vector: vector["function"])
def test_a_direct_call_is_read_or_refused_by_name(vector):
    data = raw(vector["calldata"])
    if vector["function"] not in SUPPORTED:
        with pytest.raises(UndecodableBytes, match="not known"):
            codec.decode_router(data)
        return
    assert codec.encode_router(call_of(vector)) == data
    assert codec.decode_router(data) == call_of(vector)


@pytest.mark.parametrize("name", ["dhedge_market_increase", "dhedge_market_decrease"])
def test_the_shapes_that_the_guard_demands_are_built_from_the_order_alone(name):
    vector = next(one for one in MULTICALLS["multicalls"] if one["name"] == name)
    order = call_of(vector["calls"][-1]).params
    fee = vector["calls"][0]["args"]
    places = {"fee_token": fee[0], "order_vault": fee[1]}
    built = (
        dhedge.increase_calls(order, collateral_raw=int(vector["calls"][1]["args"][2]), **places)
        if "increase" in name
        else dhedge.decrease_calls(order, **places)
    )
    assert codec.encode_router(built) == raw(vector["multicallCalldata"])


@pytest.mark.parametrize(
    "example", MULTICALLS["vaultExecTransaction"]["examples"], ids=lambda one: one["inner"]
)
def test_a_vault_transaction_unwraps_to_its_router_call(example):
    (execution,) = dhedge.decode_execution(raw(example["calldata"]))
    assert execution.to == to_checksum_address(example["to"])
    inner = next(one for one in MULTICALLS["multicalls"] if one["name"] == example["inner"])
    assert execution.data == raw(inner["multicallCalldata"])
    assert dhedge.encode_execution(execution) == raw(example["calldata"])


@pytest.mark.parametrize("vector", VAULT_CALLS, ids=lambda vector: vector["name"])
def test_every_vault_call_of_the_vectors_is_read_and_written_back(vector):
    data = raw(vector["data"])
    if vector["decoded"]["function"] == "changeAssets":
        assert dhedge.encode_asset_change(dhedge.decode_asset_change(data)) == data
        return
    executions = dhedge.decode_execution(data)
    again = (
        dhedge.encode_executions(executions)
        if vector["decoded"]["function"] == "execTransactions"
        else dhedge.encode_execution(executions[0])
    )
    assert again == data
    for execution in executions:
        if execution.data[:4] == selector(dhedge.APPROVE):
            approval = dhedge.decode_approval(execution.data)
            assert dhedge.encode_approval(approval) == execution.data
        else:
            assert codec.encode_router(codec.decode_router(execution.data)) == execution.data


ADDRESS = st.binary(min_size=20, max_size=20).map(lambda some: to_checksum_address(some.hex()))
UINT = st.integers(0, 2**256 - 1)
WORD = st.binary(min_size=32, max_size=32)
ORDER = st.builds(
    codec.OrderParams,
    receiver=ADDRESS,
    market=ADDRESS,
    initial_collateral_token=ADDRESS,
    order_type=st.sampled_from(codec.OrderType),
    is_long=st.booleans(),
    size_delta_usd_raw=UINT,
    initial_collateral_delta_raw=UINT,
    acceptable_price_raw=UINT,
    execution_fee_raw=UINT,
    callback_contract=ADDRESS,
    callback_gas_limit=UINT,
    ui_fee_receiver=ADDRESS,
    cancellation_receiver=ADDRESS,
    swap_path=st.lists(ADDRESS, max_size=3).map(tuple),
    trigger_price_raw=UINT,
    min_output_raw=UINT,
    valid_from_time=UINT,
    decrease_swap=st.sampled_from(codec.DecreaseSwap),
    unwrap_native=st.booleans(),
    auto_cancel=st.booleans(),
    referral_code=WORD,
    data_list=st.lists(WORD, max_size=3).map(tuple),
)
CALL = st.one_of(
    st.builds(codec.CreateOrder, ORDER),
    st.builds(codec.SendTokens, ADDRESS, ADDRESS, UINT),
    st.builds(codec.CancelOrder, WORD),
)


@given(st.builds(codec.Multicall, st.lists(CALL, max_size=4).map(tuple)))
def test_whatever_is_written_is_read_back_the_same(multicall):
    assert codec.decode_router(codec.encode_router(multicall)) == multicall


@given(CALL, st.data())
def test_a_changed_byte_means_something_else_or_is_refused(call, data):
    encoded = bytearray(codec.encode_router(call))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        found = codec.decode_router(bytes(encoded))
    except UndecodableBytes:
        return
    assert found != call
    assert codec.encode_router(found) == bytes(encoded)


@given(CALL, st.binary(min_size=1, max_size=64))
def test_trailing_bytes_are_refused(call, tail):
    with pytest.raises(UndecodableBytes):
        codec.decode_router(codec.encode_router(call) + tail)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_crash_the_decoder(data):
    for decoder in (codec.decode_router, dhedge.decode_execution, dhedge.decode_approval):
        with pytest.raises(UndecodableBytes):
            decoder(data)


def test_a_multicall_within_a_multicall_is_refused():
    inner = codec.encode_router(codec.Multicall(()))
    outer = selector(codec.MULTICALL) + encode(["bytes[]"], [[inner]])
    with pytest.raises(UndecodableBytes, match="not known"):
        codec.decode_router(outer)


def test_a_number_that_does_not_fit_its_word_is_refused():
    with pytest.raises(InvalidInput, match="sendTokens"):
        codec.encode_router(codec.SendTokens(codec.ZERO_ADDRESS, codec.ZERO_ADDRESS, 2**256))
