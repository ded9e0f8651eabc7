"""What one codec writes the other reads back, whatever the values; a wrong layout never passes."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from onchain import dhedge
from onchain.abi import UndecodableBytes
from onchain.gmx import events, layouts
from onchain.gmx.codec import OrderType
from onchain.gmx.layouts import Layout
from tests.onchain.abi_values import values_of

ADDRESS = st.binary(min_size=20, max_size=20).map(lambda some: to_checksum_address(some.hex()))
EXECUTION = st.builds(dhedge.Execution, ADDRESS, st.binary(max_size=200))
OTHER = {Layout.V2_2B: Layout.V2_2C, Layout.V2_2C: Layout.V2_2B}
GROUPS = ("address", "uint256", "int256", "bool", "bytes32", "bytes", "string")


@settings(max_examples=25)
@given(EXECUTION)
def test_one_execution_comes_back(execution):
    assert dhedge.decode_execution(dhedge.encode_execution(execution)) == (execution,)


@settings(max_examples=25)
@given(st.lists(EXECUTION, max_size=4))
def test_several_executions_come_back_in_their_order(executions):
    assert dhedge.decode_execution(dhedge.encode_executions(executions)) == tuple(executions)


@settings(max_examples=25)
@given(st.lists(EXECUTION, min_size=1, max_size=3), st.data())
def test_a_changed_byte_of_an_execution_means_something_else_or_is_refused(executions, data):
    encoded = bytearray(dhedge.encode_executions(executions))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        found = dhedge.decode_execution(bytes(encoded))
    except UndecodableBytes:
        return
    assert dhedge.encode_executions(found) == bytes(encoded)
    assert found != tuple(executions)


@settings(max_examples=25)
@given(st.lists(EXECUTION, max_size=3), st.binary(min_size=1, max_size=70))
def test_bytes_behind_an_execution_are_refused(executions, tail):
    with pytest.raises(UndecodableBytes):
        dhedge.decode_execution(dhedge.encode_executions(executions) + tail)


@settings(max_examples=25)
@given(st.builds(dhedge.Approval, ADDRESS, st.integers(0, 2**256 - 1)))
def test_an_approval_comes_back(approval):
    assert dhedge.decode_approval(dhedge.encode_approval(approval)) == approval


@settings(max_examples=25)
@given(
    st.builds(
        dhedge.AssetChange,
        st.lists(st.tuples(ADDRESS, st.booleans()), max_size=3).map(tuple),
        st.lists(ADDRESS, max_size=3).map(tuple),
    )
)
def test_an_asset_change_comes_back(change):
    assert dhedge.decode_asset_change(dhedge.encode_asset_change(change)) == change


def stored_orders(layout):
    """Give what a Reader of this layout may answer for one order."""
    kinds = (layouts.order_type_text(layout),)

    def with_known_type(values):
        ((addresses, numbers, flags, data),) = values
        kind = numbers[0] % len(OrderType)
        return ((addresses, (kind, *numbers[1:]), flags, data),)

    return values_of(kinds).map(with_known_type).map(lambda values: encode(kinds, values))


@settings(max_examples=25)
@given(
    st.sampled_from(list(Layout)).flatmap(lambda one: st.tuples(st.just(one), stored_orders(one)))
)
def test_an_order_is_read_by_its_own_layout_and_never_by_the_other(case):
    layout, answer = case
    order = layouts.decode_order(answer, layout)
    assert (order.ui_fee_factor is None) == (layout is Layout.V2_2B)
    with pytest.raises(UndecodableBytes):
        layouts.decode_order(answer, OTHER[layout])


@settings(max_examples=25)
@given(st.sampled_from(list(Layout)), st.data())
def test_an_information_is_read_by_its_own_layout_and_never_by_the_other(layout, data):
    kinds = (layouts.position_info_type_text(layout),)
    values = data.draw(values_of(kinds))
    answer = encode(kinds, values)
    info = layouts.decode_position_info(answer, layout)
    assert info.base_pnl_usd_raw == values[0][4]
    assert (info.position_value_usd_raw is None) == (layout is Layout.V2_2B)
    with pytest.raises(UndecodableBytes):
        layouts.decode_position_info(answer, OTHER[layout])
    listed = encode([kinds[0] + "[]"], [[values[0]]])
    assert layouts.decode_position_infos(listed, layout) == (info,)
    with pytest.raises(UndecodableBytes):
        layouts.decode_position_infos(listed, OTHER[layout])


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=20), st.data())
def test_an_event_is_read_item_by_item_whatever_its_items(name, data):
    groups = []
    items: dict[str, Any] = {}
    lists: dict[str, Any] = {}
    for kind in GROUPS:
        singles, arrays = data.draw(
            st.tuples(
                st.lists(st.tuples(st.text(max_size=6), values_of((kind,))), max_size=2),
                st.lists(st.tuples(st.text(max_size=6), values_of((f"{kind}[]",))), max_size=1),
            )
        )
        singles = [one for one in dict(singles).items() if one[0] not in items]
        arrays = [one for one in arrays if one[0] not in lists]
        groups.append(([(key, value) for key, (value,) in singles], [(k, v) for k, (v,) in arrays]))
        items |= {key: _shown(kind, value) for key, (value,) in singles}
        lists |= {key: tuple(_shown(kind, one) for one in values) for key, (values,) in arrays}
    body = encode(["address", "string", events.EVENT_DATA_TYPE], ["0x" + "11" * 20, name, groups])
    topic0 = next(one for one, (title, _) in events._ENVELOPES.items() if title == "EventLog1")
    found = events.decode_event([topic0, events.name_hash(name), bytes(32)], body)
    assert (found.name, dict(found.items), dict(found.lists)) == (name, items, lists)


def _shown(kind, value):
    return to_checksum_address(value) if kind == "address" else value
