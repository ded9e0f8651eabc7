"""The entries of the ledger: what happened to an account, one value each.

Fills, flows and charges are all there is; `atlas.domain.ledger` says what their figures mean, which
signs they carry, and folds them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from atlas.domain.errors import Bug
from atlas.domain.positions import PositionKey
from atlas.domain.units import USD_QUANTUM, ZERO, exact, floor_to


@dataclass(frozen=True, slots=True)
class Costs:
    """The four costs of trading a perpetual, in USD; positive means we paid.

    Funding alone may be negative: the other side pays us.
    """

    funding_usd: Decimal = ZERO
    borrowing_usd: Decimal = ZERO
    position_fee_usd: Decimal = ZERO
    execution_fee_usd: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse a negative fee."""
        if min(self.borrowing_usd, self.position_fee_usd, self.execution_fee_usd) < 0:
            raise Bug(f"A fee cannot be negative: {self}.")

    @property
    def total_usd(self) -> Decimal:
        """Add the four up."""
        with exact():
            return (
                self.funding_usd
                + self.borrowing_usd
                + self.position_fee_usd
                + self.execution_fee_usd
            )

    def __add__(self, other: "Costs") -> "Costs":
        """Add two bills, each cost to its own kind."""
        with exact():
            return Costs(
                self.funding_usd + other.funding_usd,
                self.borrowing_usd + other.borrowing_usd,
                self.position_fee_usd + other.position_fee_usd,
                self.execution_fee_usd + other.execution_fee_usd,
            )


class FillCause(StrEnum):
    """On whose account something was executed; only an order is ours."""

    ORDER = "ORDER"
    LIQUIDATION = "LIQUIDATION"
    ADL = "ADL"
    FOREIGN_ORDER = "FOREIGN_ORDER"


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution at a venue.

    `size_delta_usd` and `size_delta_tokens` are positive. On an increase they are what was added;
    on a decrease `size_delta_usd` is the entry notional that was released (GMX's meaning), and
    closing releases exactly all. `collateral_delta_usd` is what moved from cash into the position
    (negative: back out). `slippage_usd` and `price_impact_usd` are already inside `price_usd`.
    `uncovered_usd` is what losses and fees exceeded the collateral by: the pool's, never ours.
    """

    market: str
    is_long: bool
    is_increase: bool
    size_delta_usd: Decimal
    size_delta_tokens: Decimal
    price_usd: Decimal
    filled_at: datetime
    collateral_delta_usd: Decimal = ZERO
    costs: Costs = field(default_factory=Costs)
    slippage_usd: Decimal = ZERO
    price_impact_usd: Decimal = ZERO
    uncovered_usd: Decimal = ZERO
    cause: FillCause = FillCause.ORDER

    def __post_init__(self) -> None:
        """Refuse a fill of nothing or at no price."""
        if self.uncovered_usd < 0 or (self.uncovered_usd and self.is_increase):
            raise Bug(f"Only a decrease can leave a loss uncovered: {self}.")
        if min(self.size_delta_usd, self.size_delta_tokens, self.price_usd) <= 0:
            raise Bug(f"A fill in {self.market} needs positive sizes and a price: {self}.")

    @property
    def key(self) -> PositionKey:
        """Give market and side of the position that the fill changes."""
        return PositionKey(self.market, self.is_long)


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that enters (positive) or leaves (negative) an account; never performance."""

    amount_usd: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """A keeper's fee that was lost without a fill, because the venue cancelled the order."""

    amount_usd: Decimal
    at: datetime

    def __post_init__(self) -> None:
        """Refuse a negative fee."""
        if self.amount_usd < 0:
            raise Bug(f"A fee cannot be negative: {self}.")


def profit_usd(size_usd: Decimal, tokens: Decimal, price_usd: Decimal, *, is_long: bool) -> Decimal:
    """Give the profit of releasing tokens that entered at `size_usd`, before costs, rounded down."""
    sign = 1 if is_long else -1
    with exact():
        return floor_to(sign * (tokens * price_usd - size_usd), USD_QUANTUM)


def realised_by(fill: Fill) -> Decimal:
    """Give the profit that a fill realised before costs; 0 for an increase.

    What the collateral did not cover is not our loss and counts back.
    """
    if fill.is_increase:
        return ZERO
    profit = profit_usd(
        fill.size_delta_usd, fill.size_delta_tokens, fill.price_usd, is_long=fill.is_long
    )
    with exact():
        return profit + fill.uncovered_usd


def cash_delta_usd(fill: Fill) -> Decimal:
    """Give what a fill did to the cash: realised profit less costs less posted collateral."""
    with exact():
        return realised_by(fill) - fill.costs.total_usd - fill.collateral_delta_usd
