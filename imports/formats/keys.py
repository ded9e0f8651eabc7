"""Keys: what tells one record of an owner from the others, as one line of text."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from imports.formats.vocabulary import Kind


def keys_of(kind: Kind, records: Sequence[Any]) -> list[str]:
    """Give the keys of records of one kind, in their order."""
    return _KEYS[kind](records) if records else []


def key_of(kind: Kind, record: Any) -> str:
    """Give the key of one record."""
    return keys_of(kind, [record])[0]


def account_of(chain_id: float, address: str) -> str:
    """Name a vault as the catalogue does: CAIP-10, its address in lower case."""
    return f"eip155:{int(chain_id)}:{address.lower()}"


def times_of(records: Sequence[Any], name: str) -> list[str]:
    """Write a time of each record in RFC 3339; encoding all at once is many times quicker."""
    encoded = msgspec.json.encode([getattr(record, name) for record in records])
    return encoded[2:-2].decode().split('","')


def _slugs(records: Sequence[Any]) -> list[str]:
    return [record.slug for record in records]


def _accounts(records: Sequence[Any]) -> list[str]:
    return [account_of(record.chain_id, record.address) for record in records]


def _points(records: Sequence[Any]) -> list[str]:
    times = times_of(records, "as_of_at")
    sources = [record.source for record in records]
    if sources.count(sources[0]) == len(sources):  # a series is of one kind of evidence
        start = f"{sources[0]} "
        return [start + at for at in times]
    return [f"{source} {at}" for source, at in zip(sources, times, strict=True)]


def _prices(records: Sequence[Any]) -> list[str]:
    return times_of(records, "as_of_at")


def _holdings(records: Sequence[Any]) -> list[str]:
    times = times_of(records, "as_of_at")
    return [f"{at} {one.asset}" for one, at in zip(records, times, strict=True)]


def _trades(records: Sequence[Any]) -> list[str]:
    return [record.external_id for record in records]


def _claims(records: Sequence[Any]) -> list[str]:
    return [f"{record.source} {record.metric}" for record in records]


_KEYS: dict[Kind, Callable[[Sequence[Any]], list[str]]] = {
    Kind.BENCHMARK: _slugs,
    Kind.STRATEGY: _slugs,
    Kind.VAULT: _accounts,
    Kind.PERFORMANCE: _points,
    Kind.VAULT_PERFORMANCE: _points,
    Kind.BENCHMARK_POINT: _prices,
    Kind.HOLDING: _holdings,
    Kind.TRADE: _trades,
    Kind.CLAIM: _claims,
}
