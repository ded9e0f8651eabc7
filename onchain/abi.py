"""Strict ABI coding: what decodes must encode back to the very same bytes.

A lenient decoder accepts trailing bytes, shifted offsets and dirty padding, so two byte strings
could mean the same to us and different things to a contract. Here a decoding counts only if
encoding it again gives the input.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.crypto import keccak

from atlas.domain.errors import InvalidInput

SELECTOR_BYTES = 4
WORD_BYTES = 32


class UndecodableBytes(InvalidInput):
    """The bytes are not the canonical encoding of the expected types."""

    code = "undecodable_bytes"


@lru_cache(maxsize=1024)
def selector(signature: str) -> bytes:
    """Give the first four bytes of the hash of a function's or error's signature."""
    return keccak(text=signature)[:SELECTOR_BYTES]


def types_of(signature: str) -> tuple[str, ...]:
    """Split the top-level argument types of a signature like `f(address,(uint256,bool)[])`."""
    inner = signature[signature.index("(") + 1 : -1]
    if not inner:
        return ()
    types, depth, start = [], 0, 0
    for place, letter in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            types.append(inner[start:place])
            start = place + 1
    return (*types, inner[start:])


def encode_call(signature: str, arguments: Sequence[Any]) -> bytes:
    """Encode a call: selector and arguments. Raises InvalidInput where a value does not fit."""
    try:
        return selector(signature) + encode(types_of(signature), list(arguments))
    except (EncodingError, TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{signature.split('(', maxsplit=1)[0]} cannot be encoded: {error}"
        ) from error


def decode_exact(types: Sequence[str], data: bytes, *, what: str) -> tuple[Any, ...]:
    """Decode and demand that encoding again gives the same bytes.

    Raises UndecodableBytes otherwise: too short, trailing bytes, dirty padding, odd offsets.
    """
    try:
        values: tuple[Any, ...] = decode(types, data)
        again = encode(types, values)
    except (DecodingError, EncodingError, OverflowError, UnicodeError, ValueError) as error:
        raise UndecodableBytes(f"{what}: {type(error).__name__}: {error}") from error
    if again != data:
        raise UndecodableBytes(f"{what}: the bytes are not the canonical encoding of their values")
    return values


def decode_call(signature: str, data: bytes) -> tuple[Any, ...]:
    """Decode the arguments of a call whose selector must be the signature's."""
    name = signature.split("(", maxsplit=1)[0]
    if data[:SELECTOR_BYTES] != selector(signature):
        raise UndecodableBytes(f"{name}: the selector is 0x{data[:SELECTOR_BYTES].hex()}")
    return decode_exact(types_of(signature), data[SELECTOR_BYTES:], what=name)
