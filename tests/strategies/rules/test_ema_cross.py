"""The EMA cross takes the side of the faster average, and says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.candles import Candle, CandleSeries, NotEnoughData, Timeframe
from atlas.domain.positions import Position
from atlas.domain.signals import Direction, Signal
from strategies.rules.ema_cross import EmaCross, EmaCrossParameters

CASES = settings(max_examples=40, deadline=None)
RULE = EmaCross()
FAST = EmaCrossParameters(fast_bars=2, slow_bars=4)
START = datetime(2024, 1, 1, tzinfo=UTC)
BARS = RULE.warm_up_bars(FAST)
PRICES = st.lists(st.decimals("1", "10000", places=2), min_size=BARS, max_size=BARS + 10)


def series(closes: list[Decimal]) -> CandleSeries:
    candles = tuple(
        Candle("ETH/USD", Timeframe.H1, START + timedelta(hours=i), c, c, c, c, Decimal(1))
        for i, c in enumerate(closes)
    )
    return CandleSeries("ETH/USD", Timeframe.H1, candles)


def decided(closes: list[Decimal], parameters: EmaCrossParameters = FAST) -> Signal:
    return RULE.decide(series(closes), None, parameters)


RISING = [Decimal(100 + i) for i in range(BARS)]
FALLING = [Decimal(200 - i) for i in range(BARS)]
STILL = [Decimal("0.1")] * BARS


def test_a_rising_market_is_long_and_a_falling_one_short():
    assert decided(RISING).target_exposure_ratio == 1
    assert decided(FALLING).target_exposure_ratio == -1


def test_a_market_that_stands_still_is_flat_in_spite_of_float_noise():
    signal = decided(STILL)
    assert signal.direction is Direction.FLAT
    assert "too close to call" in signal.reason


@pytest.mark.parametrize(
    ("sides", "rising", "falling"),
    [("long_short", 2, -2), ("long_flat", 2, 0), ("short_flat", 0, -2)],
)
def test_only_the_chosen_sides_are_traded_at_the_chosen_exposure(sides, rising, falling):
    parameters = replace(FAST, sides=sides, exposure_ratio=Decimal(2))
    assert decided(RISING, parameters).target_exposure_ratio == rising
    assert decided(FALLING, parameters).target_exposure_ratio == falling


def test_within_the_neutral_band_the_rule_stays_flat():
    gap_bps = decided(RISING).indicators["gap_bps"]
    assert decided(RISING, replace(FAST, neutral_band_bps=int(gap_bps))).direction is Direction.LONG
    wider = replace(FAST, neutral_band_bps=int(gap_bps) + 1)
    assert decided(RISING, wider).direction is Direction.FLAT


def test_the_signal_names_its_time_its_end_and_its_numbers():
    signal = decided(RISING, replace(FAST, valid_bars=3))
    closed_at = START + timedelta(hours=BARS)
    assert signal.as_of_at == closed_at
    assert signal.valid_until_at == closed_at + timedelta(hours=3)
    assert signal.market == "ETH/USD"
    assert set(signal.indicators) == {"ema_fast", "ema_slow", "gap_bps", "close"}
    assert signal.indicators["ema_fast"] > signal.indicators["ema_slow"]
    assert "EMA 2 at" in signal.reason
    assert "above" in signal.reason
    assert signal.reason.endswith("long.")


def test_confidence_grows_with_the_gap_and_ends_at_one():
    steep = [Decimal(100) * (i + 1) for i in range(BARS)]
    assert decided(steep).confidence_ratio == 1
    assert 0 < decided([Decimal(10_000 + i) for i in range(BARS)]).confidence_ratio < 1


def test_with_a_bar_too_few_the_rule_refuses_to_decide():
    with pytest.raises(NotEnoughData, match=f"has {BARS - 1} bars .* {BARS} are needed"):
        decided(RISING[1:])


@CASES
@given(PRICES, st.lists(st.decimals("1", "10000", places=2), max_size=10))
def test_more_history_changes_nothing(prices, older):
    assert decided(older + prices[-BARS:]).as_json() | {"as_of_at": 0, "valid_until_at": 0} == (
        decided(prices[-BARS:]).as_json() | {"as_of_at": 0, "valid_until_at": 0}
    )


@CASES
@given(PRICES)
def test_the_decision_does_not_depend_on_the_position_held(prices):
    held = Position("ETH/USD", True, Decimal(10), Decimal(1))
    assert RULE.decide(series(prices), held, FAST) == decided(prices)
