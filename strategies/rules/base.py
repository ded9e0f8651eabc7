"""What a trading rule is, for those who write one and for those who run them.

`decide` is pure: the same candles, position and parameters give the same signal, for ever. It sees
closed bars only, the newest last, and may look at no more of them than `warm_up_bars`, so that a
longer history changes nothing. That bound also lets a backtest evaluate all bars at once and agree
with the cycle on each.
"""

from decimal import Decimal
from typing import Protocol, TypeVar

from atlas.domain.candles import CandleSeries
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from atlas.domain.units import RATIO_QUANTUM, floor_to
from strategies.rules.parameters import Parameters

P = TypeVar("P", bound=Parameters)


class Rule(Protocol[P]):
    """One algorithm that turns candles into a wanted exposure.

    `name` is how deployments refer to it and never changes; `version` rises with every change of
    what it decides; `summary` is one line for people.
    """

    @property
    def name(self) -> str:
        """Give the name under which deployments find the rule."""

    @property
    def version(self) -> int:
        """Give the number that rises when the rule decides differently."""

    @property
    def summary(self) -> str:
        """Say in one line what the rule does."""

    @property
    def parameters_type(self) -> type[P]:
        """Give the dataclass of the rule's parameters."""

    def warm_up_bars(self, parameters: P) -> int:
        """Give the number of bars that a decision needs and uses."""

    def decide(self, candles: CandleSeries, position: Position | None, parameters: P) -> Signal:
        """Decide at the close of the newest bar; NotEnoughData when the series is too short.

        `position` is what the account holds in the market, None when it is flat.
        """


def ratio_of(value: float) -> Decimal:
    """Bring a float into a signal's Decimal ratio, rounded down to eight places."""
    return floor_to(Decimal(repr(float(value))), RATIO_QUANTUM)
