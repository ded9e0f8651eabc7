"""How values are written: exact money, UTC times, nothing guessed."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from atlas.api.renderers import JSONRenderer, plain_decimal, to_json, utc_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1.500000000000000000", "1.5"),
        ("1E+3", "1000"),
        ("1E-18", "0.000000000000000001"),
        ("100", "100"),
        ("-0.00", "0"),
        ("-12.340", "-12.34"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
    ],
)
def test_money_is_written_exactly_without_exponent_or_idle_zeros(amount, text):
    assert plain_decimal(Decimal(amount)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**19), max_value=10**19))
def test_written_money_reads_back_as_the_same_amount(amount):
    text = plain_decimal(amount)
    assert Decimal(text) == amount
    assert "e" not in text.lower()


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(TypeError, match="publish null"):
        plain_decimal(Decimal(amount))


def test_times_are_written_in_utc():
    east = datetime(2024, 5, 1, 2, 30, tzinfo=timezone(timedelta(hours=5)))
    assert utc_text(east) == "2024-04-30T21:30:00Z"
    assert json.loads(to_json({"at": east})) == {"at": "2024-04-30T21:30:00Z"}
    assert utc_text(datetime(2024, 5, 1, 0, 0, 0, 5, tzinfo=UTC)) == "2024-05-01T00:00:00.000005Z"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(TypeError) as refused:
        to_json({"at": datetime(2024, 5, 1)})  # noqa: DTZ001  # the point of the test
    assert "has no time zone" in str(refused.value.__cause__)


def test_other_values_keep_their_natural_form():
    data = {
        "day": date(2024, 5, 1),
        "id": UUID(int=5),
        "ratio": 0.1,
        "none": None,
        "word": gettext_lazy("later"),
        1: (True, "ä"),
    }
    assert json.loads(to_json(data)) == {
        "day": "2024-05-01",
        "id": str(UUID(int=5)),
        "ratio": 0.1,
        "none": None,
        "word": "later",
        "1": [True, "ä"],
    }


def test_what_has_no_wording_is_refused_and_not_turned_into_text():
    with pytest.raises(TypeError):
        to_json({"thing": object()})
    with pytest.raises(TypeError):
        to_json({"thing": b"bytes"})


def test_nothing_becomes_an_empty_body():
    assert JSONRenderer().render(None) == b""
