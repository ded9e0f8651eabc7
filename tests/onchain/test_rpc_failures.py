"""Every way in which a node can fail ends as docs/rpc.md says, against real sockets on loopback."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atlas.domain.errors import AtlasError
from onchain.rpc.logs import LogQuery, search
from onchain.rpc.pinned import PinnedReader, pin
from onchain.rpc.pool import PoolTerms, RpcPool, Surroundings
from onchain.rpc.values import Block
from tests.onchain.stub_node import ADDRESS, CHAIN, Node, hanging, refusing, saying, served

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rpc.md"
IN_USE, OUT, COUNTS = "stays in use", "out of use", "counts a failure"


class World:
    """Time that a test moves; waiting costs nothing."""

    def __init__(self):
        self.now = 1_000.0
        self.slept: list[float] = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def surroundings(self):
        return Surroundings(
            clock=self.clock,
            sleep=self.sleep,
            chance=random.Random(7),  # a test wants the same each time
        )


def pool_of(*nodes, world=None, terms=None, **options):
    """Make a pool over nodes in this order of priority."""
    configs = [
        node.config(priority=options.get("priority", place), weight=1)
        for place, node in enumerate(nodes)
    ]
    chosen = terms or PoolTerms(timeout_seconds=0.4, rounds=1)
    return RpcPool(CHAIN, configs, terms=chosen, world=(world or World()).surroundings())


def call(pool):
    """Read a contract at the newest block."""
    return pin(pool).call(ADDRESS, b"\x01")


def look(pool):
    """Ask for the head only."""
    return pool.head()


def logs(pool):
    """Search the logs of the first blocks."""
    return list(search(pool, LogQuery((ADDRESS,)), 1, 1))


def at_another_fork(pool):
    """Read at a block that the node does not have."""
    block = Block(50, f"0x{9:032x}{50:032x}", "0x" + "00" * 32, 0)
    return PinnedReader(pool, block).call(ADDRESS, b"\x01")


def spoilt(**answers):
    def spoil(node):
        node.answers |= answers

    return spoil


def close(node):
    """Let nobody listen where the node is said to be."""
    node.port = 9


def serve_another_chain(node):
    node.chain_id = 1


def be_old(node):
    node.age_seconds = 3_600


def give_foreign_logs(node):
    node.add_log(1, 0)
    node.logs[0]["address"] = "0x" + "cc" * 20


def give_logs_of_another_range(node):
    node.add_log(7, 0)
    node.answers["eth_getLogs"] = lambda one, _: one.logs


CALL, BLOCK, LOGS = "eth_call", "eth_getBlockByNumber", "eth_getLogs"
CASES: dict[str, tuple[Callable[[Node], Any], Callable[[RpcPool], Any]]] = {
    "refused": (close, call),
    "hanging": (spoilt(eth_call=hanging(1.0)), call),
    "429": (spoilt(eth_call=saying(429, Retry_After="7")), call),
    "rate limit as JSON": (spoilt(eth_call=refusing(-32005, "daily request count exceeded")), call),
    "5xx": (spoilt(eth_call=saying(503, b"overloaded")), call),
    "error inside": (spoilt(eth_call=refusing(-32603, "internal error")), call),
    "truncated JSON": (spoilt(eth_call=saying(200, b'{"jsonrpc":"2.0","id":1,"resu')), call),
    "cut connection": (spoilt(eth_call=saying(200, b"half", Content_Length="100")), call),
    "a page instead of JSON": (spoilt(eth_call=saying(200, b"<html>login</html>")), call),
    "wrong chain id": (serve_another_chain, call),
    "lagging by age": (be_old, look),
    "forked": (lambda _: None, at_another_fork),
    "header not found": (spoilt(eth_call=refusing(-32000, "header not found")), call),
    "success with null": (spoilt(eth_call=lambda *_: None), call),
    "malformed value": (spoilt(eth_call=lambda *_: "0xzz"), call),
    "method refused": (spoilt(eth_call=refusing(-32601, "the method does not exist")), call),
    "contract reverts": (spoilt(eth_call=refusing(3, "execution reverted", "0x4dfbbff3")), call),
    "logs of another range": (give_logs_of_another_range, logs),
    "logs of another contract": (give_foreign_logs, logs),
    "one block too wide": (spoilt(eth_getLogs=refusing(-32005, "query returned more than")), logs),
}
# These need a past or a neighbour; they have tests of their own below.
OF_THEIR_OWN = {"lagging behind another", "rewinding"}


def documented():
    """Read the table of the document: situation to code and what becomes of the node."""
    rows = [line.split("|")[1:-1] for line in DOCUMENT.read_text().splitlines() if line[:2] == "| "]
    return {row[0].strip(): (row[1].strip(), row[2].strip()) for row in rows[1:]}


TABLE = documented()


def fate(endpoint, now):
    """Say what became of a node in the document's words."""
    if endpoint.untrusted_because:
        return OUT
    if endpoint.closed_until > now:
        return "pauses"
    return COUNTS if endpoint.failures_in_row else IN_USE


def test_the_document_and_the_tests_know_the_same_situations():
    assert set(TABLE) == set(CASES) | OF_THEIR_OWN


@pytest.mark.parametrize("situation", CASES)
def test_a_failure_of_the_only_node_ends_as_documented(situation):
    spoil, read = CASES[situation]
    node = Node()
    with served(node):
        spoil(node)
        world = World()
        pool = pool_of(node, world=world)
        with pytest.raises(AtlasError) as failure:
            read(pool)
    code, told = TABLE[situation]
    assert failure.value.code == code
    assert told.startswith(fate(pool.endpoints[0], world.now))
    assert "/v3/key" not in failure.value.message
    assert "127.0.0.1" not in failure.value.message


@pytest.mark.parametrize(
    "situation", [one for one in CASES if TABLE[one][0] not in ("call_reverted", "range_too_wide")]
)
def test_a_second_node_answers_in_its_stead(situation):
    spoil, read = CASES[situation]
    bad, good = Node("bad"), Node("good")
    good.fork = 9 if read is at_another_fork else 0
    with served(bad, good):
        spoil(bad)
        assert read(pool_of(bad, good)) is not None


def test_a_head_behind_the_others_is_a_lag():
    far, near = Node("far", head=1_000), Node("near", head=100)
    with served(far, near):
        pool = pool_of(far, near)
        pool.head_of(pool.endpoints[0])
        with pytest.raises(AtlasError) as failure:
            pool.head_of(pool.endpoints[1])
        assert failure.value.code == TABLE["lagging behind another"][0]
        assert "900 blocks behind" in failure.value.message
        assert fate(pool.endpoints[1], 0.0) == IN_USE


def test_a_head_that_goes_far_back_costs_the_trust():
    node = Node(head=1_000)
    with served(node):
        pool = pool_of(node)
        pool.head()
        node.head = 990
        assert pool.head().number == 990
        node.head = 100
        with pytest.raises(AtlasError) as failure:
            pool.head()
        assert (failure.value.code, fate(pool.endpoints[0], 0.0)) == TABLE["rewinding"]


def test_nobody_in_use_is_said_with_the_reasons():
    node = Node(chain_id=1)
    with served(node):
        pool = pool_of(node)
        for code in ("node_untrusted", "no_endpoint"):
            with pytest.raises(AtlasError) as failure:
                pool.read("eth_blockNumber", [], parse=str)
            assert failure.value.code == code
        assert "it serves chain 1 instead of 31337" in failure.value.message


def test_a_chain_without_nodes_is_not_configured():
    with pytest.raises(AtlasError) as failure:
        RpcPool(CHAIN, [])
    assert failure.value.code == "rpc_not_configured"
