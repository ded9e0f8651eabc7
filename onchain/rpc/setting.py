"""Reading `ATLAS_RPC_URLS`: the nodes of each chain, under names. Pure; no message repeats an address."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")

Nodes = Mapping[int, Mapping[str, str]]


def parse_rpc_urls(text: str) -> Nodes:
    """Read the setting: a JSON object of chain ids, each an object of names and addresses.

    An address is https, or http to one's own machine. Raises ValueError saying what is wrong where,
    without any address.
    """
    if not text.strip():
        return {}
    try:
        data = json.loads(text)
    except json.JSONDecodeError:
        raise ValueError('must be JSON like {"42161": {"main": "https://…"}}') from None
    chains = data.items() if isinstance(data, dict) else [("", data)]
    return {_chain(key): _nodes(key, value) for key, value in chains}


def _chain(key: str) -> int:
    """Read a chain id."""
    if not key.isdecimal() or not int(key):
        raise ValueError(f"{key[:20]!r} is no chain id")
    return int(key)


def _nodes(chain: str, value: Any) -> Mapping[str, str]:
    """Read the nodes of one chain."""
    if not isinstance(value, dict) or not value:
        raise ValueError(f"chain {chain} must have an object of names and addresses")
    for name, address in value.items():
        if not _NAME.match(name):
            raise ValueError(f"chain {chain}: {name[:40]!r} is no name of small letters and digits")
        if not isinstance(address, str) or not _is_address(address):
            raise ValueError(f"chain {chain}, node {name}: must be https, or http to this machine")
    return dict(value)


def _is_address(address: str) -> bool:
    """Say whether an address may be used; credentials belong into the path, not before the host."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
