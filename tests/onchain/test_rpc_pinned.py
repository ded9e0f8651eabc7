"""One block for all reads, agreement where money is meant, many reads in one, logs range by range."""

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.errors import AtlasError
from onchain.abi import UndecodableBytes, decode_call, encode_call
from onchain.rpc.errors import BlockUnknown, CallReverted, NoQuorum, RangeTooWide
from onchain.rpc.logs import LogQuery, search
from onchain.rpc.multicall import ContractCall, call_of, read_many
from onchain.rpc.pinned import QUORUM, agreed, pin
from onchain.rpc.values import MalformedValue, octets, read_block, read_logs
from tests.onchain.stub_node import ADDRESS, Failure, Node, refusing, saying, served
from tests.onchain.test_rpc_failures import pool_of

AGGREGATE = "aggregate3((address,bool,bytes)[])"
MULTICALL = "0x" + "ee" * 20
TOPIC = bytes.fromhex("bb" * 32)
QUERY = LogQuery(("0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa",), ((TOPIC,),))


def three(**options):
    return tuple(Node(name, **options) for name in ("one", "two", "three"))


def saying_value(number):
    return lambda *_: "0x" + f"{number:064x}"


def value_of(reader):
    return int.from_bytes(reader.call(ADDRESS, b"\x01"))


def test_a_snapshot_stays_at_its_block_while_the_chain_goes_on():
    node = Node()
    with served(node):
        reader = pin(pool_of(node))
        node.head = 140
        assert (reader.block.number, value_of(reader)) == (100, 7)
        assert reader.balance(ADDRESS) == 7
        assert reader.code(ADDRESS)


def test_a_reorganised_block_gives_an_error_and_no_other_figures():
    node = Node()
    with served(node):
        reader = pin(pool_of(node))
        node.fork = 5
        with pytest.raises(BlockUnknown):
            value_of(reader)


def test_a_depth_goes_below_the_head():
    node = Node()
    with served(node):
        assert pin(pool_of(node), depth=20).block.number == 80


def test_a_node_that_gives_another_block_than_asked_is_not_believed():
    node = Node()
    node.answers["eth_getBlockByNumber"] = lambda one, _: one.block(100)
    with served(node), pytest.raises(AtlasError) as failure:
        pin(pool_of(node), depth=20)
    assert failure.value.code == "node_untrusted"


def test_a_quorum_pins_the_newest_block_that_enough_nodes_have():
    nodes = three()
    nodes[0].head, nodes[1].head, nodes[2].head = 103, 100, 90
    with served(*nodes):
        reader = pin(pool_of(*nodes), agree=QUORUM)
        assert (reader.block.number, value_of(reader)) == (100, 7)


def test_one_node_is_no_quorum():
    node = Node()
    with served(node), pytest.raises(NoQuorum, match="1 nodes"):
        pin(pool_of(node), agree=QUORUM)


def test_two_nodes_on_two_forks_are_no_quorum_and_nobody_is_blamed():
    one, two = Node("one"), Node("two", fork=3)
    with served(one, two):
        pool = pool_of(one, two)
        with pytest.raises(NoQuorum, match="2 different values"):
            pin(pool, agree=QUORUM)
        assert [end.untrusted_because for end in pool.endpoints] == ["", ""]


def test_the_odd_one_of_three_loses_its_trust():
    nodes = three()
    nodes[0].answers["eth_call"] = saying_value(8)
    with served(*nodes):
        pool = pool_of(*nodes)
        assert value_of(pin(pool, agree=QUORUM)) == 7
        assert "contradicts" in pool.endpoints[0].untrusted_because


def test_a_forked_node_among_three_is_found_out():
    nodes = three()
    nodes[0].fork = 4
    with served(*nodes):
        pool = pool_of(*nodes)
        assert pin(pool, agree=QUORUM).block.hash == nodes[1].hash_of(100)
        assert "contradicts" in pool.endpoints[0].untrusted_because


def test_two_different_values_are_unknown():
    one, two = Node("one"), Node("two")
    one.answers["eth_call"] = saying_value(1)
    two.answers["eth_call"] = saying_value(2)
    with served(one, two), pytest.raises(NoQuorum, match="2 answered with 2 different values"):
        value_of(pin(pool_of(one, two), agree=QUORUM))


def test_one_answer_and_one_failure_are_unknown():
    one, two = Node("one"), Node("two")
    two.answers["eth_call"] = saying(500)
    with served(one, two), pytest.raises(NoQuorum, match="1 answered"):
        value_of(pin(pool_of(one, two), agree=QUORUM))


def test_an_agreed_revert_is_a_revert():
    one, two = Node("one"), Node("two")
    for node in (one, two):
        node.answers["eth_call"] = refusing(3, "execution reverted", "0x16307797")
    with served(one, two), pytest.raises(CallReverted) as refusal:
        value_of(pin(pool_of(one, two), agree=QUORUM))
    assert refusal.value.reason.name == "EmptyOrder"


def test_a_revert_against_a_value_is_unknown():
    one, two = Node("one"), Node("two")
    one.answers["eth_call"] = refusing(3, "execution reverted", "0x16307797")
    with served(one, two), pytest.raises(NoQuorum):
        value_of(pin(pool_of(one, two), agree=QUORUM))


def test_more_than_two_may_be_asked_to_agree():
    nodes = three()
    with served(*nodes):
        pool = pool_of(*nodes)
        found = agreed(pool, "eth_getBlockByNumber", ["0x5", False], parse=read_block, agree=3)
        assert found.number == 5


def aggregator(limit=10_000, bad=b"\x99"):
    """Answer aggregate3 like the contract: each read with its own success; too many are refused."""

    def answer(_, params):
        data = bytes.fromhex(params[0]["data"][2:])
        if params[0]["to"] != MULTICALL:
            if data == bad:
                raise Failure(3, "execution reverted", "0x4dfbbff3")
            return "0x" + data.hex()
        (calls,) = decode_call(AGGREGATE, data)
        if len(calls) > limit:
            raise Failure(3, "execution reverted")
        rows = [
            (inner != bad, inner if inner != bad else bytes.fromhex("4dfbbff3"))
            for _, _, inner in calls
        ]
        return "0x" + encode(["(bool,bytes)[]"], [rows]).hex()

    return answer


def reads(count, *, bad_at=-1):
    return [
        ContractCall(ADDRESS, b"\x99" if place == bad_at else bytes([place % 128, 1]))
        for place in range(count)
    ]


def test_many_reads_are_one_question_and_each_fails_alone():
    node = Node()
    node.answers["eth_call"] = aggregator()
    with served(node):
        found = read_many(pin(pool_of(node)), MULTICALL, reads(50, bad_at=3))
        assert node.seen.count("eth_call") == 1
    assert [one.data for one in found if one.is_answer] == [
        one.data for place, one in enumerate(reads(50)) if place != 3
    ]
    refused = found[3]
    assert refused.reason is not None
    assert refused.reason.name == "EmptyPosition"
    with pytest.raises(CallReverted, match="position"):
        refused.require("position 3")
    assert (found[0].reason, found[0].require("x")) == (None, bytes([0, 1]))


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_what_is_too_much_at_once_is_split_until_it_passes(limit):
    node = Node()
    node.answers["eth_call"] = aggregator(limit)
    with served(node):
        found = read_many(pin(pool_of(node)), MULTICALL, reads(20, bad_at=11))
    assert [one.is_answer for one in found].index(False) == 11
    assert len(found) == 20


def test_a_read_that_the_aggregator_cannot_carry_is_made_alone():
    node = Node()
    node.answers["eth_call"] = aggregator(0)
    with served(node):
        good, bad = read_many(pin(pool_of(node)), MULTICALL, reads(2, bad_at=1))
    assert (good.is_answer, bad.is_answer) == (True, False)


def test_hundreds_of_reads_take_a_few_questions():
    node = Node()
    node.answers["eth_call"] = aggregator()
    with served(node):
        assert len(read_many(pin(pool_of(node)), MULTICALL, reads(1_000))) == 1_000
        assert node.seen.count("eth_call") == 3


@pytest.mark.parametrize("rows", [[], [(True, b"")] * 3], ids=["none", "too many"])
def test_an_answer_of_another_length_is_refused(rows):
    node = Node()
    node.answers["eth_call"] = lambda *_: "0x" + encode(["(bool,bytes)[]"], [rows]).hex()
    with served(node), pytest.raises(UndecodableBytes):
        read_many(pin(pool_of(node)), MULTICALL, reads(2))


def test_a_read_is_built_from_the_trimmed_abi():
    made = call_of(ADDRESS, "ERC20", "balanceOf", ADDRESS)
    assert made.data == encode_call("balanceOf(address)", [ADDRESS])


def with_logs(node, blocks=range(0, 100, 3)):
    for number in blocks:
        node.add_log(number, number % 4)
    return node


def found_blocks(pool, first=0, last=99, **options):
    chunks = list(search(pool, QUERY, first, last, **options))
    assert [chunk.first_block for chunk in chunks] == [
        first,
        *(chunk.last_block + 1 for chunk in chunks[:-1]),
    ]
    assert chunks[-1].last_block == last
    return [log.block for chunk in chunks for log in chunk.logs]


def narrow(most):
    """Refuse ranges wider than this, as providers do."""

    def answer(node, params):
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        if last - first + 1 > most:
            raise Failure(-32602, f"block range too large, limited to {most}")
        return [one for one in node.logs if first <= int(one["blockNumber"], 16) <= last]

    return answer


@settings(max_examples=15, deadline=None)
@given(most=st.integers(1, 120), width=st.integers(1, 200))
def test_ranges_fit_themselves_to_the_node_and_lose_nothing(most, width):
    node = with_logs(Node())
    node.answers["eth_getLogs"] = narrow(most)
    with served(node):
        pool = pool_of(node)
        pool.endpoints[0].log_range = width
        assert found_blocks(pool) == list(range(0, 100, 3))


def test_no_node_is_searched_beyond_its_own_head():
    slow, fast = Node("slow", head=90), with_logs(Node("fast"))
    with served(slow, fast):
        assert found_blocks(pool_of(slow, fast)) == list(range(0, 100, 3))
        assert "eth_getLogs" not in slow.seen


def test_two_nodes_must_find_the_same_logs():
    nodes = tuple(with_logs(node) for node in three())
    nodes[1].answers["eth_getLogs"] = lambda *_: []
    with served(*nodes):
        assert found_blocks(pool_of(*nodes), agree=QUORUM) == list(range(0, 100, 3))
        with pytest.raises(NoQuorum, match="1 do and 1 do not"):
            found_blocks(pool_of(*nodes[:2]), agree=QUORUM)


def test_a_confirming_node_may_need_smaller_ranges():
    one, two = with_logs(Node("one")), with_logs(Node("two"))
    two.answers["eth_getLogs"] = narrow(7)
    with served(one, two):
        assert found_blocks(pool_of(one, two), agree=QUORUM) == list(range(0, 100, 3))


def test_a_block_that_is_too_much_alone_is_said():
    node = Node()
    node.answers["eth_getLogs"] = refusing(-32005, "query returned more than 10000 results")
    with served(node), pytest.raises(RangeTooWide):
        found_blocks(pool_of(node))


def spoilt_logs(change):
    node = with_logs(Node(), [1, 2])
    change(node.logs)
    return node


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda logs: logs.append(dict(logs[0])), "gives a log twice"),
        (lambda logs: logs[0].update(removed=True), "malformed"),
        (lambda logs: logs[0].update(topics=["0x" + "cc" * 32]), "not those that were asked for"),
        (lambda logs: logs[0].update(topics=[]), "not those that were asked for"),
        (lambda logs: logs[0].update(blockHash="0x12"), "malformed"),
        (
            lambda logs: logs.append(dict(logs[0], blockHash="0x" + "77" * 32)),
            "two blocks of one height",
        ),
    ],
    ids=["double", "removed", "topic", "no topic", "hash", "two blocks"],
)
def test_logs_that_cannot_be_true_cost_the_trust(change, words):
    node = spoilt_logs(change)
    with served(node), pytest.raises(AtlasError, match=words) as failure:
        found_blocks(pool_of(node), 1, 2)
    assert failure.value.code == "node_untrusted"


def test_a_snapshots_own_logs_are_read_by_its_hash():
    node = with_logs(Node(), [100])
    node.answers["eth_getLogs"] = lambda one, params: [
        log for log in one.logs if log["blockHash"] == params[0]["blockHash"]
    ]
    with served(node):
        (log,) = pin(pool_of(node)).logs([ADDRESS], [])
    assert (log.block, log.topics, log.data) == (100, (TOPIC,), b"\x01")


@pytest.mark.parametrize("value", [{}, [], "x", None, {"number": "0x1"}])
def test_what_is_no_block_is_refused(value):
    with pytest.raises(MalformedValue):
        read_block(value)


@pytest.mark.parametrize("value", [{}, "x", [1], [{"topics": "x"}]])
def test_what_are_no_logs_is_refused(value):
    with pytest.raises(MalformedValue):
        read_logs(value)


@settings(max_examples=30)
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=9) | st.integers(), st.lists))
def test_arbitrary_answers_are_values_or_refused(value):
    for parse in (octets, read_block, read_logs):
        try:
            parse(value)
        except MalformedValue:
            continue
