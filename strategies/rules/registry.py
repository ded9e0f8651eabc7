"""The registry of trading rules. To add one: a module with the rule, and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from atlas.domain.errors import InvalidInput
from strategies.rules.base import AnyKindOfRule
from strategies.rules.basket_rebalance import BasketRebalance
from strategies.rules.bollinger_reversion import BollingerReversion
from strategies.rules.buy_and_hold import BuyAndHold
from strategies.rules.donchian_breakout import DonchianBreakout
from strategies.rules.ema_cross import EmaCross
from strategies.rules.funding_carry import FundingCarry
from strategies.rules.momentum_volatility import Momentum
from strategies.rules.rsi_reversion import RsiReversion
from strategies.rules.sma_cross import SmaCross

_ALL: tuple[AnyKindOfRule, ...] = (
    EmaCross(),
    SmaCross(),
    DonchianBreakout(),
    Momentum(),
    RsiReversion(),
    BollingerReversion(),
    BasketRebalance(),
    FundingCarry(),
    BuyAndHold(),
)

RULES: Mapping[str, AnyKindOfRule] = MappingProxyType({rule.name: rule for rule in _ALL})


class UnknownRule(InvalidInput):
    """No rule has this name."""

    code = "unknown_rule"


def rule_named(name: str) -> AnyKindOfRule:
    """Find a rule; UnknownRule lists the names there are."""
    if name not in RULES:
        raise UnknownRule(
            f"There is no rule {name!r}; known are {', '.join(sorted(RULES))}.",
            detail={"name": name, "known": sorted(RULES)},
        )
    return RULES[name]
