"""Every rule over all bars of the recorded real markets, and none of them knows the future.

The data is no part of the project; where it is absent these tests are skipped.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlas.domain.candles import Candle, CandleSeries, Timeframe
from atlas.domain.recording import Recording, parse_recording
from strategies.rules.base import VectorisedRule, decides_on_many
from strategies.rules.context import MarketContext
from strategies.rules.lookahead import check_rule
from strategies.rules.made_up import made_up_funding
from strategies.rules.registry import RULES

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "market"
MINUTES = "btc-perp-1m-2022-01.csv.gz"
DAYS = "btcusd-daily-2014-12-2018-08.csv"
EVERY_RULE = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)


def opened(name: str) -> Recording:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the project")
    return parse_recording(path.read_bytes(), name=name, market="BTC/USD")


def sound_spans(recording: Recording) -> list[CandleSeries]:
    """Cut a recording at its holes: a rule never sees a series with one."""
    spans: list[list[Candle]] = [[]]
    for candle in recording.candles:
        if spans[-1] and spans[-1][-1].close_at != candle.open_at:
            spans.append([])
        spans[-1].append(candle)
    return [CandleSeries(recording.market, recording.timeframe, tuple(one)) for one in spans]


@pytest.fixture(scope="module")
def minutes() -> CandleSeries:
    (series,) = sound_spans(opened(MINUTES))
    return series


@pytest.fixture(scope="module")
def days() -> list[CandleSeries]:
    return sound_spans(opened(DAYS))


def exposures(rule, series):
    """Give the exposure at every bar, NaN where the rule is not warm."""
    parameters = rule.parameters_type()
    if decides_on_many(rule):
        markets = {series.market: series, "TWIN/USD": replace(series, market="TWIN/USD")}
        return rule.decide_all_together(markets, parameters)[series.market]
    assert isinstance(rule, VectorisedRule)
    every = 60 if series.timeframe is Timeframe.M1 else 1  # rates are told by the hour
    context = MarketContext(made_up_funding(series).funding[::every])
    return rule.decide_all(series, parameters, context)


@pytest.mark.deep
@EVERY_RULE
def test_a_rule_decides_at_every_minute_of_the_month(rule, minutes):
    decided = exposures(rule, minutes)
    warm = rule.warm_up_bars(rule.parameters_type())
    assert len(decided) == 45_031
    assert np.isfinite(decided[warm - 1 :]).all()
    assert np.abs(decided[warm - 1 :]).max() <= 5


@EVERY_RULE
def test_a_rule_decides_on_every_sound_span_of_the_days(rule, days):
    assert len(days) == 9  # eight holes
    warm = rule.warm_up_bars(rule.parameters_type())
    assert sum(len(one) for one in days) == 1_318
    for span in days:
        assert np.isfinite(exposures(rule, span)[warm - 1 :]).all()


@pytest.mark.deep
@EVERY_RULE
def test_no_rule_knows_the_future_of_a_real_market(rule, minutes):
    parameters = rule.parameters_type()
    count = min(len(minutes), rule.warm_up_bars(parameters) + 600)
    series = minutes.tail(count)
    markets = {series.market: series}
    if decides_on_many(rule):
        markets["TWIN/USD"] = replace(series, market="TWIN/USD")
    context = made_up_funding(series)
    assert check_rule(rule, markets, parameters, context=context, samples=5) == []
