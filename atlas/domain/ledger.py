"""The ledger: positions and cash as folds of what happened, recomputed and never patched.

A fill increases or decreases one position (market and side). A flip is a fill that closes one side
and a fill that opens the other. Four costs stay apart for ever: funding, borrowing, position fee
and execution fee. Slippage and price impact are part of the execution price and therefore of the
realised profit; they are kept beside it to be shown, and are never subtracted a second time.

Identities that hold to the last digit, whatever happened:
  cash   = flows + realised - costs - collateral
  equity = cash + sum of position values = flows + realised + unrealised - costs
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from atlas.domain.errors import Bug, UnusableData
from atlas.domain.positions import Position, PositionKey
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


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution at a venue.

    `size_delta_usd` and `size_delta_tokens` are positive. On an increase they are what was added;
    on a decrease `size_delta_usd` is the entry notional that was released (GMX's meaning), and
    closing releases exactly all. `collateral_delta_usd` is what moved from cash into the position
    (negative: back out). `slippage_usd` and `price_impact_usd` are already inside `price_usd`.
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

    def __post_init__(self) -> None:
        """Refuse a fill of nothing or at no price."""
        if min(self.size_delta_usd, self.size_delta_tokens, self.price_usd) <= 0:
            raise Bug(f"A fill in {self.market} needs positive sizes and a price: {self}.")

    @property
    def key(self) -> PositionKey:
        """Give market and side of the position that the fill changes."""
        return PositionKey(self.market, self.is_long)


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """One position with its history: what it realised and what it cost.

    `episode` counts how often the position was opened from zero; a stop that belongs to an earlier
    episode must not fire in a later one.
    """

    position: Position
    realised_usd: Decimal = ZERO
    costs: Costs = field(default_factory=Costs)
    slippage_usd: Decimal = ZERO
    price_impact_usd: Decimal = ZERO
    fills: int = 0
    episode: int = 0
    opened_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def net_realised_usd(self) -> Decimal:
        """Give the realised profit after the four costs."""
        with exact():
            return self.realised_usd - self.costs.total_usd


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that enters (positive) or leaves (negative) an account; never performance."""

    amount_usd: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Flows and fills folded: the cash at hand and every position the account ever had."""

    cash_usd: Decimal
    flows_usd: Decimal
    records: Mapping[PositionKey, PositionRecord]

    @property
    def open_positions(self) -> tuple[Position, ...]:
        """Give the positions that are not flat, in a fixed order."""
        return tuple(
            self.records[key].position
            for key in sorted(self.records)
            if not self.records[key].position.is_flat
        )

    @property
    def costs(self) -> Costs:
        """Add up the costs of all positions."""
        return sum((record.costs for record in self.records.values()), start=Costs())

    @property
    def realised_usd(self) -> Decimal:
        """Add up what closing realised, before costs."""
        with exact():
            return sum((record.realised_usd for record in self.records.values()), start=ZERO)

    def unrealised_usd(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Add up the open profit at the marks, USD by market; UnusableData when one is missing."""
        with exact():
            return sum(
                (p.unrealised_usd(_mark(marks, p.market)) for p in self.open_positions), start=ZERO
            )

    def equity_usd(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Give cash plus the value of the open positions; UnusableData when a mark is missing."""
        with exact():
            values = (p.value_usd(_mark(marks, p.market)) for p in self.open_positions)
            return self.cash_usd + sum(values, start=ZERO)


def _mark(marks: Mapping[str, Decimal], market: str) -> Decimal:
    if market not in marks:
        raise UnusableData(
            f"There is no mark price for {market}, so its position cannot be valued.",
            detail={"market": market},
        )
    return marks[market]


def realised_by(fill: Fill) -> Decimal:
    """Give the profit that a fill realised before costs, rounded down; 0 for an increase."""
    if fill.is_increase:
        return ZERO
    sign = 1 if fill.is_long else -1
    with exact():
        return floor_to(
            sign * (fill.size_delta_tokens * fill.price_usd - fill.size_delta_usd), USD_QUANTUM
        )


def cash_delta_usd(fill: Fill) -> Decimal:
    """Give what a fill did to the cash: realised profit less costs less posted collateral."""
    with exact():
        return realised_by(fill) - fill.costs.total_usd - fill.collateral_delta_usd


def apply_fill(record: PositionRecord | None, fill: Fill) -> PositionRecord:
    """Fold one fill into the record of its position; None is a position that never was.

    A decrease larger than the position, or a close that leaves collateral behind, is a Bug: the
    fills are incomplete or out of order.
    """
    before = record or PositionRecord(Position(fill.market, fill.is_long))
    if before.position.key != fill.key:
        raise Bug(f"A fill of {fill.key} was folded into the position {before.position.key}.")
    after = _moved(before.position, fill)
    opens = before.position.is_flat
    with exact():
        return replace(
            before,
            position=after,
            realised_usd=before.realised_usd + realised_by(fill),
            costs=before.costs + fill.costs,
            slippage_usd=before.slippage_usd + fill.slippage_usd,
            price_impact_usd=before.price_impact_usd + fill.price_impact_usd,
            fills=before.fills + 1,
            episode=before.episode + opens,
            opened_at=fill.filled_at if opens else before.opened_at,
            changed_at=fill.filled_at,
        )


def _moved(position: Position, fill: Fill) -> Position:
    sign = 1 if fill.is_increase else -1
    with exact():
        size_usd = position.size_usd + sign * fill.size_delta_usd
        size_tokens = position.size_tokens + sign * fill.size_delta_tokens
        collateral_usd = position.collateral_usd + fill.collateral_delta_usd
    if size_usd < 0 or size_tokens < 0:
        raise Bug(
            f"A decrease of {fill.size_delta_usd} USD is larger than the {fill.market} position "
            f"of {position.size_usd} USD: fills are missing or out of order."
        )
    if size_tokens == 0 and collateral_usd != 0:
        raise Bug(f"Closing {fill.market} would leave {collateral_usd} USD of collateral behind.")
    return Position(fill.market, fill.is_long, size_usd, size_tokens, collateral_usd)


def fold_fills(fills: Iterable[Fill]) -> dict[PositionKey, PositionRecord]:
    """Fold fills, oldest first, into one record per position."""
    records: dict[PositionKey, PositionRecord] = {}
    for fill in fills:
        records[fill.key] = apply_fill(records.get(fill.key), fill)
    return records


def fold_account(flows: Iterable[Flow], fills: Iterable[Fill]) -> Account:
    """Fold an account's flows and fills (oldest first) into cash and positions."""
    history = tuple(fills)
    with exact():
        flows_usd = sum((flow.amount_usd for flow in flows), start=ZERO)
        cash_usd = flows_usd + sum((cash_delta_usd(fill) for fill in history), start=ZERO)
    return Account(cash_usd, flows_usd, fold_fills(history))
