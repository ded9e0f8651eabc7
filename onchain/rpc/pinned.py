"""Reads that all see one block, and reads on which several nodes must agree.

A snapshot is pinned by the block's hash: a node that has another block at that height answers with
an error, not with other figures. Where money is meant, a value counts only when at least two nodes
give the same one; otherwise it is unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from onchain.rpc.endpoints import Endpoint
from onchain.rpc.errors import CallReverted, NodeUntrusted, NoEndpoint, NoQuorum
from onchain.rpc.pool import TRY_ANOTHER, RpcPool
from onchain.rpc.values import Block, Log, octets, quantity, read_block, read_logs

V = TypeVar("V")

ALONE = 1
QUORUM = 2


@dataclass(frozen=True, slots=True)
class PinnedReader:
    """Reads of one chain at one block; `agree` is how many nodes must say the same."""

    pool: RpcPool
    block: Block
    agree: int = ALONE

    def call(self, to: str, data: bytes) -> bytes:
        """Call a contract. Raises CallReverted where it refuses."""
        params = [{"to": to, "data": "0x" + data.hex()}, self._where]
        return self._read("eth_call", params, octets)

    def code(self, address: str) -> bytes:
        """Give a contract's code; empty where there is none."""
        return self._read("eth_getCode", [address, self._where], octets)

    def balance(self, address: str) -> int:
        """Give an account's native currency in wei."""
        return self._read("eth_getBalance", [address, self._where], quantity)

    def logs(self, addresses: list[str], topics: list[Any]) -> tuple[Log, ...]:
        """Give the block's own logs of some contracts."""
        query = {"address": addresses, "topics": topics, "blockHash": self.block.hash}
        return self._read("eth_getLogs", [query], read_logs)

    @property
    def _where(self) -> dict[str, Any]:
        """Name the block by its hash, and demand that it is still part of the chain."""
        return {"blockHash": self.block.hash, "requireCanonical": True}

    def _read(self, method: str, params: list[Any], parse: Callable[[Any], V]) -> V:
        """Ask one node, or as many as must agree."""
        if self.agree == ALONE:
            return self.pool.read(method, params, parse=parse)
        return agreed(self.pool, method, params, parse=parse, agree=self.agree)


def pin(pool: RpcPool, *, depth: int = 0, agree: int = ALONE) -> PinnedReader:
    """Choose a block that enough nodes know, `depth` below the newest that they share.

    Raises NoQuorum where they do not agree on it, NoEndpoint where nobody can be asked.
    """
    if agree == ALONE:
        head = pool.head()
        if depth == 0:
            return PinnedReader(pool, head, agree)
        return PinnedReader(pool, _block_at(pool, head.number - depth), agree)
    heads = _heads(pool)
    if len(heads) < agree:
        raise NoQuorum(
            f"{len(heads)} nodes of chain {pool.chain_id} have a sound head, {agree} are needed:"
            f" {pool.describe()}",
            detail={"chain": pool.chain_id, "answers": len(heads), "needed": agree},
        )
    shared = sorted((block.number for block in heads.values()), reverse=True)[agree - 1]
    number = max(shared - depth, 0)
    block = agreed(
        pool, "eth_getBlockByNumber", [hex(number), False], parse=read_block, agree=agree
    )
    return PinnedReader(pool, block, agree)


def agreed(
    pool: RpcPool,
    method: str,
    params: list[Any],
    *,
    parse: Callable[[Any], V],
    agree: int = QUORUM,
) -> V:
    """Ask node after node until enough give the same value.

    A node that gave another one than the majority is taken out of use: the questions name a block, so
    there is one right answer. Raises NoQuorum where too few agree; then nobody is blamed.
    """
    votes: dict[Any, list[Endpoint]] = {}
    for endpoint in pool.in_order():
        try:
            answer: Any = ("value", pool.ask_one(endpoint, method, params, parse=parse))
        except CallReverted as error:
            answer = ("revert", error.data)
        except TRY_ANOTHER:
            continue
        votes.setdefault(answer, []).append(endpoint)
        if len(votes[answer]) >= agree:
            _blame(pool, votes, answer, method)
            return cast("V", _value(answer, method))
    raise NoQuorum(
        f"{method} on chain {pool.chain_id}: {agree} nodes must agree, but"
        f" {sum(map(len, votes.values()))} answered with {len(votes)} different values",
        detail={
            "chain": pool.chain_id,
            "needed": agree,
            "answers": [sorted(one.name for one in group) for group in votes.values()],
        },
    )


def _blame(pool: RpcPool, votes: dict[Any, list[Endpoint]], answer: Any, method: str) -> None:
    """Take the nodes out of use that gave another answer than the agreed one."""
    for other, group in votes.items():
        if other != answer:
            for endpoint in group:
                pool.distrusted(endpoint, f"it contradicts the others on {method}")


def _value(answer: Any, method: str) -> Any:
    """Give the agreed value; an agreed revert is raised."""
    kind, content = answer
    if kind == "revert":
        raise CallReverted(content, what=method)
    return content


def _heads(pool: RpcPool) -> dict[str, Block]:
    """Ask all nodes for their newest block; those that fail are left out."""
    found: dict[str, Block] = {}
    for endpoint in pool.in_order():
        try:
            found[endpoint.name] = pool.head_of(endpoint)
        except TRY_ANOTHER:
            continue
    if not found:
        raise NoEndpoint(f"No node of chain {pool.chain_id} has a sound head: {pool.describe()}")
    return found


def _block_at(pool: RpcPool, number: int) -> Block:
    """Ask for the block at a height, and see that it is that one."""
    block = pool.read("eth_getBlockByNumber", [hex(max(number, 0)), False], parse=read_block)
    if block.number != max(number, 0):
        raise NodeUntrusted(f"A node gave block {block.number} when it was asked for {number}")
    return block
