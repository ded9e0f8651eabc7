"""The trimmed ABIs are the real ones cut down, and everything they name is coded exactly."""

import json
from pathlib import Path

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import Bug
from onchain import interface
from onchain.abi import UndecodableBytes, decode_exact, encode_call, types_of
from onchain.gmx.codec import CREATE_ORDER
from onchain.gmx.layouts import Layout, order_type_text, position_info_type_text
from tests.onchain.abi_values import values_of
from tests.onchain.vectors import load, raw

REAL = Path(__file__).resolve().parents[3] / "shared" / "protocol" / "abi"
SOURCES = {
    **dict.fromkeys(
        ("PoolLogic", "PoolManagerLogic", "PoolFactory", "Governance", "AssetHandler"), "dhedge"
    ),
    "SlippageAccumulator": "dhedge",
    "GmxGuard": "dhedge",
    **dict.fromkeys(("OrderHandler", "RoleStore", "ReaderV22b"), "gmx-v2.2b"),
    **dict.fromkeys(
        ("ExchangeRouter", "DataStore", "EventEmitter", "ReaderV22c", "ERC20", "Multicall3"),
        "gmx-v2.2c",
    ),
}
FILES = {
    "GmxGuard": "GmxExchangeRouterContractGuard",
    "ReaderV22b": "Reader",
    "ReaderV22c": "Reader",
}
SILENT = {"ERC20", "Multicall3"}
WIDELY_KNOWN = {
    "approve(address,uint256)": "0x095ea7b3",
    "balanceOf(address)": "0x70a08231",
    "allowance(address,address)": "0xdd62ed3e",
    "aggregate3((address,bool,bytes)[])": "0x82ad56cb",
    "getBlockHash(uint256)": "0xee82ac5e",
}
CONTRACTS = interface.contract_names()
FUNCTIONS = [one for name in CONTRACTS for one in interface.functions(name)]
EVENTS = [one for name in CONTRACTS for one in interface.events(name)]
RETURNS = load("dhedge_returns")
LOGS = load("dhedge_events")
TOPICS = load("dhedge_topics")
SELECTORS = load("dhedge_selectors")
GMX_SELECTORS = load("gmx_selectors")["contracts"]


def label(one):
    return f"{one.contract}.{one.signature[:60]}"


def ours(contract):
    return {"GmxExchangeRouterContractGuard": "GmxGuard"}.get(contract, contract)


def plain(value):
    """Write a decoded value as the vectors write theirs."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return [plain(one) for one in value.values()]
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value.lower() if value.startswith("0x") else value


def test_every_contract_has_a_source():
    assert set(CONTRACTS) == set(SOURCES)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_trimmed_abi_is_the_real_one_cut_down(contract):
    real = REAL / SOURCES[contract] / f"{FILES.get(contract, contract)}.json"
    if not real.exists():
        pytest.skip("the contracts' full ABIs are not beside this checkout")
    full = json.loads(real.read_text())
    text = (Path(interface.__file__).parent / "abis" / f"{contract}.json").read_text()
    for fragment in json.loads(text):
        twins = [cut(one) for one in full if one.get("name") == fragment["name"]]
        assert cut(fragment) in twins


def cut(fragment):
    """Take what the coding depends on: names, types, and what is indexed."""
    return (
        fragment["type"],
        fragment.get("name"),
        fragment.get("stateMutability"),
        [parameter(one) for one in fragment["inputs"]],
        [parameter(one) for one in fragment.get("outputs", ())],
    )


def parameter(one):
    return (
        one["name"],
        one["type"],
        bool(one.get("indexed")),
        [parameter(inner) for inner in one.get("components", ())],
    )


def told_selector(function):
    """Give a function's selector as the vectors tell it; None where they tell none."""
    name = FILES.get(function.contract, function.contract)
    if function.signature in SELECTORS.get(name, {}):
        return raw(SELECTORS[name][function.signature])
    generation = "v2.2b" if SOURCES[function.contract] == "gmx-v2.2b" else "v2.2c"
    rows = GMX_SELECTORS[generation].get(name, [])
    return next(
        (raw(row["selector"]) for row in rows if row["signature"] == function.signature), None
    )


@pytest.mark.parametrize("function", [one for one in FUNCTIONS if told_selector(one)], ids=label)
def test_a_selector_is_the_contracts_own(function):
    assert function.selector == told_selector(function)


def test_the_vectors_tell_the_selectors_of_all_contracts_but_the_named_ones():
    silent = {one.contract for one in FUNCTIONS if told_selector(one) is None}
    assert silent == SILENT


@pytest.mark.parametrize("signature", WIDELY_KNOWN)
def test_the_standards_selectors_are_those_that_everybody_knows(signature):
    found = [one for one in FUNCTIONS if one.signature == signature]
    assert {one.selector for one in found} == {raw(WIDELY_KNOWN[signature])}


@pytest.mark.parametrize("event", EVENTS, ids=label)
def test_a_topic_is_the_contracts_own(event):
    dhedge = TOPICS.get(event.contract, {})
    gmx = load("gmx_event_topics")["topic0"]
    if event.signature in dhedge:
        assert event.topic == raw(dhedge[event.signature]["topic0"])
        assert [name for name, _ in event.indexed] == dhedge[event.signature]["indexed"]
    elif event.name in gmx:
        assert event.topic == raw(gmx[event.name]["topic0"])
    else:
        assert (event.contract, event.name) in {("ERC20", "Transfer"), ("ERC20", "Approval")}
        assert event.signature.endswith("(address,address,uint256)")


@pytest.mark.parametrize("vector", RETURNS, ids=lambda one: f"{one['contract']}.{one['function']}")
def test_an_answer_of_the_vectors_is_read(vector):
    function = interface.function(ours(vector["contract"]), vector["function"])
    assert list(function.output_types) == vector["output_types"]
    assert raw(vector["calldata"])[:4] == function.selector
    assert plain(function.results(raw(vector["return_data"]))) == [
        plain(one) for one in vector["decoded"]
    ]


@pytest.mark.parametrize("log", LOGS, ids=lambda one: one["event"][:40])
def test_a_log_of_the_vectors_is_read_by_field(log):
    event = interface.event(log["contract"], log["event"].split("(")[0])
    fields = event.fields([raw(topic) for topic in log["topics"]], raw(log["data"]))
    assert {name: plain(value) for name, value in fields.items()} == {
        name: plain(value) for name, value in log["decoded"].items()
    }


def test_the_order_structure_is_the_routers():
    assert interface.function("ExchangeRouter", "createOrder").signature == CREATE_ORDER


@pytest.mark.parametrize("layout", list(Layout))
def test_our_reader_layouts_are_those_of_the_trimmed_abis(layout):
    reader = {Layout.V2_2B: "ReaderV22b", Layout.V2_2C: "ReaderV22c"}[layout]
    orders = interface.function(reader, "getAccountOrders").output_types
    infos = interface.function(reader, "getAccountPositionInfoList").output_types
    assert orders == (f"(bytes32,{order_type_text(layout)})[]",)
    assert infos == (position_info_type_text(layout) + "[]",)


def test_an_overloaded_name_must_be_given_in_full():
    with pytest.raises(Bug, match="2 functions"):
        interface.function("PoolManagerLogic", "assetValue")
    assert interface.function("PoolManagerLogic", "assetValue(address)").selector == raw(
        SELECTORS["PoolManagerLogic"]["assetValue(address)"]
    )


@pytest.mark.parametrize("name", ["mint", "tokenPrice(uint256)"])
def test_what_the_trimmed_abi_lacks_is_a_bug(name):
    with pytest.raises(Bug):
        interface.function("PoolLogic", name)


def test_an_empty_answer_is_no_answer():
    with pytest.raises(UndecodableBytes, match="empty"):
        interface.function("PoolLogic", "tokenPrice").result(b"")


@settings(max_examples=60)
@given(st.sampled_from(FUNCTIONS), st.data())
def test_whatever_a_function_answers_is_read_and_means_the_same_bytes(function, data):
    values = data.draw(values_of(function.output_types))
    answer = encode(function.output_types, values)
    assert encode(function.output_types, function.results(answer)) == answer


@settings(max_examples=60)
@given(st.sampled_from(FUNCTIONS), st.data())
def test_whatever_a_function_is_called_with_is_read_back(function, data):
    kinds = types_of(function.signature)
    arguments = data.draw(values_of(kinds))
    call = function.call(*arguments)
    assert call == encode_call(function.signature, arguments)
    assert decode_exact(kinds, call[4:], what="call") == arguments


@settings(max_examples=60)
@given(st.sampled_from(FUNCTIONS), st.data())
def test_a_mutated_answer_is_refused_or_means_its_own_bytes(function, data):
    kinds = function.output_types
    answer = bytearray(encode(kinds, data.draw(values_of(kinds))))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(len(answer) - 1, 0)))
        answer[place : place + 1] = data.draw(st.binary(max_size=2))
    try:
        values = function.results(bytes(answer))
    except UndecodableBytes:
        return
    assert encode(kinds, values) == bytes(answer)


@given(st.sampled_from(FUNCTIONS), st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_or_mean_themselves(function, data):
    try:
        values = function.results(data)
    except UndecodableBytes:
        return
    assert encode(function.output_types, values) == data


@given(
    st.sampled_from(EVENTS),
    st.lists(st.binary(max_size=40), max_size=4),
    st.binary(max_size=400),
)
def test_arbitrary_logs_never_crash_the_decoder(event, topics, data):
    try:
        fields = event.fields([event.topic, *topics], data)
    except UndecodableBytes:
        return
    assert encode([kind for _, kind in event.plain], [fields[name] for name, _ in event.plain]) == (
        data
    )
