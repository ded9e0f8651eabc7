"""A contract set's file is believed only when it is whole, checksummed and consistent."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest

from atlas.domain.errors import InvalidInput
from onchain.addresses import ContractRole, read_contract_file
from onchain.gmx.layouts import Layout
from tests.onchain.vectors import load

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "contract_sets"
FILES = sorted(FOLDER.glob("*.json"))
ADDRESSES = load("gmx_addresses")["chains"]
PUBLISHED = load("dhedge_arbitrum_published")
OTHER = "0x" + "11" * 20


def content(name="arbitrum-sepolia-v2.2c"):
    """Read a reviewed file as plain data that a test may spoil."""
    data: dict[str, Any] = orjson.loads((FOLDER / f"{name}.json").read_bytes())
    return data


def test_three_files_are_reviewed():
    assert [path.stem for path in FILES] == [
        "arbitrum-one-v2.2b",
        "arbitrum-one-v2.2c",
        "arbitrum-sepolia-v2.2c",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_reviewed_file_is_in_order_and_names_every_source(path):
    file = read_contract_file(orjson.loads(path.read_bytes()))
    assert all(one.source for one in file.contracts)
    assert file.generation == file.layout.value


def test_the_addresses_are_those_of_the_protocols_own_lists():
    newer = read_contract_file(content("arbitrum-one-v2.2c"))
    older = read_contract_file(content("arbitrum-one-v2.2b"))
    told = ADDRESSES["42161"]
    assert newer.address_of(ContractRole.EXCHANGE_ROUTER) == told["contracts"]["ExchangeRouter"]
    assert newer.address_of(ContractRole.READER) == told["contracts"]["SyntheticsReader"]
    assert newer.address_of(ContractRole.GMX_GUARD) is None
    before = told["previous_v2.2b"]
    for role, name in (
        (ContractRole.EXCHANGE_ROUTER, "ExchangeRouter"),
        (ContractRole.READER, "Reader"),
        (ContractRole.ORDER_HANDLER, "OrderHandler"),
        (ContractRole.ROLE_STORE, "RoleStore"),
        (ContractRole.ROUTER, "Router"),
    ):
        assert older.address_of(role) == before[name]
    guard = PUBLISHED["contracts"]["GmxExchangeRouterContractGuard"]
    assert older.address_of(ContractRole.GMX_GUARD) == guard


def test_all_markets_of_arbitrum_one_are_described():
    file = read_contract_file(content("arbitrum-one-v2.2c"))
    assert {one.market_token.lower() for one in file.markets} == {
        one["marketToken"].lower() for one in ADDRESSES["42161"]["markets"]
    }
    decimals = {one.address: one.decimals for one in file.tokens}
    for market in ADDRESSES["42161"]["markets"]:
        if int(market["indexToken"], 16):
            assert decimals[market["indexToken"]] == int(market["index"]["decimals"])


def test_notes_sources_tokens_and_order_make_no_other_set():
    same = content()
    same["note"] = "Other words."
    same["contracts"] = [{**one, "source": "elsewhere"} for one in reversed(same["contracts"])]
    same["tokens"], same["markets"] = [], []
    assert read_contract_file(same).pinned == read_contract_file(content()).pinned


@pytest.mark.parametrize("field", ["address", "layout", "code_hash"])
def test_an_address_a_layout_or_a_code_hash_makes_another_set(field):
    other = content()
    changed = {"address": OTHER, "code_hash": "0x" + "ab" * 32, "layout": "v2.2b"}[field]
    target = other if field == "layout" else other["contracts"][0]
    target[field] = changed
    assert read_contract_file(other).pinned != read_contract_file(content()).pinned


def spoil(path, value):
    """Write a value into a fresh copy of a file, at a path of keys."""
    data = copy.deepcopy(content())
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return data


FAULTS = [
    (("chain", "id"), 0, "chain.id"),
    (("chain", "id"), "421614", "chain.id"),
    (("chain", "nickname"), "x", "chain.nickname"),
    (("layout",), "v9", "layout"),
    (("schema_version",), 2, "schema_version"),
    (("generation",), "V 2", "generation"),
    (("note",), "", "note"),
    (("contracts", 0, "source"), "", "source"),
    (("contracts", 0, "role"), "treasurer", "role"),
    (("contracts", 0, "code_hash"), "0x12", "code_hash"),
    (("contracts", 0, "address"), "0x" + "00" * 20, "zero address"),
    (("contracts", 0, "address"), "0x6b489dd5bb1aae8df246359d59aa7316760a75d2", "checksum"),
    (("contracts", 0, "role"), "reader", "role given twice: reader"),
    (("contracts", 0, "role"), "governance", "no contract for: asset_handler, exchange_router"),
    (("tokens", 0, "decimals"), 31, "tokens.0.decimals"),
    (("markets", 0, "index_token"), OTHER, "undescribed tokens"),
    (("contracts",), [], "no contract for: data_store"),
]


@pytest.mark.parametrize(
    ("path", "value", "words"), FAULTS, ids=[f"{one[0][-1]}-{one[2][:20]}" for one in FAULTS]
)
def test_a_fault_is_refused_by_its_name(path, value, words):
    with pytest.raises(InvalidInput, match="contract set is refused") as refusal:
        read_contract_file(spoil(path, value))
    assert words in refusal.value.message


@pytest.mark.parametrize("what", ["tokens", "markets"])
def test_what_stands_twice_is_refused(what):
    data = content()
    data[what].append(data[what][0])
    with pytest.raises(InvalidInput, match="given twice"):
        read_contract_file(data)


def test_a_market_cannot_be_backed_by_what_nobody_can_hold():
    data = content()
    backing = data["markets"][0]["short_token"]
    for token in data["tokens"]:
        token["is_synthetic"] = token["address"] == backing
    with pytest.raises(InvalidInput, match="synthetic"):
        read_contract_file(data)


@pytest.mark.parametrize("data", [None, [], "text", {}, 7])
def test_what_is_no_file_at_all_is_refused(data):
    with pytest.raises(InvalidInput):
        read_contract_file(data)


def test_another_chain_is_another_file_and_nothing_else():
    data = content()
    data["chain"] = {"id": 777_001, "name": "A fork", "is_local": True}
    file = read_contract_file(data)
    assert (file.chain.id, file.layout) == (777_001, Layout.V2_2C)
