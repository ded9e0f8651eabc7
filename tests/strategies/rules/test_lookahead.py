"""The detector finds each fault that it is there for, and the documented example has none."""

import re
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from strategies.rules.ema_cross import EmaCross, EmaCrossParameters
from strategies.rules.lookahead import Fault, check_rule
from tests.strategies.rules.test_every_rule import series

ROOT = Path(__file__).resolve().parents[3]
SMALL = EmaCrossParameters(fast_bars=2, slow_bars=4)
STEPS = [((place * 7919) % 401) - 200 for place in range(90)]


def faults_of(rule):
    found = check_rule(rule, {"ETH/USD": series(STEPS)}, SMALL, samples=20)
    return {finding.fault for finding in found}


@dataclass(frozen=True, slots=True)
class Honest(EmaCross):
    """As shipped."""


@dataclass(frozen=True, slots=True)
class KnowsTomorrow(EmaCross):
    def decide_all(self, candles, parameters, context=None):
        return np.roll(EmaCross.decide_all(self, candles, parameters), -1)


@dataclass(frozen=True, slots=True)
class KnowsTheAverageOfAll(EmaCross):
    def decide_all(self, candles, parameters, context=None):
        return np.where(candles.closes > candles.closes.mean(), 1.0, -1.0)


@dataclass(frozen=True, slots=True)
class SaysTooLittle(EmaCross):
    def warm_up_bars(self, parameters):
        return 5

    def decide(self, candles, position, parameters, context=None):
        wide = EmaCrossParameters(fast_bars=2, slow_bars=3)
        if len(candles) < 15:
            candles.tail(15)
        return EmaCross().decide(candles, position, wide)


@dataclass(frozen=True, slots=True)
class TwoMinds(EmaCross):
    def decide_all(self, candles, parameters, context=None):
        return -EmaCross.decide_all(self, candles, parameters)


ASKED: list[int] = []


@dataclass(frozen=True, slots=True)
class Wavers(EmaCross):
    def decide(self, candles, position, parameters, context=None):
        ASKED.append(1)
        sides = "long_flat" if len(ASKED) % 2 else "short_flat"
        return EmaCross().decide(
            candles, position, EmaCrossParameters(fast_bars=2, slow_bars=4, sides=sides)
        )


def test_an_honest_rule_is_clean():
    assert faults_of(Honest()) == set()


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (KnowsTomorrow(), Fault.PEEKS),
        (KnowsTheAverageOfAll(), Fault.PEEKS),
        (SaysTooLittle(), Fault.NEEDS_MORE),
        (TwoMinds(), Fault.DISAGREES),
        (Wavers(), Fault.NOT_REPEATABLE),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, EmaCross) else one.name,
)
def test_each_fault_is_found(rule, fault):
    assert fault in faults_of(rule)


def test_a_series_that_is_too_short_is_no_clean_bill():
    short = {"ETH/USD": series(STEPS[:10])}
    (finding,) = check_rule(EmaCross(), short, SMALL)
    assert finding.fault is Fault.NEVER_WARM


def test_the_example_of_the_documentation_is_complete_and_clean(monkeypatch):
    text = (ROOT / "docs" / "rules.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    module = types.ModuleType("documented_rule")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code[1], "docs/rules.md", "exec"), module.__dict__)
    rule = module.RangeFilter()
    parameters = module.RangeFilterParameters(range_bars=10)
    assert check_rule(rule, {"ETH/USD": series(STEPS)}, parameters) == []
    wanted = {rule.decide_all(series(STEPS), parameters)[bar] for bar in range(20, 90)}
    assert wanted == {0.0, 1.0}
