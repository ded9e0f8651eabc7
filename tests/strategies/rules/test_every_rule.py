"""What holds for every registered rule: its two forms agree, it is clean, it says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.domain.candles import Candle, CandleSeries, Timeframe
from atlas.domain.recording import parse_recording
from strategies.rules.base import decides_on_many
from strategies.rules.lookahead import check_rule
from strategies.rules.made_up import made_up_funding
from strategies.rules.parameters import parameters_from, raw_from, schema_of
from strategies.rules.registry import RULES
from strategies.rules.stance import exposure_of

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2024, 1, 1, tzinfo=UTC)
EVERY_RULE = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
# Small windows, so that short series are enough to see a rule change its mind.
SMALL: dict[str, dict[str, Any]] = {
    "ema_cross": {"fast_bars": 2, "slow_bars": 4},
    "sma_cross": {"fast_bars": 2, "slow_bars": 5},
    "donchian_breakout": {"entry_bars": 5, "exit_bars": 3, "atr_bars": 2, "memory_bars": 12},
    "momentum_volatility": {"lookback_bars": 4, "volatility_bars": 5},
    "rsi_reversion": {"rsi_bars": 2, "max_hold_bars": 5, "oversold": 40, "overbought": 60},
    "bollinger_reversion": {"band_bars": 5, "width_deviations": "1", "max_hold_bars": 5},
    "basket_rebalance": {
        "volatility_bars": 5,
        "rebalance_bars": 4,
        "weights": "inverse_volatility",
    },
    "funding_carry": {"lookback_hours": 3},
    "buy_and_hold": {},
}
STEPS = st.lists(st.integers(-400, 400), min_size=60, max_size=90)


def parameters_of(rule):
    return parameters_from(rule.parameters_type, SMALL[rule.name])


def series(steps, market="ETH/USD"):
    candles, price = [], Decimal(1000)
    for place, step in enumerate(steps):
        before, price = price, max(Decimal(1), price + price * step / 10_000)
        candles.append(
            Candle(
                market,
                Timeframe.H1,
                START + timedelta(hours=place),
                before,
                max(before, price) + 1,
                min(before, price) * Decimal("0.999"),
                price,
                Decimal(1),
            )
        )
    return CandleSeries(market, Timeframe.H1, tuple(candles))


@pytest.fixture(scope="module")
def markets():
    found = {}
    for name in ("btc", "eth"):
        path = ROOT / "fixtures" / "market" / f"synthetic-{name}-usd-1h.csv.gz"
        market = f"{name.upper()}/USD"
        recording = parse_recording(path.read_bytes(), name=path.name, market=market)
        found[market] = recording.window(until_at=recording.ends_at, count=1200)
    return found


@EVERY_RULE
def test_no_rule_peeks_forgets_or_wavers_on_the_recordings(rule, markets):
    context = made_up_funding(markets["ETH/USD"])
    assert check_rule(rule, markets, rule.parameters_type(), context=context, samples=12) == []


@EVERY_RULE
@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_the_two_forms_of_a_rule_agree_on_every_bar(rule, steps):
    parameters = parameters_of(rule)
    market = series(steps)
    context = made_up_funding(market)
    warm = rule.warm_up_bars(parameters)
    if decides_on_many(rule):
        markets = {"ETH/USD": market, "BTC/USD": series([-step for step in steps], "BTC/USD")}
        whole = rule.decide_all_together(markets, parameters)
        for bar in range(warm - 1, len(steps)):
            cut = {name: past(one, bar) for name, one in markets.items()}
            for signal in rule.decide_together(cut, {}, parameters):
                wanted = exposure_of(whole[signal.market][bar])
                assert signal.target_exposure_ratio == wanted
        return
    whole = rule.decide_all(market, parameters, context)
    assert np.isnan(whole[: warm - 1]).all()
    for bar in range(warm - 1, len(steps)):
        signal = rule.decide(past(market, bar), None, parameters, context)
        assert signal.target_exposure_ratio == exposure_of(whole[bar])
        assert signal.reason.endswith(f"{signal.direction.value.lower()}.")


def past(one, bar):
    return CandleSeries(one.market, one.timeframe, one.candles[: bar + 1])


@EVERY_RULE
def test_a_market_that_stands_still_never_breaks_a_rule(rule):
    still = series([0] * 80)
    still = CandleSeries(
        still.market,
        still.timeframe,
        tuple(replace(one, high_usd=one.close_usd, low_usd=one.close_usd) for one in still.candles),
    )
    parameters = parameters_of(rule)
    if decides_on_many(rule):
        markets = {"ETH/USD": still, "BTC/USD": replace(still, market="BTC/USD")}
        signals = rule.decide_together(markets, {}, parameters)
        assert sum(signal.target_exposure_ratio for signal in signals) == 1
        return
    signal = rule.decide(still, None, parameters, made_up_funding(still))
    assert signal.target_exposure_ratio.is_finite()


@EVERY_RULE
def test_the_parameters_of_a_rule_are_described_and_read_back_unchanged(rule):
    schema = schema_of(rule.parameters_type)
    assert all(one["description"] for one in schema["properties"].values())
    parameters = parameters_of(rule)
    assert parameters_from(rule.parameters_type, raw_from(parameters)) == parameters


def test_every_rule_has_small_parameters_here():
    assert set(SMALL) == set(RULES)
