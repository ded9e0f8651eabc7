"""The ledger: positions and cash as folds of what happened, recomputed and never patched.

A fill increases or decreases one position (market and side). A flip is a fill that closes one side
and a fill that opens the other. Four costs stay apart for ever: funding, borrowing, position fee
and execution fee. Slippage and price impact are part of the execution price and therefore of the
realised profit; they are kept beside it to be shown, and are never subtracted a second time.

Signs. Costs and slippage are positive where we paid. `price_impact_usd` is the venue's own number:
positive is a GAIN (the trade evened the market out), negative is what the trade lost by it. Whoever
builds a bridge adds it as it is. `uncovered_usd` is the loss beyond the collateral, which the pool
bears; it is counted back into the realised profit, so that an account never owes it.

A charge is a cost without a fill: the keeper's fee of an order that the venue cancelled. What time
has cost since the last fill is pending: it lies in the value of the positions and in the open
costs, and becomes a cost of the next fill.

Identities that hold to the last digit, whatever happened:
  cash   = flows + realised - costs - collateral
  equity = cash + sum of position values = flows + realised + unrealised - costs - pending
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from atlas.domain.errors import Bug, UnusableData
from atlas.domain.ledger_entries import (
    Charge,
    Costs,
    Fill,
    FillCause,
    Flow,
    cash_delta_usd,
    profit_usd,
    realised_by,
)
from atlas.domain.positions import Position, PositionKey
from atlas.domain.units import ZERO, exact

__all__ = [
    "Account",
    "Charge",
    "Costs",
    "Fill",
    "FillCause",
    "Flow",
    "PositionRecord",
    "apply_fill",
    "cash_delta_usd",
    "fold_account",
    "fold_fills",
    "profit_usd",
    "realised_by",
]


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
class Account:
    """Flows, fills and charges folded: the cash at hand and every position there ever was."""

    cash_usd: Decimal
    flows_usd: Decimal
    records: Mapping[PositionKey, PositionRecord]
    charges_usd: Decimal = ZERO

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
        """Add up the costs of all positions, and the charges."""
        charged = Costs(execution_fee_usd=self.charges_usd)
        return sum((record.costs for record in self.records.values()), start=charged)

    @property
    def realised_usd(self) -> Decimal:
        """Add up what closing realised, before costs."""
        with exact():
            return sum((record.realised_usd for record in self.records.values()), start=ZERO)

    def unrealised_usd(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Add up the open profit at the marks, USD by market; UnusableData when one is missing.

        A loss counts as far as the collateral covers it.
        """
        with exact():
            return sum(
                (p.covered_unrealised_usd(_mark(marks, p.market)) for p in self.open_positions),
                start=ZERO,
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


def fold_account(
    flows: Iterable[Flow], fills: Iterable[Fill], charges: Iterable[Charge] = ()
) -> Account:
    """Fold an account's flows, fills (oldest first) and charges into cash and positions."""
    history = tuple(fills)
    with exact():
        flows_usd = sum((flow.amount_usd for flow in flows), start=ZERO)
        charges_usd = sum((charge.amount_usd for charge in charges), start=ZERO)
        filled_usd = sum((cash_delta_usd(fill) for fill in history), start=ZERO)
        cash_usd = flows_usd + filled_usd - charges_usd
    return Account(cash_usd, flows_usd, fold_fills(history), charges_usd)
