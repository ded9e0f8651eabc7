"""Digests: one value, one byte string, one hash, whoever computes it and whenever.

The text is canonical JSON (RFC 8785: sorted keys, no white space, one way to write a number) of
values mapped like this:
- Decimal: a string in plain digits without trailing zeros, so 1.50 from the database equals 1.5;
- int: a number; beyond +-(2**53 - 1), where JSON numbers lose digits, a string;
- float: a number; NaN and infinity are refused;
- datetime: UTC with microseconds, `2024-01-01T00:00:00.000000Z`; a naive one is refused;
- enum: its value; bytes: `0x` and hex; dataclass: an object of its fields; sets: sorted lists.
A digest is the SHA-256 of a label, a zero byte and that text. The label names what is hashed, so
that two kinds of thing never share a digest.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import rfc8785

from atlas.domain.errors import Bug
from atlas.domain.intents import OrderIntent
from atlas.domain.units import plain

_SAFE_INTEGER = 2**53 - 1
INTENT_LABEL = "atlas/order-intent/1"


def canonical_json(value: object) -> bytes:
    """Write a value as canonical JSON; Bug names the type that has no canonical form."""
    try:
        return rfc8785.dumps(_jsonable(value))
    except rfc8785.CanonicalizationError as error:
        raise Bug(f"A value has no canonical form: {error}.") from error


def digest(value: object, *, label: str) -> str:
    """Give the 64 hex digits that name a value of the kind `label`."""
    return hashlib.sha256(label.encode() + b"\0" + canonical_json(value)).hexdigest()


def intent_digest(intent: OrderIntent) -> str:
    """Give the digest that a permit binds: it changes with every field of the intent."""
    return digest(intent, label=INTENT_LABEL)


def _jsonable(value: Any) -> Any:
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _jsonable(getattr(value, f.name)) for f in fields(value)}
    raise Bug(f"A {type(value).__name__} has no canonical form.")


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise Bug(f"The number {value} has no canonical form.")
    return plain(value)


def _integer(value: int) -> int | str:
    return value if abs(value) <= _SAFE_INTEGER else str(value)


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise Bug(f"The time {value} has no zone and therefore no canonical form.")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    written = {_key(key): _jsonable(item) for key, item in value.items()}
    if len(written) != len(value):
        raise Bug("Two keys of a mapping have the same canonical form.")
    return written


def _key(key: object) -> str:
    text = _jsonable(key)
    if not isinstance(text, str):
        raise Bug(f"The key {key!r} is no string.")
    return text


def _set(value: set[Any] | frozenset[Any]) -> list[Any]:
    return sorted((_jsonable(item) for item in value), key=rfc8785.dumps)


_WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: _jsonable(value.value)),
    (Decimal, _decimal),
    (int, _integer),
    (float, lambda value: value),
    (datetime, _moment),
    (date, lambda value: value.isoformat()),
    (bytes, lambda value: "0x" + value.hex()),
    (Mapping, _object),
    (list, lambda value: [_jsonable(item) for item in value]),
    (tuple, lambda value: [_jsonable(item) for item in value]),
    (set, _set),
    (frozenset, _set),
)
