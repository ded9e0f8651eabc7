"""The registry of trading rules. To add one: a module with the rule, and one line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from atlas.domain.errors import InvalidInput
from strategies.rules.base import Rule
from strategies.rules.ema_cross import EmaCross

_ALL: tuple[Rule[Any], ...] = (EmaCross(),)

RULES: Mapping[str, Rule[Any]] = MappingProxyType({rule.name: rule for rule in _ALL})


class UnknownRule(InvalidInput):
    """No rule has this name."""

    code = "unknown_rule"


def rule_named(name: str) -> Rule[Any]:
    """Find a rule; UnknownRule lists the names there are."""
    if name not in RULES:
        raise UnknownRule(
            f"There is no rule {name!r}; known are {', '.join(sorted(RULES))}.",
            detail={"name": name, "known": sorted(RULES)},
        )
    return RULES[name]
