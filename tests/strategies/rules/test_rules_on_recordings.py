"""Every registered rule runs over whole recordings, decides the same again and never peeks."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from atlas.domain.candles import CandleSeries, NotEnoughData
from atlas.domain.errors import UnusableData
from atlas.domain.recording import Recording, parse_recording
from atlas.domain.signals import Signal
from strategies.rules.base import AnyKindOfRule, decides_on_many
from strategies.rules.ema_cross import EmaCross, EmaCrossParameters
from strategies.rules.made_up import made_up_funding
from strategies.rules.registry import RULES

ROOT = Path(__file__).resolve().parents[3]
REAL = ROOT.parent / "shared" / "data" / "market"
EVERY_RULE = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)


@pytest.fixture(scope="module")
def synthetic() -> Recording:
    path = ROOT / "fixtures" / "market" / "synthetic-eth-usd-1h.csv.gz"
    return parse_recording(path.read_bytes(), name=path.name, market="ETH/USD")


def real(name: str) -> Recording:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the project")
    return parse_recording(path.read_bytes(), name=name, market="BTC/USD")


def ask(
    rule: AnyKindOfRule, window: CandleSeries, parameters: Any, known: CandleSeries | None = None
) -> Signal:
    """Decide at the newest bar; a basket holds the market twice, under two names."""
    if decides_on_many(rule):
        markets = {window.market: window, "TWIN/USD": replace(window, market="TWIN/USD")}
        return rule.decide_together(markets, {}, parameters)[0]
    return rule.decide(window, None, parameters, made_up_funding(known or window))


def run(
    rule: AnyKindOfRule, recording: Recording, parameters: Any, *, first: int, count: int
) -> tuple[list[Signal], Counter[str]]:
    """Decide at each bar of a span; count the refusals by their code."""
    warm = rule.warm_up_bars(parameters)
    signals: list[Signal] = []
    refused: Counter[str] = Counter()
    at = recording.begins_at + first * recording.timeframe.step
    for _ in range(count):
        try:
            window = recording.window(until_at=at, count=warm)
        except UnusableData as refusal:
            refused[refusal.code] += 1
        else:
            signals.append(ask(rule, window, parameters))
        at += recording.timeframe.step
    return signals, refused


@EVERY_RULE
def test_a_rule_does_not_change_its_mind_when_the_future_is_cut_off(rule, synthetic):
    parameters = rule.parameters_type()
    warm = rule.warm_up_bars(parameters)
    whole, _ = run(rule, synthetic, parameters, first=warm, count=60)
    for index, signal in enumerate(whole):
        known = synthetic.candles[: warm + index]
        past = Recording("cut", "ETH/USD", synthetic.timeframe, known, (), "")
        again = ask(rule, past.window(until_at=past.ends_at, count=warm), parameters)
        assert again == signal
        assert signal.as_of_at == past.ends_at


@EVERY_RULE
def test_a_rule_needs_no_more_bars_than_it_says(rule, synthetic):
    parameters = rule.parameters_type()
    warm = rule.warm_up_bars(parameters)
    until = synthetic.begins_at + 2 * warm * synthetic.timeframe.step
    short = synthetic.window(until_at=until, count=warm)
    long = synthetic.window(until_at=until, count=2 * warm)
    assert ask(rule, short, parameters, known=long) == ask(rule, long, parameters)
    if warm > 1:
        with pytest.raises(NotEnoughData):
            ask(rule, short.tail(warm - 1), parameters)


def test_a_fast_cross_trades_the_synthetic_market_every_ten_to_thirty_bars(synthetic):
    parameters = EmaCrossParameters(fast_bars=5, slow_bars=13)
    signals, refused = run(EmaCross(), synthetic, parameters, first=65, count=1500)
    assert not refused
    turns = sum(a.direction != b.direction for a, b in pairwise(signals))
    assert 10 <= len(signals) / turns <= 30


@EVERY_RULE
def test_a_rule_runs_over_the_real_daily_market_to_the_end(rule):
    recording = real("btcusd-daily-2014-12-2018-08.csv")
    days = (recording.ends_at - recording.begins_at).days
    signals, refused = run(rule, recording, rule.parameters_type(), first=0, count=days + 1)
    assert len(signals) + refused.total() == days + 1
    assert refused["gap"] > 30
    assert set(refused) <= {"gap", "warm_up"}
    assert signals[-1].as_of_at == recording.ends_at


@EVERY_RULE
def test_a_rule_runs_over_the_real_minute_market(rule):
    recording = real("btc-perp-1m-2022-01.csv.gz")
    assert len(recording.candles) == 45_031
    assert recording.findings == ()
    parameters = rule.parameters_type()
    warm = rule.warm_up_bars(parameters)
    signals, refused = run(rule, recording, parameters, first=warm, count=400)
    assert len(signals) == 400
    assert not refused
    last, _ = run(rule, recording, parameters, first=45_031, count=1)
    assert last[0].as_of_at == recording.ends_at
