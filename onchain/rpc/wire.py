"""One question to one node: JSON-RPC over the outbound client, every failure named.

Nodes say the same thing in many words: error codes are not agreed upon, a wanted block is "header
not found" or "unknown block", a range is too wide in a dozen phrases. They are sorted here, once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from atlas import http
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.outbound import OutboundPolicy
from onchain.rpc.errors import (
    BlockUnknown,
    CallReverted,
    NodeBusy,
    NodeUnavailable,
    RangeTooWide,
    RequestRefused,
)
from onchain.rpc.setting import LOOPBACK

TOO_MANY_REQUESTS = 429
SUCCESS = range(200, 300)
MOST_BYTES = 30_000_000

HEADERS = {"content-type": "application/json"}

_REVERT_CODES = frozenset({3, -32015})
_LIMIT_CODES = frozenset({-32005, -32097})
_REQUEST_CODES = frozenset({-32600, -32601, -32602, -32604})
_BLOCK_WORDS = (
    "header not found",
    "unknown block",
    "block not found",
    "header for hash not found",
    "hash is not currently canonical",
    "missing trie node",
    "no state available",
    "block is out of range",
)
_RANGE_WORDS = (
    "block range",
    "range too",
    "query returned more than",
    "more than 10000 results",
    "too many results",
    "response size",
    "exceed maximum block range",
    "limited to",
    "query timeout exceeded",
)
_BUSY_WORDS = (
    "rate limit",
    "too many requests",
    "request limit",
    "capacity",
    "daily request count",
)
_REVERT_WORDS = ("execution reverted", "vm execution error", "revert")


@dataclass(frozen=True, slots=True)
class Reply:
    """A node's HTTP answer, before anything in it is believed."""

    status: int
    body: bytes
    retry_after_seconds: float | None = None


# (address, body, seconds) -> reply; raises Temporary or DomainRefusal as the outbound client does.
Transport = Callable[[str, bytes, float], Reply]


def send(url: str, body: bytes, timeout_seconds: float) -> Reply:
    """Send a request through the outbound client.

    The operator's setting of a node's address is the permission to reach that host, and a literal
    loopback address the permission to reach one's own machine; anything else private stays refused
    unless the settings of the outbound client allow it.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    allowed = OutboundPolicy.of(
        [parts.netloc.rpartition("@")[2]],
        private_addresses=host in LOOPBACK or OutboundPolicy.from_settings().private_addresses,
    )
    answer = http.fetch(
        url,
        method="POST",
        headers=HEADERS,
        body=body,
        timeout_seconds=timeout_seconds,
        max_bytes=MOST_BYTES,
        policy=allowed,
    )
    return Reply(answer.status, answer.body, _seconds(answer.headers.get("retry-after")))


def ask(
    transport: Transport,
    name: str,
    url: str,
    method: str,
    params: list[Any],
    *,
    timeout_seconds: float,
) -> Any:
    """Ask one node one thing and give its `result`, null included.

    Raises the errors of `onchain.rpc.errors`; `name` is the endpoint's, for messages.
    """
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    try:
        reply = transport(url, body, timeout_seconds)
    except Temporary as error:
        raise NodeUnavailable(f"Node {name} failed on {method}: {_cause(error)}") from error
    except DomainRefusal as error:
        if error.code == "answer_too_large":
            raise RangeTooWide(f"Node {name} sent too much for {method}") from error
        raise
    return read_reply(reply, name, method)


def read_reply(reply: Reply, name: str, method: str) -> Any:
    """Take the result out of a reply, or raise what its failure means."""
    if reply.status == TOO_MANY_REQUESTS:
        raise NodeBusy(
            f"Node {name} asks for patience",
            detail={"retry_after_seconds": reply.retry_after_seconds},
        )
    answer = _parsed(reply.body)
    error = answer.get("error") if answer is not None else None
    if isinstance(error, Mapping):
        raise failure(error, name, method)
    if reply.status not in SUCCESS:
        raise NodeUnavailable(f"Node {name} answered {method} with status {reply.status}")
    if answer is None or "result" not in answer or answer.get("id") != 1:
        raise NodeUnavailable(f"Node {name} answered {method} with what is no JSON-RPC answer")
    return answer["result"]


def failure(error: Mapping[str, Any], name: str, method: str) -> Exception:
    """Name a JSON-RPC error by what to do next; revert data counts before words."""
    code, words = error.get("code"), str(error.get("message", "")).lower()
    data = _revert_data(error.get("data"))
    kind = "eth_call" if method in ("eth_call", "eth_estimateGas") else method
    if kind == "eth_call" and (
        code in _REVERT_CODES or data or any(one in words for one in _REVERT_WORDS)
    ):
        return CallReverted(data, what=method)
    if any(one in words for one in _BLOCK_WORDS):
        return BlockUnknown(f"Node {name} does not know the block that {method} asks for")
    if method == "eth_getLogs" and (
        code in _LIMIT_CODES or any(one in words for one in _RANGE_WORDS)
    ):
        return RangeTooWide(f"Node {name} does not search so much at once")
    if code in (TOO_MANY_REQUESTS, *_LIMIT_CODES) or any(one in words for one in _BUSY_WORDS):
        return NodeBusy(f"Node {name} asks for patience")
    if code in _REQUEST_CODES:
        return RequestRefused(f"Node {name} refuses {method}: code {code}", detail={"code": code})
    return NodeUnavailable(f"Node {name} failed inside on {method}: code {code}")


def _parsed(body: bytes) -> dict[str, Any] | None:
    """Read JSON that is an object; None for anything else."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _revert_data(data: Any) -> bytes:
    """Find the bytes that a contract reverted with; nodes wrap them differently."""
    if isinstance(data, Mapping):
        data = data.get("data")
    if not isinstance(data, str):
        return b""
    _, mark, digits = data.partition("0x")
    try:
        return bytes.fromhex(digits) if mark else b""
    except ValueError:
        return b""


def _seconds(text: str | None) -> float | None:
    """Read a Retry-After in seconds; its other form, a date, is not worth a clock."""
    if text is None or not text.strip().isdigit():
        return None
    return float(text)


def _cause(error: Temporary) -> str:
    """Say what happened on the wire without the address."""
    cause = error.__cause__
    return type(cause).__name__ if cause is not None else "time-out or broken connection"
