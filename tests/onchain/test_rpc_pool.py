"""Who is asked, how often, and when again: the pool over stub nodes and a clock of the test."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onchain.rpc.endpoints import DISTRUST_SECONDS, Endpoint, EndpointConfig
from onchain.rpc.errors import CallReverted, NodeUnavailable, NodeUntrusted, NotARead
from onchain.rpc.pool import ORDER_SECONDS, READS, PoolTerms
from onchain.rpc.values import octets, quantity
from tests.onchain.stub_node import ADDRESS, Node, refusing, saying, served
from tests.onchain.test_rpc_failures import World, call, pool_of


def price(pool):
    return pool.read("eth_gasPrice", [], parse=quantity)


def answering(value):
    return lambda *_: value


@pytest.mark.parametrize(
    "method", ["eth_sendRawTransaction", "eth_sign", "personal_unlockAccount", "debug_setHead"]
)
def test_what_changes_something_never_goes_through(method):
    node = Node()
    with served(node):
        with pytest.raises(NotARead):
            pool_of(node).read(method, [], parse=str)
        assert node.seen == []


def test_no_method_that_writes_is_a_read():
    assert not any("send" in one.lower() or "sign" in one.lower() for one in READS)


def test_the_chain_is_asked_for_once_and_again_after_each_switch():
    first, second = Node("first"), Node("second")
    for node in (first, second):
        node.answers["eth_gasPrice"] = answering("0x5")
    with served(first, second):
        pool = pool_of(first, second)
        assert (price(pool), price(pool)) == (5, 5)
        assert first.seen == ["eth_chainId", "eth_gasPrice", "eth_gasPrice"]
        first.answers["eth_gasPrice"] = saying(500)
        assert price(pool) == 5
        assert second.seen == ["eth_chainId", "eth_gasPrice"]
        first.answers["eth_gasPrice"] = answering("0x6")
        assert price(pool) == 6
        assert Counter(first.seen)["eth_chainId"] == 2


def test_a_switched_machine_behind_an_address_is_noticed():
    node = Node()
    node.answers["eth_gasPrice"] = saying(502)
    with served(node):
        pool = pool_of(node)
        with pytest.raises(NodeUnavailable):
            price(pool)
        node.chain_id = 1
        with pytest.raises(NodeUntrusted):
            price(pool)


def test_the_breaker_opens_after_three_failures_and_tries_again_later():
    node, world = Node(), World()
    node.answers["eth_gasPrice"] = saying(500)
    with served(node):
        pool = pool_of(node, world=world)
        for _ in range(3):
            with pytest.raises(NodeUnavailable):
                price(pool)
        asked = len(node.seen)
        with pytest.raises(Exception, match="No node of chain"):
            price(pool)
        assert len(node.seen) == asked
        world.now += 2.1
        node.answers["eth_gasPrice"] = answering("0x9")
        assert price(pool) == 9
        assert pool.endpoints[0].failures_in_row == 0


def test_pauses_double_up_to_a_limit():
    endpoint = Endpoint(EndpointConfig(name="one", url="http://x"))
    pauses = []
    for _ in range(12):
        endpoint.failed("node_unavailable", 100.0)
        pauses.append(endpoint.closed_until - 100.0)
        endpoint.closed_until = 0.0
    assert pauses[1:6] == [-100.0, 2.0, 4.0, 8.0, 16.0]
    assert max(pauses) == 120.0


def test_a_node_that_asks_for_patience_gets_it():
    busy, other, world = Node("busy"), Node("other"), World()
    busy.answers["eth_gasPrice"] = saying(429, Retry_After="30")
    other.answers["eth_gasPrice"] = answering("0x1")
    with served(busy, other):
        pool = pool_of(busy, other, world=world)
        assert price(pool) == 1
        asked = len(busy.seen)
        world.now += 29
        assert price(pool) == 1
        assert len(busy.seen) == asked
        world.now += 2
        assert price(pool) == 1
        assert len(busy.seen) > asked


def test_trust_comes_back_after_its_pause_and_an_honest_answer():
    node, world = Node(chain_id=1), World()
    node.answers["eth_gasPrice"] = answering("0x1")
    with served(node):
        pool = pool_of(node, world=world)
        with pytest.raises(NodeUntrusted):
            price(pool)
        node.chain_id = 31337
        world.now += DISTRUST_SECONDS
        assert price(pool) == 1
        assert pool.endpoints[0].untrusted_because == ""


def test_reads_are_tried_again_after_a_wait_with_jitter():
    node, world = Node(), World()
    turns = iter([saying(500), answering("0x2")])

    def answer(one, params):
        return next(turns)(one, params)

    node.answers["eth_gasPrice"] = answer
    with served(node):
        pool = pool_of(node, world=world, terms=PoolTerms(timeout_seconds=1, rounds=2))
        assert price(pool) == 2
    assert len(world.slept) == 1
    assert 0.1 <= world.slept[0] <= 0.2


def test_a_contracts_refusal_is_an_answer_and_is_not_tried_elsewhere():
    first, second = Node("first"), Node("second")
    first.answers["eth_call"] = refusing(3, "execution reverted", {"data": "0x4dfbbff3"})
    with served(first, second):
        with pytest.raises(CallReverted) as refusal:
            call(pool_of(first, second))
        assert refusal.value.reason.name == "EmptyPosition"
        assert second.seen == []


def test_the_lower_priority_is_asked_only_when_the_higher_fails():
    first, second = Node("first"), Node("second")
    for node in (first, second):
        node.answers["eth_gasPrice"] = answering("0x5")
    with served(first, second):
        pool, world = pool_of(first, second), World()
        for _ in range(5):
            price(pool)
            world.now += ORDER_SECONDS
        assert second.seen == []


def test_equal_priorities_share_the_load_by_weight():
    heavy, light, world = Node("heavy"), Node("light"), World()
    pool = pool_of(heavy, light, world=world, priority=1)
    configs = [heavy.config(weight=9), light.config(weight=1)]
    pool.endpoints = tuple(Endpoint(config) for config in configs)
    first: Counter[str] = Counter()
    for _ in range(400):
        first[next(pool.in_order()).name] += 1
        world.now += ORDER_SECONDS
    assert 300 < first["heavy"] < 395


def test_the_slow_and_the_lagging_are_asked_later():
    fast = Endpoint(EndpointConfig(name="fast", url="http://x"), head_block=100)
    fast.answered(0.01)
    slow = Endpoint(EndpointConfig(name="slow", url="http://x"), head_block=100)
    slow.answered(0.4)
    behind = Endpoint(EndpointConfig(name="behind", url="http://x"), head_block=80)
    behind.answered(0.01)
    assert fast.score(100) < slow.score(100) < behind.score(100)


def test_latency_moves_towards_what_is_measured():
    endpoint = Endpoint(EndpointConfig(name="one", url="http://x"))
    endpoint.answered(1.0)
    endpoint.answered(0.0)
    assert endpoint.latency_seconds == pytest.approx(0.8)


@given(st.integers(1, 50), st.integers(1, 200))
def test_the_rate_is_never_exceeded(rate, requests):
    endpoint = Endpoint(EndpointConfig(name="one", url="http://x", requests_per_second=rate))
    now = 10.0
    for _ in range(requests):
        now += endpoint.wait_for_turn(now)
    assert requests <= rate + (now - 10.0) * rate + 1e-6


def test_a_request_beyond_the_rate_waits():
    node, world = Node(), World()
    node.answers["eth_gasPrice"] = answering("0x1")
    with served(node):
        pool = pool_of(node, world=world)
        pool.endpoints = (Endpoint(node.config(requests_per_second=2)),)
        for _ in range(4):
            price(pool)
    assert sum(world.slept) == pytest.approx(1.5)


def test_the_address_is_never_shown():
    node = Node()
    with served(node):
        pool = pool_of(node)
        assert "v3/key" not in repr(pool.endpoints)
        assert "v3/key" not in pool.describe()


@pytest.mark.parametrize("value", ["", "0x", "12", None, 7, "0xg"])
def test_what_is_no_quantity_is_refused(value):
    with pytest.raises(ValueError, match="no quantity"):
        quantity(value)


@pytest.mark.parametrize("value", [None, 5, "ab", "0xabc", "0xzz"])
def test_what_are_no_bytes_is_refused(value):
    with pytest.raises(ValueError, match="no bytes"):
        octets(value)


def test_a_null_receipt_is_an_answer():
    node = Node()
    node.answers["eth_getTransactionReceipt"] = lambda *_: None
    with served(node):
        pool = pool_of(node)
        found = pool.read("eth_getTransactionReceipt", ["0x" + "11" * 32], parse=lambda one: one)
    assert found is None


def test_a_call_names_the_block_by_hash_and_demands_that_it_is_canonical():
    node = Node()
    asked = []

    def answer(_, params):
        asked.append(params)
        return "0x01"

    node.answers["eth_call"] = answer
    with served(node):
        assert call(pool_of(node)) == b"\x01"
    assert asked == [
        [
            {"to": ADDRESS, "data": "0x01"},
            {"blockHash": node.hash_of(100), "requireCanonical": True},
        ]
    ]
