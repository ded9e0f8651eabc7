"""Prices as a venue states them: a lower and an upper one, with time and source.

Which side counts depends on what we do. Opening a long and closing a short pay up and meet the
upper price; opening a short and closing a long receive and meet the lower one.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.errors import InvalidInput
from atlas.domain.units import BPS, ONE, PRICE_QUANTUM, ceil_to, exact, floor_to, plain

MAX_BOUND_BPS = 1_000  # SAFETY 3.2: no acceptable price lies further away, whatever the limits say


@dataclass(frozen=True, slots=True)
class SecondPrice:
    """What an independent source says of the same market at nearly the same moment."""

    min_usd: Decimal
    max_usd: Decimal
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of one market at one moment, in USD for one token.

    `min_usd` and `max_usd` are equal where the source knows one price only. `at` is the time the
    source vouches for, not the time we asked. `second` is what an independent source says; None
    where there is none or its price cannot be used, which is unknown and never agreement.
    """

    market: str
    min_usd: Decimal
    max_usd: Decimal
    at: datetime
    source: str
    second: SecondPrice | None = None

    def __post_init__(self) -> None:
        """Refuse what is no price: not finite, not positive, crossed, or without a time zone."""
        if not (self.min_usd.is_finite() and self.max_usd.is_finite()):
            raise InvalidInput(f"The quote of {self.market} from {self.source} is not a number.")
        if not 0 < self.min_usd <= self.max_usd:
            raise InvalidInput(
                f"The quote of {self.market} from {self.source} needs 0 < min <= max, "
                f"but is {plain(self.min_usd)} to {plain(self.max_usd)}."
            )
        if self.at.tzinfo is None:
            raise InvalidInput(f"The quote of {self.market} from {self.source} has no time zone.")

    @property
    def mark_usd(self) -> Decimal:
        """Give the middle of the two prices, the one at which positions are valued."""
        with exact():
            return floor_to((self.min_usd + self.max_usd) / 2, PRICE_QUANTUM)

    @property
    def deviation_bps(self) -> int | None:
        """Give how far the two sources' middles lie apart, rounded up; None where one is unknown."""
        if self.second is None:
            return None
        return deviation_bps(
            (self.min_usd, self.max_usd), (self.second.min_usd, self.second.max_usd)
        )


def deviation_bps(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> int:
    """Measure how far the middles of two price ranges lie apart, in bps of the smaller middle.

    Rounded up: sources that disagree by a little more than a limit are beyond it.
    """
    with exact():
        twice = (one[0] + one[1], other[0] + other[1])
        return int(ceil_to(abs(twice[0] - twice[1]) * BPS / min(twice), ONE))


def pays_up(*, is_long: bool, is_increase: bool) -> bool:
    """Tell whether an order meets the upper price: it opens a long or closes a short."""
    return is_long == is_increase


def acceptable_price_usd(
    quote: Quote, *, is_long: bool, is_increase: bool, bound_bps: int
) -> Decimal:
    """Give the worst price an order may execute at, rounded to the tighter side.

    `bound_bps` is the distance from the side price that the order meets, 1 to 1,000; anything
    else raises InvalidInput, because an order without a bound accepts every price.
    """
    if not 1 <= bound_bps <= MAX_BOUND_BPS:
        raise InvalidInput(
            f"The acceptable-price bound must be 1 to {MAX_BOUND_BPS} bps, not {bound_bps}."
        )
    with exact():
        if pays_up(is_long=is_long, is_increase=is_increase):
            return floor_to(quote.max_usd * (BPS + bound_bps) / BPS, PRICE_QUANTUM)
        return ceil_to(quote.min_usd * (BPS - bound_bps) / BPS, PRICE_QUANTUM)
