"""A position as GMX keeps it: its size in USD at entry, the same in tokens, and its collateral.

The average entry price is their quotient and is derived, never stored. Profit is the value of the
tokens at a price against the size at entry. What time has cost since the last fill is pending: it
is owed, part of what the position is worth, and paid with the next fill. A position cannot be worth
less than nothing, because a loss ends at its collateral.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from atlas.domain.errors import Bug
from atlas.domain.units import (
    PRICE_QUANTUM,
    TOKEN_QUANTUM,
    USD_QUANTUM,
    ZERO,
    ceil_to,
    exact,
    floor_to,
)


class PositionKey(NamedTuple):
    """What tells two positions of one account apart."""

    market: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class Position:
    """What an account holds in one market on one side.

    `size_usd` is the notional at entry, `size_tokens` the amount of the index token, both 0 or
    both positive; `collateral_usd` backs them. A flat position is all zeros. The pending costs are
    those since the last fill; pending funding is negative where it is received.
    """

    market: str
    is_long: bool
    size_usd: Decimal = ZERO
    size_tokens: Decimal = ZERO
    collateral_usd: Decimal = ZERO
    pending_funding_usd: Decimal = ZERO
    pending_borrowing_usd: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse a position that cannot exist."""
        if (
            self.size_usd < 0
            or self.size_tokens < 0
            or (self.size_usd > 0) != (self.size_tokens > 0)
        ):
            raise Bug(
                f"A position in {self.market} cannot have {self.size_usd} USD and "
                f"{self.size_tokens} tokens."
            )
        if self.pending_borrowing_usd < 0:
            raise Bug(f"Borrowing in {self.market} cannot be negative.")

    @property
    def key(self) -> PositionKey:
        """Give market and side."""
        return PositionKey(self.market, self.is_long)

    @property
    def is_flat(self) -> bool:
        """Tell whether nothing is held."""
        return self.size_tokens == 0

    @property
    def sign(self) -> int:
        """Give +1 for a long and -1 for a short."""
        return 1 if self.is_long else -1

    @property
    def average_entry_usd(self) -> Decimal | None:
        """Give the average entry price, rounded against us; None when flat."""
        if self.is_flat:
            return None
        with exact():
            price = self.size_usd / self.size_tokens
        round_against_us = ceil_to if self.is_long else floor_to
        return round_against_us(price, PRICE_QUANTUM)

    def notional_usd(self, price_usd: Decimal) -> Decimal:
        """Give the unsigned value of the tokens at a price, rounded up: exposure is never small."""
        with exact():
            return ceil_to(self.size_tokens * price_usd, USD_QUANTUM)

    def signed_notional_usd(self, price_usd: Decimal) -> Decimal:
        """Give the value of the tokens at a price, negative for a short."""
        return self.sign * self.notional_usd(price_usd)

    def unrealised_usd(self, price_usd: Decimal) -> Decimal:
        """Give the profit that closing at a price would realise before costs, rounded down."""
        with exact():
            return floor_to(self.sign * (self.size_tokens * price_usd - self.size_usd), USD_QUANTUM)

    @property
    def pending_usd(self) -> Decimal:
        """Give what is owed for the time since the last fill; negative where more is received."""
        with exact():
            return self.pending_funding_usd + self.pending_borrowing_usd

    def value_usd(self, price_usd: Decimal) -> Decimal:
        """Give what the position is worth at a price, never below zero.

        Collateral plus unrealised profit less what is pending.
        """
        with exact():
            worth = self.collateral_usd + self.unrealised_usd(price_usd) - self.pending_usd
            return max(worth, ZERO)

    def covered_unrealised_usd(self, price_usd: Decimal) -> Decimal:
        """Give the open profit as far as it counts: a loss beyond the collateral is the pool's.

        It is what makes value = collateral + this - pending exact.
        """
        with exact():
            return self.value_usd(price_usd) - self.collateral_usd + self.pending_usd

    def collateral_share_usd(self, size_delta_usd: Decimal) -> Decimal:
        """Give the collateral that a decrease sets free: all on a close, else its share, floored."""
        if size_delta_usd == self.size_usd:
            return self.collateral_usd
        with exact():
            return floor_to(self.collateral_usd * size_delta_usd / self.size_usd, USD_QUANTUM)

    def tokens_share(self, size_delta_usd: Decimal) -> Decimal:
        """Give the tokens that a decrease releases: all on a close, else its share.

        The share is rounded up for a long and down for a short, as GMX does.
        """
        if size_delta_usd == self.size_usd:
            return self.size_tokens
        with exact():
            share = self.size_tokens * size_delta_usd / self.size_usd
        return ceil_to(share, TOKEN_QUANTUM) if self.is_long else floor_to(share, TOKEN_QUANTUM)
