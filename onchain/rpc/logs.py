"""Searching logs over many blocks: in ranges that fit the node, each answer checked.

A node that has not reached a block yet answers a search up to it with an empty list, so no node is
asked beyond the head that it told of itself. Ranges shrink when a node finds them too wide and grow
again while it does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onchain.rpc.endpoints import Endpoint
from onchain.rpc.errors import BlockUnknown, NoEndpoint, NoQuorum, RangeTooWide
from onchain.rpc.pinned import ALONE
from onchain.rpc.pool import TRY_ANOTHER, RpcPool
from onchain.rpc.values import Log, read_logs


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which logs: of which contracts, with which topics at which places (None: any)."""

    addresses: tuple[str, ...]
    topics: tuple[tuple[bytes, ...] | None, ...] = ()

    def parameters(self, first: int, last: int) -> list[Any]:
        """Write the question for a range of blocks, both ends included."""
        return [
            {
                "address": list(self.addresses),
                "topics": [
                    None if one is None else ["0x" + topic.hex() for topic in one]
                    for one in self.topics
                ],
                "fromBlock": hex(first),
                "toBlock": hex(last),
            }
        ]

    def admits(self, log: Log) -> bool:
        """Say whether a log is one that was asked for."""
        if log.address not in self.addresses or len(log.topics) < len(self.topics):
            return False
        return all(
            wanted is None or found in wanted
            for wanted, found in zip(self.topics, log.topics, strict=False)
        )


@dataclass(frozen=True, slots=True)
class LogChunk:
    """All wanted logs of a range of blocks, in the order of the chain."""

    first_block: int
    last_block: int
    logs: tuple[Log, ...]


def search(
    pool: RpcPool, query: LogQuery, first: int, last: int, *, agree: int = ALONE
) -> Iterator[LogChunk]:
    """Give the logs from the block `first` to `last`, range after range, so that a caller may stop.

    With `agree` above one as many nodes must find the same logs in each range. Raises NoQuorum where
    they do not, the last node's failure where none answers.
    """
    start = first
    while start <= last:
        chunk = _next_chunk(pool, query, start, last, agree)
        yield chunk
        start = chunk.last_block + 1


def _next_chunk(pool: RpcPool, query: LogQuery, start: int, last: int, agree: int) -> LogChunk:
    """Search the next range with one node, and let others confirm the very same range."""
    failure: Exception | None = None
    for endpoint in pool.in_order():
        try:
            end, logs = _widest(pool, endpoint, query, start, last)
        except TRY_ANOTHER as error:
            failure = error
            continue
        chunk = LogChunk(start, end, logs)
        if agree > ALONE:
            _confirm(pool, endpoint, query, chunk, agree)
        return chunk
    raise failure or NoEndpoint(f"No node of chain {pool.chain_id} is in use: {pool.describe()}")


def _widest(
    pool: RpcPool, endpoint: Endpoint, query: LogQuery, start: int, last: int
) -> tuple[int, tuple[Log, ...]]:
    """Search as far as the node lets us. Raises RangeTooWide if one block is too much for it."""
    while True:
        end = min(start + endpoint.log_range - 1, last)
        try:
            logs = _searched(pool, endpoint, query, start, end)
        except RangeTooWide:
            if end == start:
                raise
            endpoint.log_range = max((end - start + 1) // 2, 1)
            continue
        endpoint.log_range = min(endpoint.log_range * 2, endpoint.config.log_range_blocks)
        return end, logs


def _confirm(pool: RpcPool, first: Endpoint, query: LogQuery, chunk: LogChunk, agree: int) -> None:
    """Let other nodes search the same range; enough of them must find the same."""
    same, others = 1, 0
    for endpoint in pool.in_order():
        if endpoint is first:
            continue
        try:
            found = _in_parts(pool, endpoint, query, chunk.first_block, chunk.last_block)
        except (*TRY_ANOTHER, RangeTooWide):
            continue
        same, others = (same + 1, others) if found == chunk.logs else (same, others + 1)
        if same >= agree:
            return
    raise NoQuorum(
        f"Logs of blocks {chunk.first_block} to {chunk.last_block} on chain {pool.chain_id}:"
        f" {agree} nodes must find the same, {same} do and {others} do not",
        detail={"chain": pool.chain_id, "needed": agree, "same": same, "others": others},
    )


def _in_parts(
    pool: RpcPool, endpoint: Endpoint, query: LogQuery, start: int, last: int
) -> tuple[Log, ...]:
    """Search a whole range with one node, in as many parts as it needs."""
    logs: list[Log] = []
    while start <= last:
        end, part = _widest(pool, endpoint, query, start, last)
        logs.extend(part)
        start = end + 1
    return tuple(logs)


def _searched(
    pool: RpcPool, endpoint: Endpoint, query: LogQuery, start: int, end: int
) -> tuple[Log, ...]:
    """Ask one node for one range, and hold its answer against the question."""
    if endpoint.head_block < end:
        head = pool.head_of(endpoint)
        if head.number < end:
            raise BlockUnknown(f"Node {endpoint.name} has not reached block {end}")
    found = pool.ask_one(endpoint, "eth_getLogs", query.parameters(start, end), parse=read_logs)
    problem = _problem(query, found, start, end)
    if problem:
        raise pool.distrusted(endpoint, problem)
    return tuple(sorted(found, key=lambda log: (log.block, log.log_index)))


def _problem(query: LogQuery, logs: Sequence[Log], start: int, end: int) -> str:
    """Say what cannot be true about an answer."""
    if any(not start <= log.block <= end for log in logs):
        return "its logs lie outside the range that was asked for"
    if any(not query.admits(log) for log in logs):
        return "its logs are not those that were asked for"
    if len({log.identity for log in logs}) != len(logs):
        return "it gives a log twice"
    hashes: dict[int, set[str]] = {}
    for log in logs:
        hashes.setdefault(log.block, set()).add(log.block_hash)
    return (
        "it gives two blocks of one height" if any(len(one) > 1 for one in hashes.values()) else ""
    )
