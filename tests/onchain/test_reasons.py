"""Every refusal of both protocols gets its name and a sentence."""

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from onchain import reasons
from onchain.abi import encode_call, selector, types_of
from onchain.sentence_families import family_sentence
from onchain.sentences import GMX_SENTENCES, VAULT_SENTENCES
from tests.onchain.vectors import load, raw

ERRORS = load("gmx_custom_errors")["errors"]
REASONS = load("gmx_reason_bytes")["cases"]
REVERTS = load("dhedge_reverts")
MATRIX = load("dhedge_guard_matrix")
EXAMPLES: dict[str, Any] = {
    "address": "0x" + "11" * 20,
    "bool": True,
    "bytes": b"\x01",
    "bytes32": b"\x02" * 32,
    "string": "text",
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error["name"])
def test_every_custom_error_of_gmx_is_known_by_its_selector(error):
    shape = reasons._shapes()[raw(error["selector"])]
    assert (shape.signature, list(shape.arguments)) == (error["signature"], error["args"])


@pytest.mark.parametrize("case", REASONS, ids=lambda case: case["bytes"][:12])
def test_a_keepers_reason_is_decoded_with_its_arguments(case):
    found = reasons.explain_cancel("", raw(case["bytes"]))
    decoded = case["decoded"]
    if case["error"] == "Error":
        assert found.name == next(iter(decoded.values()))
        return
    assert found.name == case["error"].split("(")[0]
    assert {name: str(value).lower() for name, value in found.arguments.items()} == {
        name: str(value).lower() for name, value in decoded.items()
    }


@pytest.mark.parametrize("revert", REVERTS, ids=lambda revert: revert["reason"])
def test_a_vaults_revert_has_a_sentence_of_its_own(revert):
    found = reasons.explain_revert(raw(revert["data"]))
    assert found.name == revert["reason"]
    assert found.sentence == VAULT_SENTENCES[revert["reason"]]


def test_every_text_that_the_real_guard_was_seen_to_use_has_a_sentence():
    seen = {row["observed_revert"] for row in MATRIX if row.get("observed_revert")}
    declared = {error["name"] for error in ERRORS}
    plain = {text for text in seen if text.split("(")[0] not in declared and text != "EMPTY"}
    explained = {
        text
        for text in plain
        if reasons.explain_text(text).sentence in set(VAULT_SENTENCES.values())
    }
    tokens_own = {text for text in plain if text.startswith(("ERC20", "OperationTypeMismatch"))}
    assert plain - explained - tokens_own == set()


def example(kind):
    """Give a value of an ABI type."""
    if kind.endswith("[]"):
        return [example(kind.removesuffix("[]"))]
    return EXAMPLES.get(kind, 7)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error["name"])
def test_every_declared_error_becomes_a_whole_sentence(error):
    kinds = types_of(error["signature"])
    body = encode(kinds, [example(kind) for kind in kinds])
    found = reasons.explain_revert(raw(error["selector"]) + body)
    assert found.name == error["name"]
    assert found.sentence[0].isupper()
    assert found.sentence.endswith(".")
    assert "  " not in found.sentence
    assert found.name not in found.sentence or len(found.name.split()) > 1


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("EmptyReceiver", {}, "The contract found nothing where it needs the receiver."),
        (
            "MaxSwapPathLengthExceeded",
            {"swapPathLength": 9, "maxSwapPathLength": 3},
            (
                "The contract's maximum is exceeded: swap path length"
                " (swapPathLength 9, maxSwapPathLength 3)."
            ),
        ),
        (
            "GlvZeroBalance",
            {"x": b"\x01"},
            "GMX's liquidity vaults refused: zero balance (x 0x01).",
        ),
        ("NonEOA", {}, "The contract refused: non EOA."),
    ],
)
def test_a_familys_sentence_says_what_the_name_says(name, arguments, sentence):
    assert family_sentence(name, arguments) == sentence


def test_every_sentence_for_gmx_names_only_arguments_that_the_error_has():
    by_name = {error["name"]: error for error in ERRORS}
    for name, template in GMX_SENTENCES.items():
        arguments = dict.fromkeys(by_name[name]["args"], 1)
        assert "{" not in template.format(**arguments)


@pytest.mark.parametrize("text", ["USER_INITIATED_CANCEL", "AUTO_CANCEL"])
def test_gmx_own_words_are_explained(text):
    assert reasons.explain_cancel(text, b"").name == text


def test_an_unknown_selector_is_shown_and_not_guessed_at():
    found = reasons.explain_revert(bytes.fromhex("deadbeef00"))
    assert found.name == "UNKNOWN"
    assert "0xdeadbeef" in found.sentence


def test_no_data_at_all_is_said_to_be_no_reason():
    assert reasons.explain_revert(b"").name == "EMPTY"
    assert reasons.explain_cancel("", b"").name == "EMPTY"


def test_a_panic_is_named():
    found = reasons.explain_revert(encode_call(reasons.PANIC, [0x11]))
    assert "overflow" in found.sentence


def test_a_known_selector_with_wrong_arguments_is_unknown():
    assert reasons.explain_revert(selector("EmptyOrder()") + b"\x01").name == "UNKNOWN"


@given(st.binary(max_size=200))
def test_arbitrary_data_always_gets_a_sentence(data):
    assert reasons.explain_revert(data).sentence
