"""Snapshots: one account and its markets at one moment, the single truth a cycle decides on.

`None` means unknown, and unknown is never read as zero: rules that add risk refuse it, rules that
let risk out do not need it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.records import UNKNOWN_RECORDS, Records
from atlas.domain.states import SwitchState


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of an account at `taken_at`.

    `quotes` are keyed by market. `working_orders` counts orders between the gate and their end.
    `switch_state` is the effective (most restrictive) state; the gate sets it from rows read under
    its lock, everyone else leaves it None, which counts as HALTED. `records` come from the gate too.
    """

    account: str
    taken_at: datetime
    nav_usd: Decimal | None
    cash_usd: Decimal | None
    positions: tuple[Position, ...] | None
    quotes: Mapping[str, Quote]
    working_orders: int | None
    switch_state: SwitchState | None = None
    records: Records = UNKNOWN_RECORDS

    def quote(self, market: str) -> Quote | None:
        """Give the price of a market, or None where it is unknown."""
        return self.quotes.get(market)

    def held(self, market: str) -> tuple[Position, ...]:
        """Give the open positions in a market; none where positions are unknown."""
        return tuple(p for p in self.positions or () if p.market == market and not p.is_flat)

    def position(self, market: str, *, is_long: bool) -> Position:
        """Give the position of a market and side; a flat one where nothing is held or known."""
        for position in self.held(market):
            if position.is_long == is_long:
                return position
        return Position(market, is_long)
