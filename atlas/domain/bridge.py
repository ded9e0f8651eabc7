"""The PnL bridge: what led from the opening NAV to the closing one, and what nobody explained.

opening NAV + flows + trading PnL + position fees + funding + borrowing + price impact
+ gas and keeper fees + manager fees + residual = closing NAV, to the last digit. Each leg is its
effect on the NAV: what was paid is negative. A leg that is not known is not zero: it is named, and
what it came to lies in the residual.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from atlas.domain.errors import InvalidInput
from atlas.domain.units import RATIO_QUANTUM, ZERO, exact, floor_to


class Leg(StrEnum):
    """The legs of the bridge, in the order in which they are shown."""

    FLOWS = "flows"
    TRADING_PNL = "trading_pnl"
    POSITION_FEES = "position_fees"
    FUNDING = "funding"
    BORROWING = "borrowing"
    PRICE_IMPACT = "price_impact"
    GAS_AND_KEEPER_FEES = "gas_and_keeper_fees"
    MANAGER_FEES = "manager_fees"


# Costs alone: they may never add to the NAV. Funding, impact and PnL may go either way.
_COSTS = frozenset({Leg.POSITION_FEES, Leg.BORROWING, Leg.GAS_AND_KEEPER_FEES, Leg.MANAGER_FEES})

Legs = Mapping[Leg, Decimal | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the bridge; `after_usd` is the NAV once it is added, None amounts adding nothing."""

    leg: Leg
    amount_usd: Decimal | None
    after_usd: Decimal


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge over one window.

    `residual_usd` is what the known legs leave unexplained; `unknown` names the legs that nobody
    reported.
    """

    opening_nav_usd: Decimal
    steps: tuple[Step, ...]
    residual_usd: Decimal
    closing_nav_usd: Decimal
    unknown: tuple[Leg, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether every leg is known."""
        return not self.unknown

    @property
    def residual_ratio(self) -> Decimal | None:
        """Give the residual as a ratio of the opening NAV, rounded down; None where that is zero."""
        if self.opening_nav_usd == 0:
            return None
        with exact():
            return floor_to(self.residual_usd / self.opening_nav_usd, RATIO_QUANTUM)

    def closes_within(self, tolerance_usd: Decimal) -> bool:
        """Tell whether the residual is no larger than a tolerance."""
        return self.residual_usd.copy_abs() <= tolerance_usd


def bridge(*, opening_nav_usd: Decimal, closing_nav_usd: Decimal, legs: Legs) -> Bridge:
    """Build the bridge from one NAV to another; a leg that is left out or None is unknown.

    Trading PnL comes without price impact (`trading_pnl_before_impact`) and without any of the
    costs. Raises InvalidInput where a NAV is negative, a number is not finite or a cost would add
    to the NAV.
    """
    _check(opening_nav_usd, closing_nav_usd, legs)
    steps: list[Step] = []
    reached = opening_nav_usd
    with exact():
        for leg in Leg:
            amount = legs.get(leg)
            reached += amount or ZERO
            steps.append(Step(leg, amount, reached))
        residual = closing_nav_usd - reached
    return Bridge(
        opening_nav_usd=opening_nav_usd,
        steps=tuple(steps),
        residual_usd=residual,
        closing_nav_usd=closing_nav_usd,
        unknown=tuple(leg for leg in Leg if legs.get(leg) is None),
    )


def trading_pnl_before_impact(*, ledger_pnl_usd: Decimal, price_impact_usd: Decimal) -> Decimal:
    """Take price impact out of the PnL of a ledger, whose execution prices hold it already.

    `price_impact_usd` is its effect on the NAV: negative where it cost us.
    """
    with exact():
        return ledger_pnl_usd - price_impact_usd


def sum_legs(parts: Iterable[Legs]) -> dict[Leg, Decimal | None]:
    """Add up the legs of consecutive windows or of several accounts, all of which must be known.

    A leg that one part does not know is unknown in the sum.
    """
    given = list(parts)
    with exact():
        return {leg: _sum_known([part.get(leg) for part in given]) for leg in Leg}


def _sum_known(amounts: list[Decimal | None]) -> Decimal | None:
    """Add up amounts if none is missing."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known and len(known) == len(amounts) else None


def _check(opening_nav_usd: Decimal, closing_nav_usd: Decimal, legs: Legs) -> None:
    """Refuse what cannot be a bridge."""
    amounts = {leg: amount for leg, amount in legs.items() if amount is not None}
    for number in (opening_nav_usd, closing_nav_usd, *amounts.values()):
        if not number.is_finite():
            raise InvalidInput(f"A bridge is made of finite amounts, not of {number}.")
    if min(opening_nav_usd, closing_nav_usd) < 0:
        raise InvalidInput(f"A NAV is negative: {opening_nav_usd} to {closing_nav_usd}.")
    for leg in _COSTS & amounts.keys():
        if amounts[leg] > 0:
            raise InvalidInput(f"{leg.value} is {amounts[leg]}; what was paid is negative.")
