"""GMX's events are read by item name, from vectors and from a real chain's bytes."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.errors import InvalidInput
from onchain.abi import UndecodableBytes
from onchain.gmx import events
from tests.onchain.vectors import load, raw

LOGS = load("gmx_events")["logs"]
TOPICS = load("gmx_event_topics")
LIFECYCLE = load("gmx_lifecycle")
GROUPS: dict[str, Callable[[Any], Any]] = {
    "addressItems": to_checksum_address,
    "uintItems": int,
    "intItems": int,
    "boolItems": bool,
    "bytes32Items": raw,
    "bytesItems": raw,
    "stringItems": str,
}


def decoded(log):
    return events.decode_event([raw(topic) for topic in log["topics"]], raw(log["data"]))


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log["description"][:50])
def test_an_event_of_the_vectors_is_read_item_by_item(log):
    event, expected = decoded(log), log["decoded"]
    assert (event.name, event.sender) == (
        expected["eventName"],
        to_checksum_address(expected["msgSender"]),
    )
    items: dict[str, Any] = {}
    lists: dict[str, tuple[Any, ...]] = {}
    for group, read in GROUPS.items():
        found = expected["eventData"][group]
        items |= {key: read(value) for key, value in found["items"].items()}
        lists |= {
            key: tuple(read(value) for value in values)
            for key, values in found["arrayItems"].items()
        }
    assert (dict(event.items), dict(event.lists)) == (items, lists)


@pytest.mark.parametrize("name", TOPICS["eventNameHash"])
def test_the_name_topic_is_the_hash_of_the_plain_name(name):
    assert events.name_hash(name) == raw(TOPICS["eventNameHash"][name])


@pytest.mark.parametrize("name", TOPICS["topic0"])
def test_the_envelopes_are_those_of_the_real_emitter(name):
    assert events.is_gmx_event([raw(TOPICS["topic0"][name]["topic0"])])


def lifecycle_events():
    return [
        decoded(log)
        for transaction in LIFECYCLE["transactions"]
        for log in transaction["logs"]
        if events.is_gmx_event([raw(topic) for topic in log["topics"]])
    ]


def test_a_real_chains_logs_tell_the_story_that_its_readme_tells():
    found = lifecycle_events()
    opened = next(one for one in found if one.name == "PositionIncrease")
    assert opened.item("sizeDeltaUsd") == 5_000 * 10**30
    assert opened.item("collateralAmount") == 997 * 10**6
    assert opened.item("pendingPriceImpactAmount") == -750125020837
    closed = next(one for one in found if one.name == "PositionDecrease")
    assert closed.item("sizeInUsd") == 0
    assert round(closed.item("basePnlUsd") / 10**30, 6) == 164.972505
    cancelled = [one for one in found if one.name == "OrderCancelled"]
    assert cancelled[0].item("reasonBytes")[:4].hex() == "e09ad0e9"
    assert any(one.item("reason") == "USER_INITIATED_CANCEL" for one in cancelled)
    assert sum(one.name == "OrderFrozen" for one in found) == 1
    liquidation = [one for one in found if one.name == "PositionDecrease"][-1]
    assert liquidation.item("orderType") == 7


def test_every_log_of_the_real_emitter_is_understood():
    emitter = LIFECYCLE["event_emitter"].lower()
    logs = [
        log
        for transaction in LIFECYCLE["transactions"]
        for log in transaction["logs"]
        if log.get("address", emitter).lower() == emitter
        and events.is_gmx_event([raw(topic) for topic in log["topics"]])
    ]
    assert len(logs) > 50
    assert all(decoded(log).name for log in logs)


def test_an_item_that_is_not_there_is_named_together_with_those_that_are():
    with pytest.raises(InvalidInput, match=r"no item 'nonsense'; it has .*account"):
        decoded(LOGS[0]).item("nonsense")


def test_a_name_that_its_topic_does_not_confirm_is_refused():
    topics = [raw(topic) for topic in LOGS[0]["topics"]]
    topics[1] = events.name_hash("OrderExecuted")
    with pytest.raises(UndecodableBytes, match="indexed name"):
        events.decode_event(topics, raw(LOGS[0]["data"]))


def test_a_missing_topic_is_refused():
    topics = [raw(topic) for topic in LOGS[0]["topics"]][:-1]
    with pytest.raises(UndecodableBytes, match="3 topics instead of 4"):
        events.decode_event(topics, raw(LOGS[0]["data"]))


@given(st.sampled_from(LOGS), st.data())
def test_a_mutated_event_is_refused_or_reads_differently_but_never_crashes(log, data):
    mutated = bytearray(raw(log["data"]))
    place = data.draw(st.integers(0, len(mutated) - 1))
    mutated[place] ^= data.draw(st.integers(1, 255))
    try:
        event = events.decode_event([raw(topic) for topic in log["topics"]], bytes(mutated))
    except UndecodableBytes:
        return
    assert event != decoded(log)


@given(st.binary(min_size=20, max_size=20))
def test_an_address_comes_back_from_its_topic(some):
    address = to_checksum_address(some.hex())
    assert events.topic_address(events.address_topic(address)) == address


def test_a_topic_with_dirty_padding_is_no_address():
    with pytest.raises(UndecodableBytes, match="no address"):
        events.topic_address(b"\x01" + b"\x00" * 31)
