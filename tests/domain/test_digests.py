"""One value has one canonical text and one digest, wherever it comes from."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.digest import canonical_json, digest, intent_digest
from atlas.domain.errors import Bug
from atlas.domain.intents import Authority, OrderIntent
from atlas.domain.states import PermitKind

CASES = settings(max_examples=30, deadline=None)
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
INTENT = OrderIntent(
    account="paper:demo",
    kind=PermitKind.INCREASE,
    market="ETH/USD",
    is_long=True,
    size_delta_usd=Decimal("1000"),
    collateral_delta_usd=Decimal("500"),
    expected_pre_size_usd=Decimal("0"),
    acceptable_price_usd=Decimal("2000"),
    signal_as_of_at=AT,
    signal_valid_until_at=AT + timedelta(hours=1),
)
CHANGES: dict[str, Any] = {
    "account": "paper:other",
    "kind": PermitKind.SWAP,
    "market": "BTC/USD",
    "is_long": False,
    "size_delta_usd": Decimal("1000.01"),
    "collateral_delta_usd": Decimal("500.01"),
    "expected_pre_size_usd": Decimal("1"),
    "acceptable_price_usd": None,
    "signal_as_of_at": AT + timedelta(microseconds=1),
    "signal_valid_until_at": AT + timedelta(hours=2),
    "authority": Authority.TWO_PERSONS,
}


def test_the_canonical_text_is_sorted_and_without_white_space():
    value = {"b": [1, 2.5, True, None], "a": Decimal("1.50"), "at": AT, "kind": PermitKind.STOP}
    assert canonical_json(value) == (
        b'{"a":"1.5","at":"2024-03-01T12:00:00.000000Z","b":[1,2.5,true,null],"kind":"STOP"}'
    )


def test_the_digest_of_an_intent_is_fixed():
    # Permits in the database carry such digests: if this changes, the label must change with it.
    assert (
        intent_digest(INTENT) == "71141248972eba0069a3d144f606e72688c798048c713738dd7dfa08af862269"
    )


@pytest.mark.parametrize("name", [f.name for f in fields(OrderIntent)])
def test_the_digest_changes_with_every_field_of_an_intent(name):
    assert intent_digest(replace(INTENT, **{name: CHANGES[name]})) != intent_digest(INTENT)


def test_the_digest_does_not_depend_on_how_a_number_or_time_is_written():
    same = replace(
        INTENT,
        size_delta_usd=Decimal("1000.000000000000000000"),
        expected_pre_size_usd=Decimal("-0"),
        collateral_delta_usd=Decimal("5E+2"),
        signal_as_of_at=AT.astimezone(timezone(timedelta(hours=5))),
    )
    assert intent_digest(same) == intent_digest(INTENT)


def test_the_label_keeps_digests_of_different_things_apart():
    assert digest({"a": 1}, label="one") != digest({"a": 1}, label="two")


@CASES
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_number_survives_its_canonical_text(number):
    text = canonical_json(number).decode().strip('"')
    assert Decimal(text) == number
    assert "E" not in text
    assert text != "-0"


@CASES
@given(st.dictionaries(st.text(max_size=8), st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(mapping):
    turned = dict(reversed(list(mapping.items())))
    assert digest(mapping, label="x") == digest(turned, label="x")


def test_integers_that_json_would_garble_become_strings():
    assert canonical_json([2**53 - 1, 2**53]) == b'[9007199254740991,"9007199254740992"]'


def test_sets_bytes_and_nested_values_have_one_form():
    assert canonical_json({"s": frozenset({"b", "a"}), "h": b"\x01\xff", "t": (1, (2,))}) == (
        b'{"h":"0x01ff","s":["a","b"],"t":[1,[2]]}'
    )


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        float("inf"),
        float("nan"),
        datetime(2024, 1, 1),  # noqa: DTZ001
        object(),
        {1: "a"},
        {Decimal(1): "a", Decimal("1.0"): "b", "1": "c"},
        OrderIntent,
    ],
)
def test_what_has_no_canonical_form_is_a_bug(value):
    with pytest.raises(Bug):
        canonical_json(value)
