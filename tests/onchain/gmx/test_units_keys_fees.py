"""GMX's arithmetic and keys equal the vectors made with the real contracts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from onchain.gmx import fees, keys, units
from tests.onchain.vectors import load, raw

ARITHMETIC = load("gmx_arithmetic")
STORE_KEYS = load("gmx_datastore_keys")
RECORD_KEYS = load("gmx_position_and_order_keys")


def typed(kind, value):
    """Give a vector's argument the type that its ABI names."""
    if kind.startswith(("uint", "int")):
        return int(value)
    return raw(value) if kind.startswith("bytes") else value


@pytest.mark.parametrize("case", ARITHMETIC["executionFee"])
def test_the_least_execution_fee_is_the_contracts(case):
    given_, expected = case["inputs"], case["expected"]
    config = fees.GasConfig(
        order_gas_limit=int(given_["orderGasLimit"]),
        single_swap_gas_limit=int(given_["singleSwapGasLimit"]),
        base_amount=int(given_["estimatedGasFeeBaseAmount"]),
        per_oracle_price=int(given_["estimatedGasFeePerOraclePrice"]),
        multiplier_factor=int(given_["estimatedGasFeeMultiplierFactor"]),
    )
    gas = fees.adjusted_gas(
        config,
        kind=fees.OrderKind(given_["kind"]),
        swap_path_length=int(given_["swapPathLength"]),
        swaps_on_decrease=int(given_["decreasePositionSwapType"]) != 0,
        callback_gas_limit=int(given_["callbackGasLimit"]),
    )
    assert gas == int(expected["adjustedGasLimit"])
    assert fees.min_execution_fee(gas, int(given_["gasPrice"])) == int(expected["minExecutionFee"])


def test_a_fee_buffer_rounds_up():
    assert fees.min_execution_fee(1, 1, buffer_bps=3_000) == 2
    assert fees.min_execution_fee(10_000, 1, buffer_bps=3_000) == 13_000


@pytest.mark.parametrize("case", ARITHMETIC["contractPrices"])
def test_a_contract_price_scales_by_the_tokens_decimals(case):
    decimals, expected = int(case["tokenDecimals"]), int(case["contractPrice"])
    assert units.price_to_raw(Decimal(case["usd"]), decimals) == expected
    assert units.price_from_raw(expected, decimals) == Decimal(case["usd"])


@pytest.mark.parametrize("case", ARITHMETIC["acceptablePriceFromSlippage"])
def test_the_acceptable_price_moves_in_the_direction_that_the_order_tolerates(case):
    found = units.acceptable_price(
        int(case["price"]),
        int(case["slippageBps"]),
        is_increase=case["isIncrease"],
        is_long=case["isLong"],
    )
    assert found == int(case["acceptablePrice"])


@pytest.mark.parametrize("case", ARITHMETIC["positionPnl"])
def test_the_uncapped_pnl_is_the_contracts(case):
    found = units.uncapped_pnl_raw(
        size_usd_raw=int(case["sizeInUsd"]),
        size_tokens_raw=int(case["sizeInTokens"]),
        index=units.PriceRange(int(case["indexMin"]), int(case["indexMax"])),
        is_long=case["isLong"],
    )
    assert found == int(case["uncappedPnlUsd"])


@pytest.mark.parametrize("case", ARITHMETIC["triggerConditions"])
def test_a_trigger_fires_on_its_side_of_the_price_and_not_one_unit_earlier(case):
    side, relation, _ = case["condition"].split()
    assert side == case["priceUsed"]
    trigger = 1_000
    for price in (trigger - 1, trigger, trigger + 1):
        index = (
            units.PriceRange(min=price, max=price + 50)
            if side == "min"
            else units.PriceRange(min=price - 50, max=price)
        )
        expected = price >= trigger if relation == ">=" else price <= trigger
        found = units.trigger_is_met(case["orderType"], index, trigger, is_long=case["isLong"])
        assert found is expected


@pytest.mark.parametrize("name", STORE_KEYS["base"])
def test_a_base_key_hashes_the_encoded_name(name):
    assert keys.base_key(name) == raw(STORE_KEYS["base"][name])


@pytest.mark.parametrize("case", STORE_KEYS["composed"], ids=lambda case: case["name"])
def test_a_composed_key_hashes_words_and_never_packs(case):
    types = case["types"][1:]
    arguments = [typed(kind, value) for kind, value in zip(types, case["args"], strict=True)]
    assert keys.composed_key(case["base"], types, arguments) == raw(case["key"])


@pytest.mark.parametrize("case", RECORD_KEYS["positions"])
def test_a_position_key_names_account_market_collateral_and_side(case):
    found = keys.position_key(
        case["account"], case["market"], case["collateralToken"], is_long=case["isLong"]
    )
    assert found == raw(case["key"])


@pytest.mark.parametrize("case", RECORD_KEYS["orders"])
def test_an_order_key_names_the_store_and_the_nonce(case):
    assert keys.order_key(case["dataStore"], int(case["nonce"])) == raw(case["key"])


@pytest.mark.parametrize("field", RECORD_KEYS["positionFieldKeys"]["fields"])
def test_a_field_key_names_the_record_and_the_field(field):
    vectors = RECORD_KEYS["positionFieldKeys"]
    assert keys.field_key(raw(vectors["positionKey"]), field) == raw(vectors["fields"][field])


@given(
    st.integers(1, 10**40),
    st.integers(0, 9_999),
    st.booleans(),
    st.booleans(),
)
def test_the_price_that_a_bound_was_made_from_is_always_admitted(price, bps, increase, long):
    bound = units.acceptable_price(price, bps, is_increase=increase, is_long=long)
    assert units.admits(price, bound, is_increase=increase, is_long=long)


@given(st.decimals(0, 10**20, places=18, allow_nan=False, allow_infinity=False))
def test_dollars_come_back_unchanged_from_thirty_decimals(amount):
    assert units.usd_from_raw(units.usd_to_raw(amount)) == amount


@given(
    st.integers(2, 10**36),
    st.integers(1, 10**25),
    st.data(),
)
def test_a_long_gives_up_no_fewer_tokens_than_a_short_for_the_same_decrease(size, tokens, data):
    delta = data.draw(st.integers(1, size))
    long, short = (
        units.size_delta_in_tokens(
            size_usd_raw=size, size_tokens_raw=tokens, size_delta_usd_raw=delta, is_long=side
        )
        for side in (True, False)
    )
    assert 0 <= long - short <= 1
    assert long <= tokens


@pytest.mark.parametrize("bps", [-1, 10_000])
def test_a_slippage_beyond_all_or_below_nothing_is_refused(bps):
    with pytest.raises(InvalidInput, match="outside"):
        units.acceptable_price(1, bps, is_increase=True, is_long=True)


def test_an_amount_that_is_no_number_is_refused():
    with pytest.raises(InvalidInput, match="finite"):
        units.usd_to_raw(Decimal("NaN"))
