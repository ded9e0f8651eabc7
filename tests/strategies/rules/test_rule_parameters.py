"""Parameters are read strictly, all problems at once, and can be written back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import jsonschema
import pytest

from atlas.domain.errors import Bug, DomainRefusal
from strategies.rules.ema_cross import EmaCrossParameters
from strategies.rules.parameters import (
    ParameterProblems,
    Parameters,
    between,
    declared_by,
    parameters_from,
    raw_from,
    schema_of,
)
from strategies.rules.registry import RULES, UnknownRule, rule_named


def test_what_is_left_out_gets_its_default():
    assert parameters_from(EmaCrossParameters, {}) == EmaCrossParameters()


@pytest.mark.parametrize("written", [7, "7", 7.0, Decimal("7.0")])
def test_whole_numbers_are_read_from_json_and_from_forms(written):
    assert parameters_from(EmaCrossParameters, {"fast_bars": written}).fast_bars == 7


@pytest.mark.parametrize(("written", "read"), [("0.10", "0.1"), (0.1, "0.1"), (2, "2")])
def test_decimals_are_read_exactly_as_written(written, read):
    parameters = parameters_from(EmaCrossParameters, {"exposure_ratio": written})
    assert parameters.exposure_ratio == Decimal(read)


def test_every_problem_is_told_with_what_is_allowed():
    raw = {
        "fast_bars": 1,
        "slow_bars": "26.5",
        "exposure_ratio": "5.01",
        "sides": "sideways",
        "neutral_band_bps": None,
        "valid_bars": True,
        "colour": "red",
    }
    with pytest.raises(ParameterProblems) as caught:
        parameters_from(EmaCrossParameters, raw)
    assert isinstance(caught.value, DomainRefusal)
    assert caught.value.detail["problems"] == [
        f"colour is unknown; known are {', '.join(sorted(raw.keys() - {'colour'}))}",
        "fast_bars must be a whole number from 2 to 200, not 1",
        "slow_bars must be a whole number from 3 to 500, not '26.5'",
        "exposure_ratio must be a number from 0.01 to 5, not '5.01'",
        "sides must be one of long_short, long_flat, short_flat, not 'sideways'",
        "neutral_band_bps must be a whole number from 0 to 1000, not None",
        "valid_bars must be a whole number from 1 to 24, not True",
    ]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "", "five", [], float("nan")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ParameterProblems, match="exposure_ratio must be a number"):
        parameters_from(EmaCrossParameters, {"exposure_ratio": value})


@pytest.mark.parametrize(("name", "low", "high"), [("fast_bars", 2, 200), ("valid_bars", 1, 24)])
def test_both_ends_of_a_range_are_allowed(name, low, high):
    for value in (low, high):
        assert (
            getattr(parameters_from(EmaCrossParameters, {name: value, "slow_bars": 500}), name)
            == value
        )
    for value in (low - 1, high + 1):
        with pytest.raises(ParameterProblems, match=f"{name} must be"):
            parameters_from(EmaCrossParameters, {name: value, "slow_bars": 500})


def test_parameters_that_contradict_each_other_are_refused():
    with pytest.raises(ParameterProblems, match=r"fast_bars must be below slow_bars.* 26 and 26"):
        parameters_from(EmaCrossParameters, {"fast_bars": 26})


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_defaults_of_every_rule_are_valid_and_survive_being_written(rule):
    defaults = rule.parameters_type()
    assert parameters_from(rule.parameters_type, raw_from(defaults)) == defaults
    assert rule.warm_up_bars(defaults) > 0
    assert rule.version >= 1
    assert rule.summary


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_schema_of_every_rule_is_valid_and_accepts_its_defaults(rule):
    schema = schema_of(rule.parameters_type)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(raw_from(rule.parameters_type()), schema)
    assert all(described["description"] for described in schema["properties"].values())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"colour": "red"}, schema)


def test_an_unknown_rule_is_refused_with_the_known_ones():
    with pytest.raises(UnknownRule, match=r"no rule 'ema_crossed'; known are .*ema_cross"):
        rule_named("ema_crossed")
    assert rule_named("ema_cross") is RULES["ema_cross"]


def test_a_rule_that_forgets_bounds_is_a_bug():
    @dataclass(frozen=True, slots=True)
    class Unbounded(Parameters):
        bars: int = 3

    @dataclass(frozen=True, slots=True)
    class Undefaulted(Parameters):
        bars: Annotated[int, between(1, 3, "Bars.")]

    for broken in (Unbounded, Undefaulted):
        with pytest.raises(Bug, match="with one Spec and a default"):
            declared_by(broken)
