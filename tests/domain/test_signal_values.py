"""A signal that contradicts itself is a bug of its rule and never reaches sizing."""

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from atlas.domain.errors import Bug
from atlas.domain.signals import Direction, Signal

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
LONG = Signal(
    market="ETH/USD",
    target_exposure_ratio=Decimal("0.50"),
    confidence_ratio=Decimal("0.7"),
    as_of_at=AT,
    valid_until_at=AT + timedelta(hours=1),
    reason="The trend is up.",
    indicators={"gap_bps": 12.5},
    stop_usd=Decimal(90),
    take_profit_usd=Decimal(120),
)


@pytest.mark.parametrize(
    ("exposure", "direction"),
    [("0.5", Direction.LONG), ("-0.5", Direction.SHORT), ("0.0", Direction.FLAT)],
)
def test_the_direction_is_the_sign_of_the_exposure(exposure, direction):
    bare = replace(LONG, stop_usd=None, take_profit_usd=None)
    assert replace(bare, target_exposure_ratio=Decimal(exposure)).direction is direction


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"market": ""}, "no market"),
        ({"reason": "  "}, "no reason"),
        ({"target_exposure_ratio": Decimal("NaN")}, "exposure NaN"),
        ({"confidence_ratio": Decimal("1.01")}, "outside 0 to 1"),
        ({"confidence_ratio": Decimal("-0.01")}, "outside 0 to 1"),
        ({"as_of_at": datetime(2024, 3, 1)}, "without a zone"),  # noqa: DTZ001
        ({"valid_until_at": AT}, "ends before it begins"),
        ({"stop_usd": Decimal(0)}, "no price"),
        ({"stop_usd": Decimal(130)}, "wrong sides"),
        ({"target_exposure_ratio": Decimal(-1)}, "wrong sides"),
        ({"target_exposure_ratio": Decimal(0)}, "is flat and yet"),
    ],
)
def test_a_signal_that_contradicts_itself_is_a_bug(changes, word):
    with pytest.raises(Bug, match=word):
        replace(LONG, **changes)


def test_a_short_has_its_stop_above_its_take_profit():
    short = replace(
        LONG,
        target_exposure_ratio=Decimal(-1),
        stop_usd=Decimal(120),
        take_profit_usd=Decimal(90),
    )
    assert short.direction is Direction.SHORT


def test_a_signal_and_its_indicators_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        LONG.reason = "no"  # type: ignore[misc]
    with pytest.raises(TypeError):
        LONG.indicators["gap_bps"] = 1.0  # type: ignore[index]


def test_later_changes_of_the_rule_s_dict_do_not_reach_the_signal():
    numbers = {"gap_bps": 1.0}
    signal = replace(LONG, indicators=numbers)
    numbers["gap_bps"] = 2.0
    assert signal.indicators["gap_bps"] == 1.0


def test_a_signal_can_be_written_as_json():
    written = json.loads(json.dumps(LONG.as_json()))
    assert written["direction"] == "LONG"
    assert written["target_exposure_ratio"] == "0.5"
    assert written["stop_usd"] == "90"
    assert written["as_of_at"] == "2024-03-01T12:00:00+00:00"
    assert replace(LONG, stop_usd=None).as_json()["stop_usd"] is None
