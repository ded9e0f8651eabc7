"""From revert data to a named error and a sentence that an operator understands.

GMX reverts with custom errors (four bytes and arguments), dHEDGE with texts like `dh23`, the
compiler with panics. A keeper's cancel reason arrives in the same form inside an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from onchain.abi import SELECTOR_BYTES, UndecodableBytes, decode_exact, selector, types_of
from onchain.sentence_families import family_sentence
from onchain.sentences import GMX_SENTENCES, GMX_TEXTS, PANICS, VAULT_SENTENCES

ERROR_TEXT = "Error(string)"
PANIC = "Panic(uint256)"
SIMULATION_PASSED = "EndOfOracleSimulation"
_VAULT_ERRORS = (
    "OperationTypeMismatch(address,uint8,uint8) pool,expected,actual",
    "InvalidPool(address) pool",
    "UnauthorizedCaller(address) caller",
    "ValueManipulationDetected(address,uint256,uint256) pool,before,after",
    "ZeroAddress(string) name",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused: the error's name, its arguments, a sentence for a person."""

    name: str
    arguments: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True, slots=True)
class _ErrorShape:
    """A custom error as its contract declares it."""

    name: str
    signature: str
    arguments: tuple[str, ...]


def explain_revert(data: bytes) -> Reason:
    """Name a revert. Data that nobody declares is shown as it is, never guessed at."""
    if not data:
        return Reason(
            "EMPTY",
            {},
            "The call failed without a reason: out of gas, or an assertion in the contract.",
        )
    head, body = data[:SELECTOR_BYTES], data[SELECTOR_BYTES:]
    try:
        if head == selector(ERROR_TEXT):
            return explain_text(decode_exact(["string"], body, what=ERROR_TEXT)[0])
        if head == selector(PANIC):
            return _explain_panic(decode_exact(["uint256"], body, what=PANIC)[0])
        shape = _shapes().get(head)
        if shape is not None:
            return _explain_custom(shape, body)
    except UndecodableBytes:
        return _unknown(data)
    return _unknown(data)


def explain_cancel(reason: str, reason_bytes: bytes) -> Reason:
    """Name why GMX cancelled or froze an order, from both fields of its event.

    The text is filled only for plain errors and for GMX's own words; else the bytes speak.
    """
    if reason in GMX_TEXTS:
        return Reason(reason, {}, GMX_TEXTS[reason])
    return explain_revert(reason_bytes) if reason_bytes else explain_text(reason)


def explain_text(text: str) -> Reason:
    """Name a plain error text, as dHEDGE and the tokens use them."""
    if not text:
        return explain_revert(b"")
    sentence = VAULT_SENTENCES.get(text, f"The contract refused with the text {text!r}.")
    return Reason(text, {}, sentence)


def _explain_panic(code: int) -> Reason:
    """Name a panic of the compiler."""
    meaning = PANICS.get(code, "an internal check failed")
    return Reason("Panic", {"code": code}, f"The contract stopped itself: {meaning}.")


def _explain_custom(shape: _ErrorShape, body: bytes) -> Reason:
    """Name a custom error with its arguments."""
    values = decode_exact(types_of(shape.signature), body, what=shape.name)
    arguments = dict(zip(shape.arguments, values, strict=True))
    template = GMX_SENTENCES.get(shape.name)
    if template is not None:
        return Reason(shape.name, arguments, template.format(**arguments))
    return Reason(shape.name, arguments, family_sentence(shape.name, arguments))


def _unknown(data: bytes) -> Reason:
    """Show data that no known error explains."""
    head = "0x" + data[:SELECTOR_BYTES].hex()
    return Reason(
        "UNKNOWN",
        {"data": "0x" + data.hex()},
        f"The call failed with data that no known error explains (it begins with {head}).",
    )


@lru_cache(maxsize=1)
def _shapes() -> Mapping[bytes, _ErrorShape]:
    """Read the declared errors of both protocols, by selector."""
    text = resources.files("onchain.abis").joinpath("gmx_errors.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    shapes = [_shape(line) for line in (*lines, *_VAULT_ERRORS)]
    return {selector(shape.signature): shape for shape in shapes}


def _shape(line: str) -> _ErrorShape:
    """Read one line: signature, then the names of the arguments."""
    signature, _, names = line.partition(" ")
    arguments = tuple(names.split(",")) if names else ()
    return _ErrorShape(signature[: signature.index("(")], signature, arguments)
