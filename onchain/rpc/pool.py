"""The nodes of one chain as one: who is asked, in which order, and what happens when they fail.

Reads alone go through here, so everything may be tried again. A pool belongs to one thread.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from atlas.domain.errors import AtlasError
from onchain.rpc.endpoints import Endpoint, EndpointConfig
from onchain.rpc.errors import (
    BlockUnknown,
    CallReverted,
    NodeBusy,
    NodeUnavailable,
    NodeUntrusted,
    NoEndpoint,
    NotARead,
    NotConfigured,
    RangeTooWide,
    RequestRefused,
)
from onchain.rpc.values import Block, MalformedValue, quantity, read_block
from onchain.rpc.wire import Transport, ask, send

V = TypeVar("V")

ORDER_SECONDS = 5.0
CHAIN_ID = "eth_chainId"
READS = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_gasPrice",
        "eth_getBalance",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getCode",
        "eth_getLogs",
        "eth_getStorageAt",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
    }
)
BLOCK_READS = frozenset({"eth_getBlockByHash", "eth_getBlockByNumber"})
# "Not there" is an answer of these; whoever asks decides what it is worth.
MAY_BE_NULL = frozenset({"eth_getTransactionByHash", "eth_getTransactionReceipt"})
# What another node may answer better; a revert or a refused request is an answer.
TRY_ANOTHER = (NodeUnavailable, BlockUnknown, NodeUntrusted, RequestRefused)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTerms:
    """How patient a pool is. A local chain makes blocks when it is asked to: its head has no age."""

    timeout_seconds: float = 10.0
    rounds: int = 2
    first_wait_seconds: float = 0.2
    longest_wait_seconds: float = 5.0
    most_lag_blocks: int = 40
    most_rewind_blocks: int = 64
    most_head_age_seconds: float | None = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a pool needs of the world; a test brings its own."""

    transport: Transport = send
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: random.Random = field(default_factory=random.Random)


class RpcPool:
    """The nodes of a chain, asked in the order of priority and health."""

    def __init__(
        self,
        chain_id: int,
        configs: Sequence[EndpointConfig],
        *,
        terms: PoolTerms | None = None,
        world: Surroundings | None = None,
    ) -> None:
        if not configs:
            raise NotConfigured(f"Chain {chain_id} has no node: name one in ATLAS_RPC_URLS")
        self.chain_id = chain_id
        self.endpoints = tuple(Endpoint(config) for config in configs)
        self.terms = terms or PoolTerms()
        self.world = world or Surroundings()
        self._last: Endpoint | None = None
        self._order: list[Endpoint] = []
        self._order_until = 0.0

    @property
    def best_head(self) -> int:
        """Give the newest block that any node told of; 0 before anybody was asked."""
        return max(one.head_block for one in self.endpoints)

    def read(self, method: str, params: list[Any], *, parse: Callable[[Any], V]) -> V:
        """Ask until a node answers; `parse` reads the result and raises MalformedValue.

        Raises the last node's failure, or NoEndpoint where none could be asked. CallReverted and
        RangeTooWide are raised at once: another node would say the same.
        """
        failure: AtlasError | None = None
        for turn in range(self.terms.rounds):
            for endpoint in self.in_order():
                try:
                    return self.ask_one(endpoint, method, params, parse=parse)
                except TRY_ANOTHER as error:
                    failure = error
            if turn + 1 < self.terms.rounds:
                self._wait(turn)
        raise failure or NoEndpoint(
            f"No node of chain {self.chain_id} is in use: {self.describe()}",
            detail={"chain": self.chain_id},
        )

    def ask_one(
        self, endpoint: Endpoint, method: str, params: list[Any], *, parse: Callable[[Any], V]
    ) -> V:
        """Ask one node, whose chain is checked first if it was not asked just before."""
        if method not in READS:
            raise NotARead(f"{method} is no read: it never goes through the pool")
        if endpoint is not self._last:
            endpoint.is_chain_checked = False
        self._last = endpoint
        if not endpoint.is_chain_checked:
            self._check_chain(endpoint)
        return self._ask(endpoint, method, params, parse)

    def head_of(self, endpoint: Endpoint) -> Block:
        """Ask one node for its newest block and judge it.

        Raises NodeUntrusted for a head that went far back, BlockUnknown for one that is too old or
        too far behind the others'.
        """
        block = self.ask_one(endpoint, "eth_getBlockByNumber", ["latest", False], parse=read_block)
        if block.number < endpoint.highest_block - self.terms.most_rewind_blocks:
            raise self.distrusted(
                endpoint, f"its head went from {endpoint.highest_block} back to {block.number}"
            )
        endpoint.head_block = block.number
        endpoint.highest_block = max(endpoint.highest_block, block.number)
        age = self.world.wall() - block.timestamp
        if self.terms.most_head_age_seconds is not None and age > self.terms.most_head_age_seconds:
            raise self._behind(endpoint, f"its newest block is {age:.0f} s old")
        lag = self.best_head - block.number
        if lag > self.terms.most_lag_blocks:
            raise self._behind(endpoint, f"it is {lag} blocks behind the others")
        return block

    def head(self) -> Block:
        """Give the newest block of the first node whose head is sound."""
        failure: AtlasError | None = None
        for endpoint in self.in_order():
            try:
                return self.head_of(endpoint)
            except TRY_ANOTHER as error:
                failure = error
        raise failure or NoEndpoint(f"No node of chain {self.chain_id} is in use")

    def in_order(self) -> Iterator[Endpoint]:
        """Give the nodes that may be asked: by priority, then healthy ones first, by weight.

        Among those of one priority the choice is by chance. It holds for some seconds: each change
        of the node costs a question for its chain.
        """
        now = self.world.clock()
        if now >= self._order_until:
            best = self.best_head
            ranked = [
                (one.config.priority, self._luck(one, best), place)
                for place, one in enumerate(self.endpoints)
            ]
            self._order = [self.endpoints[place] for _, _, place in sorted(ranked)]
            self._order_until = now + ORDER_SECONDS
        for endpoint in self._order:
            if endpoint.is_open(self.world.clock()):
                yield endpoint

    def distrusted(self, endpoint: Endpoint, why: str) -> NodeUntrusted:
        """Take a node out of use, and give the error that says why."""
        endpoint.distrust(why, self.world.clock())
        return NodeUntrusted(
            f"Node {endpoint.name} of chain {self.chain_id} is taken out of use: {why}",
            detail={"node": endpoint.name, "chain": self.chain_id},
        )

    def describe(self) -> str:
        """Say in words how the nodes are."""
        now = self.world.clock()
        return ", ".join(
            f"{one.name}: "
            + (
                "in use"
                if one.is_open(now)
                else one.untrusted_because or f"paused for {one.closed_until - now:.0f} s"
            )
            for one in self.endpoints
        )

    def _check_chain(self, endpoint: Endpoint) -> None:
        """Ask a node which chain it serves; a wrong one is out of use."""
        found = self._ask(endpoint, CHAIN_ID, [], quantity)
        if found != self.chain_id:
            raise self.distrusted(endpoint, f"it serves chain {found} instead of {self.chain_id}")
        endpoint.is_chain_checked = True

    def _ask(
        self, endpoint: Endpoint, method: str, params: list[Any], parse: Callable[[Any], V]
    ) -> V:
        """Send one request and book its outcome on the node."""
        wait = endpoint.wait_for_turn(self.world.clock())
        if wait:
            self.world.sleep(wait)
        began = self.world.clock()
        try:
            result = ask(
                self.world.transport,
                endpoint.name,
                endpoint.config.url,
                method,
                params,
                timeout_seconds=self.terms.timeout_seconds,
            )
        except NodeBusy as error:
            pause = error.detail.get("retry_after_seconds")
            endpoint.failed(error.code, self.world.clock(), pause_seconds=pause or 1.0)
            raise
        except NodeUnavailable as error:
            endpoint.failed(error.code, self.world.clock())
            raise
        except (BlockUnknown, CallReverted, RangeTooWide, RequestRefused) as error:
            endpoint.answered(self.world.clock() - began)
            endpoint.outcomes[error.code] += 1
            raise
        endpoint.answered(self.world.clock() - began, is_wanted=method != CHAIN_ID)
        return self._understood(endpoint, method, result, parse)

    def _understood(
        self, endpoint: Endpoint, method: str, result: Any, parse: Callable[[Any], V]
    ) -> V:
        """Read a result; null where a value must be, or nonsense, costs the node its trust."""
        if result is None and method in BLOCK_READS:
            endpoint.outcomes[BlockUnknown.code] += 1
            raise BlockUnknown(f"Node {endpoint.name} does not know the block")
        if result is None and method not in MAY_BE_NULL:
            raise self.distrusted(endpoint, f"it answers {method} with success and nothing in it")
        try:
            return parse(result)
        except MalformedValue as error:
            raise self.distrusted(
                endpoint, f"its answer to {method} is malformed: {error}"
            ) from None

    def _behind(self, endpoint: Endpoint, why: str) -> BlockUnknown:
        """Note that a node is behind, and give the error that says so."""
        endpoint.outcomes["behind"] += 1
        return BlockUnknown(f"Node {endpoint.name} of chain {self.chain_id} lags: {why}")

    def _luck(self, endpoint: Endpoint, best_head: int) -> float:
        """Draw a node's place among those of its priority: its score over its weight, by chance."""
        drawn = self.world.chance.expovariate(1.0)
        return (endpoint.score(best_head) + 0.001) * drawn / endpoint.config.weight

    def _wait(self, turn: int) -> None:
        """Wait before the next round, longer each time and never all at once (jitter)."""
        longest = min(self.terms.first_wait_seconds * 2**turn, self.terms.longest_wait_seconds)
        self.world.sleep(self.world.chance.uniform(longest / 2, longest))
