"""Keys of GMX's DataStore, positions and orders: Keccak-256 over standard ABI words.

A base key hashes the ABI encoding of its name, a composed key the base followed by its arguments.
Nothing is ever packed. Source: gmx-synthetics `contracts/data/Keys.sol`,
`contracts/position/Position.sol`, `contracts/nonce/NonceUtils.sol`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak


@lru_cache(maxsize=512)
def base_key(name: str) -> bytes:
    """Give the base key of a name like `MAX_OPEN_INTEREST`."""
    return keccak(encode(["string"], [name]))


def composed_key(name: str, types: Sequence[str], arguments: Sequence[Any]) -> bytes:
    """Give the key of a name with arguments, types as in Solidity (`address`, `bool`).

    A name without arguments is its base key: there is no second hash.
    """
    if not types:
        return base_key(name)
    return keccak(encode(["bytes32", *types], [base_key(name), *arguments]))


def position_key(account: str, market: str, collateral_token: str, *, is_long: bool) -> bytes:
    """Give the key of a position; a market holds up to four of one account."""
    return keccak(
        encode(
            ["address", "address", "address", "bool"], [account, market, collateral_token, is_long]
        )
    )


def order_key(data_store: str, nonce: int) -> bytes:
    """Give the key of the order that was created with this value of the global nonce."""
    return keccak(encode(["address", "uint256"], [data_store, nonce]))


def field_key(record_key: bytes, field: str) -> bytes:
    """Give the DataStore key of one field (`SIZE_IN_USD`) of a stored record."""
    return keccak(encode(["bytes32", "bytes32"], [record_key, base_key(field)]))
