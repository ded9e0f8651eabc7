"""What a trading rule is, for those who write one and for those who run them.

`decide` is pure: the same candles, position, parameters and context give the same signal, for ever.
It sees closed bars only, the newest last, and may look at no more of them than `warm_up_bars`, so
that a longer history changes nothing. That bound also lets a backtest evaluate all bars at once and
agree with the cycle on each.

A rule that can be evaluated so is a `VectorisedRule`. It reads what it holds off the candles (where
it would have entered, whether a stop was touched), not off the account, so that a restart, a
partial fill or a replay do not change its mind.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol, TypeVar, runtime_checkable

from typing_extensions import TypeIs

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.errors import UnusableData
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from atlas.domain.units import RATIO_QUANTUM, floor_to
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.parameters import Parameters

P = TypeVar("P", bound=Parameters)


class UnalignedSeries(UnusableData):
    """Series of several markets do not end at the same bar, or one of them is missing."""

    code = "unaligned"


class AnyRule(Protocol[P]):
    """What every rule tells about itself, whatever number of markets it decides on.

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

    @property
    def needs_context(self) -> bool:
        """Tell whether it refuses to decide without a market context."""

    def warm_up_bars(self, parameters: P) -> int:
        """Give the number of bars that a decision needs and uses."""


class Rule(AnyRule[P], Protocol[P]):
    """One algorithm that turns the candles of one market into a wanted exposure."""

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: P,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Decide at the close of the newest bar.

        `position` is what the account holds in the market, None when it is flat. Raises
        NotEnoughData when the series is too short, MissingContext when the rule needs readings
        that the context lacks.
        """


@runtime_checkable
class VectorisedRule(Rule[P], Protocol[P]):
    """A rule that can decide at every bar of a series in one go."""

    def decide_all(
        self, candles: CandleSeries, parameters: P, context: MarketContext = NO_CONTEXT
    ) -> FloatArray:
        """Give the target exposure at the close of each bar, NaN where `decide` would refuse.

        At each bar it is the very number that `decide` gives for the series up to that bar,
        whatever the position.
        """


@runtime_checkable
class MultiMarketRule(AnyRule[P], Protocol[P]):
    """One algorithm that shares an account out over several markets: those of its deployment.

    Two enabled markets break the NAV of a GMX vault while an order is pending, so such a rule runs
    on paper or over several vaults, and is refused for one.
    """

    def decide_together(
        self,
        candles: Mapping[str, CandleSeries],
        positions: Mapping[str, Position],
        parameters: P,
    ) -> tuple[Signal, ...]:
        """Decide on all markets at the close of their newest bar, one signal for each, by name.

        Raises UnalignedSeries when the series end at different bars, NotEnoughData when one is too
        short.
        """

    def decide_all_together(
        self, candles: Mapping[str, CandleSeries], parameters: P
    ) -> Mapping[str, FloatArray]:
        """Give each market's target exposure at the close of each bar, NaN where not warm.

        The series begin and end at the same bars; raises UnalignedSeries where they do not.
        """


AnyKindOfRule = Rule[Any] | MultiMarketRule[Any]


def decides_on_many(rule: AnyKindOfRule) -> TypeIs[MultiMarketRule[Any]]:
    """Tell whether a rule decides on several markets at once."""
    return isinstance(rule, MultiMarketRule)


class CandlesAlone:
    """Says of a rule that it decides by candles alone."""

    __slots__ = ()

    @property
    def needs_context(self) -> bool:
        """Tell that candles are enough."""
        return False


def ratio_of(value: float) -> Decimal:
    """Bring a float into a signal's Decimal ratio, rounded down to eight places."""
    return floor_to(Decimal(repr(float(value))), RATIO_QUANTUM)
