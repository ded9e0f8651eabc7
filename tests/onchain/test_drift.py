"""Every way in which the chain can leave the reviewed contracts is told with both sides."""

import orjson
import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from onchain.addresses import ContractRole, read_contract_file
from onchain.drift import (
    DriftKind,
    authority_differences,
    code_differences,
    differences,
    questions,
)
from onchain.gmx.codec import ZERO_ADDRESS
from tests.onchain.test_addresses import FILES, OTHER

VAULT, TRADER, MANAGER = "0x" + "44" * 20, "0x" + "55" * 20, "0x" + "66" * 20
SETS = {
    path.stem: {one.role: one.address for one in file.contracts}
    for path in FILES
    for file in [read_contract_file(orjson.loads(path.read_bytes()))]
}
GUARDED = SETS["arbitrum-one-v2.2b"]
UNGUARDED = SETS["arbitrum-one-v2.2c"]
NAMED = {
    "orderHandler": ContractRole.ORDER_HANDLER,
    "dataStore": ContractRole.DATA_STORE,
    "eventEmitter": ContractRole.EVENT_EMITTER,
    "roleStore": ContractRole.ROLE_STORE,
    "orderVault": ContractRole.ORDER_VAULT,
    "oracle": ContractRole.ORACLE,
    "gmxExchangeRouter": ContractRole.EXCHANGE_ROUTER,
    "reader": ContractRole.READER,
    "referralStorage": ContractRole.REFERRAL_STORAGE,
    "slippageAccumulator": ContractRole.SLIPPAGE_ACCUMULATOR,
    "feeReceiver": ContractRole.FEE_RECEIVER,
    "getContractGuard": ContractRole.GMX_GUARD,
    "governanceAddress": ContractRole.GOVERNANCE,
    "getAssetHandler": ContractRole.ASSET_HANDLER,
    "valueManipulationCheck": ContractRole.VALUE_MANIPULATION_CHECK,
}


def faithful(addresses):
    """Answer every question as the reviewed set says."""
    found = {}
    for question in questions(addresses):
        _, _, name = question.key.partition(".")
        if name in NAMED:
            found[question.key] = encode(["address"], [addresses.get(NAMED[name], ZERO_ADDRESS)])
        else:
            found[question.key] = encode(["bool"], [True])
    return found


@pytest.mark.parametrize("name", SETS)
def test_a_chain_as_it_was_reviewed_has_no_differences(name):
    assert differences(SETS[name], faithful(SETS[name])) == ()


def test_questions_go_to_the_contracts_that_can_answer_them():
    asked = {question.key: question.to for question in questions(GUARDED)}
    assert asked["gmx_guard.reader"] == GUARDED[ContractRole.GMX_GUARD]
    assert asked["pool_factory.getContractGuard"] == GUARDED[ContractRole.POOL_FACTORY]
    assert asked["exchange_router has CONTROLLER"] == GUARDED[ContractRole.ROLE_STORE]
    assert len(asked) == len(questions(GUARDED)) == 18


def test_a_chain_without_vaults_is_asked_about_gmx_only():
    sepolia = SETS["arbitrum-sepolia-v2.2c"]
    assert all("guard" not in one.key and "pool" not in one.key for one in questions(sepolia))


@pytest.mark.parametrize("key", sorted(faithful(GUARDED)))
def test_each_single_departure_is_told_with_both_sides(key):
    answers = faithful(GUARDED)
    is_right = " has " in key
    answers[key] = encode(["bool"], [False]) if is_right else encode(["address"], [OTHER])
    (found,) = differences(GUARDED, answers)
    assert (found.subject, found.kind) == (key, DriftKind.RIGHT if is_right else DriftKind.LINK)
    assert found.found == ("no" if is_right else OTHER)
    assert found.expected in (*GUARDED.values(), "yes")
    assert found.meaning.endswith(".")
    assert key in str(found)


@pytest.mark.parametrize("key", sorted(faithful(GUARDED)))
@pytest.mark.parametrize("answer", [None, b"", b"\x01", b"\xff" * 32], ids=str)
def test_what_cannot_be_read_is_a_difference(key, answer):
    answers: dict[str, bytes | None] = {**faithful(GUARDED), key: answer}
    (found,) = differences(GUARDED, answers)
    assert (found.subject, found.kind, found.found) == (key, DriftKind.UNREADABLE, "nothing")


def test_a_guard_that_appears_where_none_was_reviewed_is_told():
    answers = faithful(UNGUARDED)
    answers["pool_factory.getContractGuard"] = encode(["address"], [OTHER])
    (found,) = differences(UNGUARDED, answers)
    assert (found.expected, found.found) == (ZERO_ADDRESS, OTHER)


def test_a_guard_that_is_gone_is_told():
    answers = faithful(GUARDED)
    answers["pool_factory.getContractGuard"] = bytes(32)
    (found,) = differences(GUARDED, answers)
    assert found.found == ZERO_ADDRESS


def test_code_is_judged_only_where_it_was_reviewed():
    reviewed = {ContractRole.ROUTER: "0x" + "01" * 32, ContractRole.READER: "0x" + "02" * 32}
    assert code_differences(reviewed, reviewed) == ()
    assert code_differences({}, reviewed) == ()
    changed = {ContractRole.ROUTER: "0x" + "03" * 32, ContractRole.READER: None}
    reader, router = code_differences(reviewed, changed)
    assert (reader.kind, router.kind) == (DriftKind.UNREADABLE, DriftKind.CODE)


@pytest.mark.parametrize(
    ("found", "kinds", "words"),
    [
        ({"trader": TRADER, "manager": MANAGER}, [], ""),
        ({"trader": OTHER, "manager": MANAGER}, ["authority"], "Somebody else"),
        ({"trader": ZERO_ADDRESS, "manager": MANAGER}, ["authority"], "not known"),
        ({"trader": TRADER, "manager": None}, ["unreadable"], "not known"),
        ({}, ["unreadable", "unreadable"], "not known"),
    ],
    ids=["same", "another", "none", "unread", "nothing"],
)
def test_who_may_act_for_a_vault_is_watched(found, kinds, words):
    expected = {"trader": TRADER, "manager": MANAGER}
    told = authority_differences(VAULT, expected=expected, found=found)
    assert [one.kind for one in told] == kinds
    assert all(words in one.meaning for one in told)


@given(st.dictionaries(st.sampled_from(sorted(faithful(GUARDED))), st.binary(max_size=40)))
def test_whatever_is_answered_is_judged_and_never_crashes(spoilt):
    right = faithful(GUARDED)
    told = differences(GUARDED, {**right, **spoilt})
    changed = {key for key, value in spoilt.items() if value != right[key]}
    assert {one.subject for one in told} == changed
