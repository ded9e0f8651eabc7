"""Price impact of a paper market: what a trade costs, or earns, for moving the sides apart or closer.

The venue's rule: the imbalance of long and short open interest, to a power, times a factor, before
the trade less the same after it. A trade that evens the sides out is paid, at the smaller factor;
one that goes through the middle earns the first part and pays the second.
"""

from dataclasses import dataclass
from decimal import Decimal

from atlas.domain.paper_terms import MarketTerms
from atlas.domain.units import BPS, USD_QUANTUM, ZERO, exact, floor_to


@dataclass(frozen=True, slots=True)
class OpenInterest:
    """What all traders hold of a market on either side, in USD at entry."""

    long_usd: Decimal
    short_usd: Decimal

    @property
    def imbalance_usd(self) -> Decimal:
        """Give the distance of the two sides, never negative."""
        with exact():
            return abs(self.long_usd - self.short_usd)

    @property
    def total_usd(self) -> Decimal:
        """Give both sides together."""
        with exact():
            return self.long_usd + self.short_usd

    def of_side(self, *, is_long: bool) -> Decimal:
        """Give one side."""
        return self.long_usd if is_long else self.short_usd

    def moved(self, delta_usd: Decimal, *, is_long: bool) -> "OpenInterest":
        """Give the interest after a trade of ours (below zero: it closes) on one side."""
        with exact():
            if is_long:
                return OpenInterest(self.long_usd + delta_usd, self.short_usd)
            return OpenInterest(self.long_usd, self.short_usd + delta_usd)

    def is_same_side_as(self, other: "OpenInterest") -> bool:
        """Tell whether the same side is the larger one in both."""
        return (self.long_usd <= self.short_usd) == (other.long_usd <= other.short_usd)


def open_interest_of(terms: MarketTerms, own_usd: Decimal, *, is_long: bool) -> OpenInterest:
    """Give the market's open interest with a position of ours in it."""
    others = OpenInterest(terms.long_open_interest_usd, terms.short_open_interest_usd)
    return others.moved(own_usd, is_long=is_long)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a trade does to the balance of its market.

    `usd` is positive where the trade is paid for it. `improves` decides which position fee counts.
    """

    usd: Decimal
    improves: bool


def impact_of(terms: MarketTerms, own_usd: Decimal, delta_usd: Decimal, *, is_long: bool) -> Impact:
    """Give the impact of adding `delta_usd` (below zero: closing) to a position of `own_usd`.

    Rounded down; a gain is capped at `max_positive_impact_bps` of the size.
    """
    before = open_interest_of(terms, own_usd, is_long=is_long)
    after = before.moved(delta_usd, is_long=is_long)
    improves = after.imbalance_usd < before.imbalance_usd
    with exact():
        raw = _raw_usd(terms, before, after, improves=improves)
        cap = abs(delta_usd) * terms.max_positive_impact_bps / BPS
        return Impact(floor_to(min(raw, cap), USD_QUANTUM), improves)


def _raw_usd(
    terms: MarketTerms, before: OpenInterest, after: OpenInterest, *, improves: bool
) -> Decimal:
    """Give the impact before the cap; the gaining factor never exceeds the losing one."""
    gaining = min(terms.positive_impact_factor, terms.negative_impact_factor)
    losing = terms.negative_impact_factor
    gain_exponent = terms.positive_impact_exponent
    loss_exponent = terms.negative_impact_exponent
    start, end = before.imbalance_usd, after.imbalance_usd
    if not before.is_same_side_as(after):
        return _power(start, gain_exponent) * gaining - _power(end, loss_exponent) * losing
    if improves:
        return (_power(start, gain_exponent) - _power(end, gain_exponent)) * gaining
    return (_power(start, loss_exponent) - _power(end, loss_exponent)) * losing


def _power(imbalance_usd: Decimal, exponent: Decimal) -> Decimal:
    return ZERO if imbalance_usd == 0 else imbalance_usd**exponent
