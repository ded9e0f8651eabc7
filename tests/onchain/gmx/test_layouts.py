"""The Reader's answers of both generations; a wrong layout fails and never shifts a field."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onchain.abi import UndecodableBytes
from onchain.gmx import layouts
from onchain.gmx.layouts import Layout
from tests.onchain.vectors import load, raw

CASES = load("gmx_reader_returns")["cases"]
ABI = Path(__file__).resolve().parents[4] / "shared" / "protocol" / "abi"


def case(function: str, generation: str = "v2.2c", place: int = 0) -> Any:
    found = [
        one for one in CASES if one["function"] == function and one["generation"] == generation
    ]
    return found[place]


def test_positions_are_read_field_by_field_and_alike_in_both_generations():
    for generation in ("v2.2b", "v2.2c"):
        vector = case("getAccountPositions", generation)
        found = layouts.decode_positions(raw(vector["returnData"]))
        for position, told in zip(found, vector["decoded"][0], strict=True):
            numbers = told["numbers"]
            assert position.account == told["addresses"]["account"]
            assert position.size_usd_raw == int(numbers["sizeInUsd"])
            assert position.size_tokens_raw == int(numbers["sizeInTokens"])
            assert position.collateral_raw == int(numbers["collateralAmount"])
            assert position.pending_impact_raw == int(numbers["pendingImpactAmount"])
            assert position.increased_at_time == int(numbers["increasedAtTime"])
            assert position.is_long is told["flags"]["isLong"]
            assert position.exists


def test_an_account_without_positions_has_none():
    assert layouts.decode_positions(raw(case("getAccountPositions", place=1)["returnData"])) == ()


def test_a_stored_order_is_read_field_by_field():
    vector = case("getAccountOrders")
    ((key, order),) = layouts.decode_orders(raw(vector["returnData"]), Layout.V2_2C)
    told = vector["decoded"][0][0]
    numbers = told["order"]["numbers"]
    assert key == raw(told["orderKey"])
    assert order.callback_contract == told["order"]["addresses"]["callbackContract"]
    assert order.swap_path == tuple(told["order"]["addresses"]["swapPath"])
    assert order.ui_fee_factor == int(numbers["uiFeeFactor"])
    assert order.updated_at_time == int(numbers["updatedAtTime"])
    assert order.valid_from_time == int(numbers["validFromTime"])
    assert order.execution_fee_raw == int(numbers["executionFee"])
    assert order.data_list == tuple(raw(item) for item in told["order"]["_dataList"])
    single = layouts.decode_order(raw(case("getOrder")["returnData"]), Layout.V2_2C)
    assert single.is_frozen


def test_an_older_order_has_no_ui_fee_and_its_times_stand_where_they_belong():
    from eth_abi.abi import decode, encode

    newer = [f"(bytes32,{layouts.order_type_text(Layout.V2_2C)})[]"]
    older = [f"(bytes32,{layouts.order_type_text(Layout.V2_2B)})[]"]
    ((row,),) = decode(newer, raw(case("getAccountOrders")["returnData"]))
    key, (addresses, numbers, flags, data) = row
    without = (*numbers[:9], *numbers[10:])
    told = encode(older, [[(key, (addresses, without, flags, data))]])
    ((_, order),) = layouts.decode_orders(told, Layout.V2_2B)
    assert order.ui_fee_factor is None
    assert (order.updated_at_time, order.valid_from_time) == (numbers[10], numbers[11])
    with pytest.raises(UndecodableBytes):
        layouts.decode_orders(told, Layout.V2_2C)


@pytest.mark.parametrize(
    ("decoder", "function"),
    [
        (layouts.decode_orders, "getAccountOrders"),
        (layouts.decode_order, "getOrder"),
        (layouts.decode_position_info, "getPositionInfo"),
        (layouts.decode_position_infos, "getAccountPositionInfoList"),
    ],
)
def test_the_wrong_layout_fails_loudly(decoder, function):
    with pytest.raises(UndecodableBytes):
        decoder(raw(case(function)["returnData"]), Layout.V2_2B)


def test_a_positions_information_is_read_field_by_field():
    vector = case("getPositionInfo")
    info = layouts.decode_position_info(raw(vector["returnData"]), Layout.V2_2C)
    told = vector["decoded"][0]
    fees, execution = told["fees"], told["executionPriceResult"]
    assert info.key == bytes(32)
    assert info.position.collateral_raw == int(told["position"]["numbers"]["collateralAmount"])
    assert info.funding_fee_raw == int(fees["funding"]["fundingFeeAmount"])
    assert info.claimable_short_raw == int(fees["funding"]["claimableShortTokenAmount"])
    assert info.borrowing_fee_usd_raw == int(fees["borrowing"]["borrowingFeeUsd"])
    assert info.ui_fee_raw == int(fees["ui"]["uiFeeAmount"])
    assert info.collateral_price_max == int(fees["collateralTokenPrice"]["max"])
    assert info.position_fee_raw == int(fees["positionFeeAmount"])
    assert info.total_cost_raw == int(fees["totalCostAmount"])
    assert info.price_impact_usd_raw == int(execution["priceImpactUsd"])
    assert info.total_impact_usd_raw == int(execution["totalImpactUsd"])
    assert info.base_pnl_usd_raw == int(told["basePnlUsd"])
    assert info.pnl_after_impact_usd_raw == int(told["pnlAfterPriceImpactUsd"])
    assert info.position_value_usd_raw == int(told["positionValueInUsd"])


def test_the_list_call_fills_the_key():
    (info,) = layouts.decode_position_infos(
        raw(case("getAccountPositionInfoList")["returnData"]), Layout.V2_2C
    )
    assert info.key != bytes(32)


def test_markets_and_verdicts_are_read():
    markets = layouts.decode_markets(raw(case("getMarkets")["returnData"]))
    assert [one.market_token for one in markets] == [
        one["marketToken"] for one in case("getMarkets")["decoded"][0]
    ]
    assert layouts.decode_liquidatable(raw(case("isPositionLiquidatable")["returnData"])) == (
        False,
        "",
    )
    verdict, reason = layouts.decode_liquidatable(
        raw(case("isPositionLiquidatable", place=1)["returnData"])
    )
    assert verdict
    assert reason


@pytest.mark.parametrize("generation", list(Layout))
def test_our_layouts_are_those_of_the_real_readers(generation):
    path = ABI / f"gmx-{generation.value}" / "Reader.json"
    if not path.is_file():
        pytest.skip("the real ABIs lie beside the project, and they are not here")
    loaded = json.loads(path.read_text())
    functions = {
        one["name"]: one
        for one in (loaded if isinstance(loaded, list) else loaded["abi"])
        if one.get("type") == "function"
    }

    def text(component):
        if not component["type"].startswith("tuple"):
            return component["type"]
        inner = ",".join(text(one) for one in component["components"])
        return f"({inner}){component['type'][5:]}"

    def returned(name):
        return text(functions[name]["outputs"][0])

    assert returned("getOrder") == layouts.order_type_text(generation)
    assert returned("getPositionInfo") == layouts.position_info_type_text(generation)
    assert returned("getAccountPositions") == layouts._POSITION + "[]"


@given(st.sampled_from(CASES), st.sampled_from(list(Layout)), st.binary(min_size=1, max_size=40))
def test_trailing_bytes_are_refused_by_every_decoder(vector, layout, tail):
    data = raw(vector["returnData"]) + tail
    for decode_it in (
        layouts.decode_positions,
        layouts.decode_markets,
        layouts.decode_liquidatable,
        lambda some: layouts.decode_orders(some, layout),
        lambda some: layouts.decode_order(some, layout),
        lambda some: layouts.decode_position_info(some, layout),
    ):
        with pytest.raises(UndecodableBytes):
            decode_it(data)
