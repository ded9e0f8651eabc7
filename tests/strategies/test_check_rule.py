"""`manage.py check_rule` tells which rules are clean, and what was wrong with what it was given."""

import pytest
from django.core.management import CommandError, call_command

from strategies.rules import registry
from strategies.rules.registry import RULES
from tests.strategies.rules.test_lookahead import KnowsTomorrow


def test_all_shipped_rules_are_clean(capsys):
    call_command("check_rule", "--samples", "3")
    said = capsys.readouterr().out
    assert all(f"{name}: clean" in said for name in RULES)


def test_a_rule_that_peeks_ends_the_command_with_its_bars(capsys, monkeypatch):
    monkeypatch.setattr("strategies.rules.registry.RULES", {"peeks": KnowsTomorrow()})
    assert registry.rule_named("peeks")
    with pytest.raises(CommandError, match="faults were found"):
        call_command("check_rule", "peeks", "--parameters", '{"fast_bars": 2, "slow_bars": 4}')
    assert "it knows the future" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no_such_rule"], "There is no rule 'no_such_rule'; known are"),
        (["ema_cross", "--parameters", "{"], "--parameters is no JSON"),
        (["ema_cross", "--parameters", "[]"], "must be an object"),
        (["ema_cross", "--parameters", '{"fast_bars": 0}'], "fast_bars must be a whole number"),
        (["--parameters", '{"fast_bars": 5}'], "Name one rule"),
        (["ema_cross", "--recording", "nothing"], "MARKET=FILE"),
        (["ema_cross", "--recording", "ETH/USD=nowhere.csv"], "nowhere.csv cannot be read"),
        (["ema_cross", "--samples", "0"], "--samples must be at least 1"),
    ],
)
def test_what_it_cannot_work_with_is_said(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("check_rule", *arguments)
