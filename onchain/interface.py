"""The functions and events of the contracts that Atlas talks to, from its own trimmed ABIs.

The ABIs stand as data in `onchain/abis`, one file a contract, cut down to what is used; a test holds
every selector, topic and type against the contracts' full ABIs. Pure: nothing here calls a chain.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from atlas.domain.errors import Bug
from onchain.abi import WORD_BYTES, UndecodableBytes, decode_exact, encode_call, selector

STATIC_TYPES = ("address", "bool", "bytes32", "uint", "int")


@dataclass(frozen=True, slots=True)
class ContractFunction:
    """One function of a contract: how to call it and how to read its answer."""

    contract: str
    name: str
    signature: str
    output_types: tuple[str, ...]
    output_names: tuple[str, ...]

    @property
    def selector(self) -> bytes:
        """Give the four bytes that choose the function."""
        return selector(self.signature)

    def call(self, *arguments: Any) -> bytes:
        """Encode a call. Raises InvalidInput where a value does not fit."""
        return encode_call(self.signature, arguments)

    def results(self, data: bytes) -> tuple[Any, ...]:
        """Decode an answer; addresses at its top carry their checksum.

        Raises UndecodableBytes for an empty answer (no contract there), a shifted layout or other
        bytes that are not the exact encoding.
        """
        if not data and self.output_types:
            raise UndecodableBytes(f"{self.contract}.{self.name}: the answer is empty")
        values = decode_exact(self.output_types, data, what=f"{self.contract}.{self.name}")
        return tuple(map(readable, self.output_types, values))

    def result(self, data: bytes) -> Any:
        """Decode an answer that is one value."""
        (value,) = self.results(data)
        return value


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """One event of a contract: its first topic, and which fields are in topics and which in data."""

    contract: str
    name: str
    signature: str
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]

    @property
    def topic(self) -> bytes:
        """Give the topic that names the event."""
        return keccak(text=self.signature)

    def fields(self, topics: Sequence[bytes], data: bytes) -> Mapping[str, Any]:
        """Decode a log into its fields by name; the caller has checked the emitting address.

        Raises UndecodableBytes for another event, a wrong number of topics, or bytes that are not
        the exact encoding.
        """
        if not topics or topics[0] != self.topic:
            raise UndecodableBytes(f"the log is no {self.contract}.{self.name}")
        if len(topics) != 1 + len(self.indexed):
            raise UndecodableBytes(f"{self.name} has {len(topics) - 1} indexed fields")
        found: dict[str, Any] = {}
        for (name, kind), topic in zip(self.indexed, topics[1:], strict=True):
            found[name] = _topic_value(kind, topic, what=f"{self.name}.{name}")
        values = decode_exact([kind for _, kind in self.plain], data, what=self.name)
        for (name, kind), value in zip(self.plain, values, strict=True):
            found[name] = readable(kind, value)
        return found


def readable(kind: str, value: Any) -> Any:
    """Write addresses with their checksum, so that equal addresses are equal texts."""
    if kind == "address":
        return to_checksum_address(value)
    if kind == "address[]":
        return tuple(to_checksum_address(one) for one in value)
    return value


def function(contract: str, name: str) -> ContractFunction:
    """Give a function by its name, or by its signature where the name is overloaded.

    Raises Bug for one that the trimmed ABI does not have.
    """
    found = [
        one
        for one in functions(contract)
        if name in (one.name, one.signature) and ("(" in name or one.name == name)
    ]
    if len(found) != 1:
        raise Bug(f"{contract} has {len(found)} functions {name!r} in onchain/abis")
    return found[0]


def event(contract: str, name: str) -> ContractEvent:
    """Give an event by its name. Raises Bug for one that the trimmed ABI does not have."""
    found = [one for one in events(contract) if one.name == name]
    if len(found) != 1:
        raise Bug(f"{contract} has {len(found)} events {name!r} in onchain/abis")
    return found[0]


@lru_cache(maxsize=64)
def functions(contract: str) -> tuple[ContractFunction, ...]:
    """Give all functions of a contract that Atlas uses."""
    return tuple(
        ContractFunction(
            contract,
            part["name"],
            _signature(part),
            tuple(_type(one) for one in part["outputs"]),
            tuple(one["name"] for one in part["outputs"]),
        )
        for part in _fragments(contract)
        if part["type"] == "function"
    )


@lru_cache(maxsize=64)
def events(contract: str) -> tuple[ContractEvent, ...]:
    """Give all events of a contract that Atlas reads."""
    return tuple(
        ContractEvent(
            contract,
            part["name"],
            _signature(part),
            tuple((one["name"], _type(one)) for one in part["inputs"] if one.get("indexed")),
            tuple((one["name"], _type(one)) for one in part["inputs"] if not one.get("indexed")),
        )
        for part in _fragments(contract)
        if part["type"] == "event"
    )


def contract_names() -> tuple[str, ...]:
    """Name all contracts that have a trimmed ABI."""
    folder = resources.files("onchain.abis")
    return tuple(
        sorted(one.name.removesuffix(".json") for one in folder.iterdir() if ".json" in one.name)
    )


def _fragments(contract: str) -> list[dict[str, Any]]:
    """Read one contract's trimmed ABI."""
    text = resources.files("onchain.abis").joinpath(f"{contract}.json").read_text(encoding="utf-8")
    fragments: list[dict[str, Any]] = json.loads(text)
    return fragments


def _signature(part: Mapping[str, Any]) -> str:
    """Write a function's or event's canonical signature."""
    return f"{part['name']}({','.join(_type(one) for one in part['inputs'])})"


def _type(part: Mapping[str, Any]) -> str:
    """Write a parameter's canonical type; structures become tuples."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(one) for one in part["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _topic_value(kind: str, topic: bytes, *, what: str) -> Any:
    """Read an indexed field; a text or a list is only there as its hash."""
    if len(topic) != WORD_BYTES:
        raise UndecodableBytes(f"{what}: a topic has {len(topic)} bytes")
    if kind.endswith("]") or not kind.startswith(STATIC_TYPES):
        return topic
    (value,) = decode_exact([kind], topic, what=what)
    return readable(kind, value)
