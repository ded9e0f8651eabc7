"""GMX's events: one envelope for all, decoded by item name.

The EventEmitter wraps every event as EventLog, EventLog1 or EventLog2; the items inside are grouped
by type and named. Items get appended and renamed between generations, so nothing is ever read by
position or count. Source: gmx-synthetics `contracts/event/EventEmitter.sol`, `EventUtils.sol`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from atlas.domain.errors import InvalidInput
from onchain.abi import WORD_BYTES, UndecodableBytes, decode_exact

_GROUP_TYPES = ("address", "uint256", "int256", "bool", "bytes32", "bytes", "string")
EVENT_DATA_TYPE = (
    "(" + ",".join(f"((string,{kind})[],(string,{kind}[])[])" for kind in _GROUP_TYPES) + ")"
)
_ENVELOPE_TYPES = ("address", "string", EVENT_DATA_TYPE)
_ENVELOPES = {
    keccak(text=f"EventLog(address,string,string,{EVENT_DATA_TYPE})"): ("EventLog", 2),
    keccak(text=f"EventLog1(address,string,string,bytes32,{EVENT_DATA_TYPE})"): ("EventLog1", 3),
    keccak(text=f"EventLog2(address,string,string,bytes32,bytes32,{EVENT_DATA_TYPE})"): (
        "EventLog2",
        4,
    ),
}


@dataclass(frozen=True, slots=True)
class GmxEvent:
    """One event of the EventEmitter: its name, who emitted it, its items by name.

    `items` holds single values, `lists` the array values; a name never stands in two type groups.
    """

    name: str
    sender: str
    topics: tuple[bytes, ...]
    items: Mapping[str, Any]
    lists: Mapping[str, tuple[Any, ...]]

    def item(self, name: str) -> Any:
        """Give an item that must be there. Raises InvalidInput naming what there is instead."""
        if name not in self.items:
            raise InvalidInput(
                f"{self.name} has no item {name!r}; it has {', '.join(sorted(self.items))}"
            )
        return self.items[name]


def name_hash(name: str) -> bytes:
    """Give the topic by which an event's name is indexed: the hash of its plain text."""
    return keccak(text=name)


def address_topic(address: str) -> bytes:
    """Give an address as an indexed word."""
    return bytes.fromhex(address.removeprefix("0x")).rjust(WORD_BYTES, b"\x00")


def topic_address(topic: bytes) -> str:
    """Read an address out of an indexed word; dirty padding is refused."""
    if len(topic) != WORD_BYTES or any(topic[:12]):
        raise UndecodableBytes(f"topic 0x{topic.hex()} is no address")
    return to_checksum_address(topic[12:])


def is_gmx_event(topics: Sequence[bytes]) -> bool:
    """Say whether a log is wrapped as an event of the EventEmitter."""
    return bool(topics) and topics[0] in _ENVELOPES


def decode_event(topics: Sequence[bytes], data: bytes) -> GmxEvent:
    """Decode one log of the EventEmitter; the caller has checked the emitting address.

    Raises UndecodableBytes for another envelope, a wrong number of topics, bytes that are not
    canonical, a name that its topic does not confirm, or an item that occurs twice.
    """
    if not is_gmx_event(topics):
        raise UndecodableBytes("the log is no event of GMX's EventEmitter")
    envelope, topic_count = _ENVELOPES[topics[0]]
    if len(topics) != topic_count:
        raise UndecodableBytes(f"{envelope} has {len(topics)} topics instead of {topic_count}")
    sender, name, groups = decode_exact(_ENVELOPE_TYPES, data, what=envelope)
    if name_hash(name) != topics[1]:
        raise UndecodableBytes(f"{envelope}: the indexed name is not {name!r}")
    items: dict[str, Any] = {}
    lists: dict[str, tuple[Any, ...]] = {}
    for kind, (singles, arrays) in zip(_GROUP_TYPES, groups, strict=True):
        for key, value in singles:
            _put(items, key, _readable(kind, value), event=name)
        for key, values in arrays:
            _put(lists, key, tuple(_readable(kind, value) for value in values), event=name)
    return GmxEvent(name, to_checksum_address(sender), tuple(topics[2:]), items, lists)


def _put(into: dict[str, Any], key: str, value: Any, *, event: str) -> None:
    """File an item under its name, once."""
    if key in into:
        raise UndecodableBytes(f"{event}: the item {key!r} occurs twice")
    into[key] = value


def _readable(kind: str, value: Any) -> Any:
    """Write addresses with their checksum, leave the rest as decoded."""
    return to_checksum_address(value) if kind == "address" else value
