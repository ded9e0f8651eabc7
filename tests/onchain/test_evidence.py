"""How sure a block is: never surer than its witnesses, and never less sure with time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onchain.evidence import Evidence, Sighting, evidence_of, is_absent
from onchain.rpc.errors import NoQuorum
from onchain.rpc.finality import final_block, pin_soft
from tests.onchain.stub_node import Node, refusing, served
from tests.onchain.test_rpc_failures import pool_of

SOFT = Sighting(block=80, block_time=1_000, nodes=2, head_block=100, head_time=1_010)


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, Evidence.SOFT),
        ({"nodes": 0}, Evidence.NONE),
        ({"nodes": 1}, Evidence.SEEN),
        ({"head_block": 99}, Evidence.SEEN),
        ({"head_time": 1_009}, Evidence.SEEN),
        ({"final_block": 79}, Evidence.SOFT),
        ({"final_block": 80}, Evidence.FINAL),
        ({"final_block": 80, "nodes": 1}, Evidence.SEEN),
        ({"final_block": 80, "head_block": 80}, Evidence.FINAL),
    ],
    ids=str,
)
def test_each_condition_counts_at_its_edge(changes, level):
    assert evidence_of(replace(SOFT, **changes)) is level


@given(
    st.integers(0, 4),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_more_witnesses_blocks_and_time_never_make_it_less_sure(nodes, blocks, age, more, older):
    sighting = Sighting(100, 1_000, nodes, 100 + blocks, 1_000 + age)
    later = replace(
        sighting,
        nodes=nodes + 1,
        head_block=sighting.head_block + more,
        head_time=sighting.head_time + older,
    )
    assert evidence_of(later) >= evidence_of(sighting)


@pytest.mark.parametrize(
    ("heads", "is_so"),
    [
        ((), False),
        ((120,), False),
        ((120, 119), False),
        ((120, 120), True),
        ((119, 500, 120), True),
    ],
    ids=str,
)
def test_absence_takes_two_nodes_well_past_the_block(heads, is_so):
    assert is_absent(since_block=100, heads=heads) is is_so


def slow_chain(*nodes, seconds_a_block):
    """Let a chain make its blocks at even times; nodes of one chain agree on them."""
    for node in nodes:
        plain = node.block

        def block(number, *, plain=plain):
            found = plain(number)
            if found is not None:
                found["timestamp"] = hex(int(4_000_000_000 + number * seconds_a_block))
            return found

        node.block = block
    return nodes


def test_a_soft_block_is_deep_and_old_enough():
    nodes = slow_chain(Node("one"), Node("two"), seconds_a_block=1)
    with served(*nodes):
        assert pin_soft(pool_of(*nodes)).block.number == 80


def test_a_fast_chain_needs_more_blocks_for_the_same_time():
    nodes = slow_chain(Node("one", head=400), Node("two", head=400), seconds_a_block=0.25)
    with served(*nodes):
        reader = pin_soft(pool_of(*nodes))
    assert (reader.block.number, reader.agree) == (360, 2)


def test_a_young_chain_and_a_lonely_node_have_no_soft_block():
    young = slow_chain(Node("one", head=10), Node("two", head=10), seconds_a_block=1)
    lonely = Node("three")
    with served(*young, lonely):
        with pytest.raises(NoQuorum, match="no block yet"):
            pin_soft(pool_of(*young))
        with pytest.raises(NoQuorum):
            pin_soft(pool_of(lonely))


def finalizing(number):
    def answer(node, params):
        if params[0] == "finalized":
            return node.block(number)
        return node.block(node.head if params[0] == "latest" else int(params[0], 16))

    return answer


def test_the_final_block_is_the_one_that_two_nodes_vouch_for():
    nodes = (Node("one"), Node("two"), Node("three"))
    for node, number in zip(nodes, (90, 70, 60), strict=True):
        node.answers["eth_getBlockByNumber"] = finalizing(number)
    with served(*nodes):
        assert final_block(pool_of(*nodes)).number == 70


def test_one_nodes_finality_is_not_believed():
    one, two = Node("one"), Node("two")
    one.answers["eth_getBlockByNumber"] = finalizing(90)
    two.answers["eth_getBlockByNumber"] = refusing(-32602, "unknown tag")
    with served(one, two), pytest.raises(NoQuorum, match="1 nodes"):
        final_block(pool_of(one, two))


def test_two_forks_have_no_final_block():
    one, two = Node("one"), Node("two", fork=2)
    for node in (one, two):
        node.answers["eth_getBlockByNumber"] = finalizing(90)
    with served(one, two), pytest.raises(NoQuorum, match="different values"):
        final_block(pool_of(one, two))
