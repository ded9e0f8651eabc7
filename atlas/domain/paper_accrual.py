"""Funding and borrowing of a paper position: what time costs.

Borrowing is paid for the pool's reserves, by the use that a side makes of it; as on the real venue
the smaller side of a market pays none. Funding goes from the larger side to the smaller one. Both
are functions of the position, the terms of its last fill and the time since, so that what is pending
can be computed anew at any moment and is never patched.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.paper_impact import OpenInterest, open_interest_of
from atlas.domain.paper_terms import MarketTerms
from atlas.domain.positions import Position
from atlas.domain.units import USD_QUANTUM, ZERO, ceil_to, exact

_MICROSECONDS = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Rates:
    """What a position pays per second for each USD of its size; negative funding is received."""

    funding: Decimal
    borrowing: Decimal


def rates_of(terms: MarketTerms, size_usd: Decimal, *, is_long: bool) -> Rates:
    """Give the rates of a position of this size, which is part of its market's open interest."""
    interest = open_interest_of(terms, size_usd, is_long=is_long)
    return Rates(
        _funding_rate(terms, interest, is_long=is_long),
        _borrowing_rate(terms, interest, is_long=is_long),
    )


def accrued(position: Position, terms: MarketTerms, *, since: datetime, at: datetime) -> Position:
    """Give a position with what it owes at `at` for the time since its last fill.

    Costs are rounded up, receipts down. Nothing has accrued at a moment before `since`: the clocks
    of two machines differ by a little.
    """
    if position.is_flat:
        return position
    rates = rates_of(terms, position.size_usd, is_long=position.is_long)
    with exact():
        seconds = Decimal((max(at, since) - since) // timedelta(microseconds=1)) / _MICROSECONDS
        funding = position.size_usd * rates.funding * seconds
        borrowing = position.size_usd * rates.borrowing * seconds
    return replace(
        position,
        pending_funding_usd=ceil_to(funding, USD_QUANTUM),
        pending_borrowing_usd=ceil_to(borrowing, USD_QUANTUM),
    )


def _borrowing_rate(terms: MarketTerms, interest: OpenInterest, *, is_long: bool) -> Decimal:
    """Give factor x use of the pool; nothing for the smaller side."""
    own, other = interest.of_side(is_long=is_long), interest.of_side(is_long=not is_long)
    if own < other:
        return ZERO
    with exact():
        return terms.borrowing_factor * own / terms.pool_usd


def _funding_rate(terms: MarketTerms, interest: OpenInterest, *, is_long: bool) -> Decimal:
    """Give factor x imbalance / total to the payers; the others share what those pay."""
    if interest.total_usd == 0:
        return ZERO
    own, other = interest.of_side(is_long=is_long), interest.of_side(is_long=not is_long)
    with exact():
        paid = terms.funding_factor * interest.imbalance_usd / interest.total_usd
        if own >= other:
            return paid
        return -paid * other / own if own else ZERO
