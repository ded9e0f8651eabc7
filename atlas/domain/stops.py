"""Stops and take-profits: levels that a rule set and the account watches for itself.

The vault cannot leave them with GMX, so they are prices to be compared with every quote. A level
counts from the signal that set it until the next signal of its market. The quote's side that a close
would meet is what counts: a stop fires rather earlier than later, a take-profit never short of
its level.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from atlas.domain.errors import InvalidInput
from atlas.domain.quotes import Quote, pays_up
from atlas.domain.signals import Signal
from atlas.domain.units import ONE, ZERO, plain

# A closing decision is acted on at once, on the price it was made by.
VALID_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Protection:
    """Who decides by levels, beside the rules: its name and version stand on its signals."""

    name: str = "protection"
    version: int = 1


PROTECTION = Protection()


class Trigger(StrEnum):
    """Which level was touched."""

    STOP = "stop"
    TAKE_PROFIT = "take-profit"


@dataclass(frozen=True, slots=True)
class Levels:
    """The prices in USD at which a position of one market and side is to be closed."""

    market: str
    is_long: bool
    stop_usd: Decimal | None
    take_profit_usd: Decimal | None

    def touched(self, quote: Quote) -> Trigger | None:
        """Tell which level a quote has reached; the stop first."""
        price_usd = closing_price_usd(quote, is_long=self.is_long)
        if self.stop_usd is not None and self._is_lost(price_usd, self.stop_usd):
            return Trigger.STOP
        if self.take_profit_usd is not None and self._is_won(price_usd, self.take_profit_usd):
            return Trigger.TAKE_PROFIT
        return None

    def closing_signal(self, quote: Quote, *, at: datetime) -> Signal | None:
        """Give the signal that closes the position, None while no level is touched."""
        trigger = self.touched(quote)
        if trigger is None:
            return None
        level = self.stop_usd if trigger is Trigger.STOP else self.take_profit_usd
        price_usd = closing_price_usd(quote, is_long=self.is_long)
        if level is None:
            raise InvalidInput(f"{self.market} has no {trigger} that could be touched.")
        return Signal(
            market=self.market,
            target_exposure_ratio=ZERO,
            confidence_ratio=ONE,
            as_of_at=at,
            valid_until_at=at + VALID_FOR,
            reason=(
                f"The {trigger} of the {'long' if self.is_long else 'short'} at {plain(level)} USD "
                f"was touched: closing gets {plain(price_usd)} USD ({quote.source})."
            ),
            indicators={"level": float(level), "price": float(price_usd)},
        )

    def as_json(self) -> dict[str, Any]:
        """Give the levels as JSON values: prices as plain strings."""
        return {
            "market": self.market,
            "is_long": self.is_long,
            "stop_usd": None if self.stop_usd is None else plain(self.stop_usd),
            "take_profit_usd": (
                None if self.take_profit_usd is None else plain(self.take_profit_usd)
            ),
        }

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Levels":
        """Read levels that `as_json` wrote."""
        stop, target = given["stop_usd"], given["take_profit_usd"]
        return cls(
            market=given["market"],
            is_long=given["is_long"],
            stop_usd=None if stop is None else Decimal(stop),
            take_profit_usd=None if target is None else Decimal(target),
        )

    def _is_lost(self, price_usd: Decimal, level_usd: Decimal) -> bool:
        return price_usd <= level_usd if self.is_long else price_usd >= level_usd

    def _is_won(self, price_usd: Decimal, level_usd: Decimal) -> bool:
        return price_usd >= level_usd if self.is_long else price_usd <= level_usd


def closing_price_usd(quote: Quote, *, is_long: bool) -> Decimal:
    """Give the side of a quote that closing a position meets."""
    return quote.max_usd if pays_up(is_long=is_long, is_increase=False) else quote.min_usd


# A stop that could not be carried out is tried again after this, doubled each time.
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)


def wait_after(failures: int) -> timedelta:
    """Give how long to wait after so many failures in a row (0 or more)."""
    if failures <= 0:
        return timedelta(0)
    times: int = 2 ** min(failures - 1, 10)
    return min(FIRST_WAIT * times, LONGEST_WAIT)
