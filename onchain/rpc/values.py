"""What nodes answer, read strictly: hexadecimal quantities, blocks, logs. Anything else is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

HASH_BYTES = 32
ADDRESS_BYTES = 20


class MalformedValue(ValueError):
    """A node answered with what is not the promised kind of value."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block as one node tells of it; its hash says which of several at this height it is."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Log:
    """One log, with the block's hash: the same log in an orphaned block is another one."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: str
    tx_hash: str
    log_index: int

    @property
    def identity(self) -> tuple[str, int]:
        """Give what makes a log unique: its block's hash and its place."""
        return self.block_hash, self.log_index


def quantity(value: Any) -> int:
    """Read a 0x-quantity."""
    if not isinstance(value, str) or not value.startswith("0x") or len(value) < 3:  # noqa: PLR2004  # 0x and a digit
        raise MalformedValue(f"{value!r} is no quantity")
    try:
        return int(value, 16)
    except ValueError:
        raise MalformedValue(f"{value!r} is no quantity") from None


def octets(value: Any, *, length: int | None = None) -> bytes:
    """Read 0x-bytes, of a given length if one is given."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise MalformedValue(f"{str(value)[:80]!r} are no bytes")
    try:
        found = bytes.fromhex(value[2:])
    except ValueError:
        raise MalformedValue(f"{value[:80]!r} are no bytes") from None
    if length is not None and len(found) != length:
        raise MalformedValue(f"{len(found)} bytes came instead of {length}")
    return found


def block_hash(value: Any) -> str:
    """Read a hash and write it in one form."""
    return "0x" + octets(value, length=HASH_BYTES).hex()


def read_block(value: Any) -> Block:
    """Read a block's head."""
    if not isinstance(value, Mapping):
        raise MalformedValue("a block is no object")
    return Block(
        quantity(value.get("number")),
        block_hash(value.get("hash")),
        block_hash(value.get("parentHash")),
        quantity(value.get("timestamp")),
    )


def read_logs(value: Any) -> tuple[Log, ...]:
    """Read a list of logs; one that was removed by a reorganisation is refused."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise MalformedValue("logs are no list")
    return tuple(_log(one) for one in value)


def _log(value: Any) -> Log:
    """Read one log."""
    if not isinstance(value, Mapping) or not isinstance(value.get("topics"), list):
        raise MalformedValue("a log is no object with topics")
    if value.get("removed"):
        raise MalformedValue("a log is marked as removed")
    return Log(
        to_checksum_address(octets(value.get("address"), length=ADDRESS_BYTES)),
        tuple(octets(one, length=HASH_BYTES) for one in value["topics"]),
        octets(value.get("data")),
        quantity(value.get("blockNumber")),
        block_hash(value.get("blockHash")),
        block_hash(value.get("transactionHash")),
        quantity(value.get("logIndex")),
    )
