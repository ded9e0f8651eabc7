"""Liquidation of a paper position: when its venue would end it, and what is left then.

What remains is collateral plus profit, a negative impact of closing, less the closing fee and what
is pending. Below the least that the venue asks for, or at nothing, a keeper closes the position
without an order of ours. A loss beyond the collateral is borne by the pool, never by the account.
"""

from datetime import datetime
from decimal import Decimal

from atlas.domain.ledger import Costs, Fill, FillCause
from atlas.domain.paper_backing import bill, release_of_decrease
from atlas.domain.paper_impact import Impact, impact_of
from atlas.domain.paper_price import priced
from atlas.domain.paper_terms import MarketTerms, PaperTerms
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.units import (
    BPS,
    PRICE_QUANTUM,
    USD_QUANTUM,
    ZERO,
    ceil_to,
    exact,
    floor_to,
)


def closing_impact(position: Position, terms: MarketTerms) -> Impact:
    """Give the impact of a liquidation: never a gain, and no worse than the venue's cap."""
    impact = impact_of(terms, position.size_usd, -position.size_usd, is_long=position.is_long)
    with exact():
        worst = floor_to(-position.size_usd * terms.max_liquidation_impact_bps / BPS, USD_QUANTUM)
        return Impact(min(ZERO, max(impact.usd, worst)), impact.improves)


def required_to_stay_usd(position: Position, terms: MarketTerms) -> Decimal:
    """Give what must remain of a position for it not to be liquidated."""
    with exact():
        share = ceil_to(position.size_usd * terms.liquidation_collateral_ratio, USD_QUANTUM)
    return max(share, terms.min_collateral_usd)


def _reserve_usd(position: Position, terms: MarketTerms) -> Decimal:
    """Give what remains at a profit of nothing: collateral and impact less fees and pending."""
    impact = closing_impact(position, terms)
    fee_usd = terms.position_fee_usd(position.size_usd, improves=impact.improves)
    with exact():
        return position.collateral_usd + impact.usd - fee_usd - position.pending_usd


def remaining_usd(position: Position, price_usd: Decimal, terms: MarketTerms) -> Decimal:
    """Give what would remain of a position if it were liquidated at a price."""
    with exact():
        return _reserve_usd(position, terms) + position.unrealised_usd(price_usd)


def is_liquidatable(position: Position, quote: Quote, terms: MarketTerms) -> bool:
    """Tell whether the venue ends a position at the price that counts against it."""
    if position.is_flat:
        return False
    price_usd = quote.min_usd if position.is_long else quote.max_usd
    remaining = remaining_usd(position, price_usd, terms)
    return remaining <= 0 or remaining < required_to_stay_usd(position, terms)


def liquidation_price_usd(position: Position, terms: MarketTerms) -> Decimal | None:
    """Give the price beyond which a position is liquidated, rounded to the nearer side.

    None for a flat position, and for a long one whose collateral outlasts a price of nothing.
    """
    if position.is_flat:
        return None
    with exact():
        room = _reserve_usd(position, terms) - required_to_stay_usd(position, terms)
        edge = (position.size_usd - position.sign * room) / position.size_tokens
    if edge <= 0:
        return None
    return ceil_to(edge, PRICE_QUANTUM) if position.is_long else floor_to(edge, PRICE_QUANTUM)


def liquidated(position: Position, *, quote: Quote, terms: PaperTerms, at: datetime) -> Fill:
    """Close a position as a keeper does: at the side that hurts, with the fee of a liquidation.

    The keeper is paid by the venue. What losses and fees exceed the collateral by is the pool's.
    """
    execution = priced(
        position.size_usd,
        is_increase=False,
        quote=quote,
        position=position,
        terms=terms,
        impact=closing_impact(position, terms.market),
    )
    usual = bill(execution, position, terms.market)
    with exact():
        fee_usd = usual.position_fee_usd + terms.market.liquidation_fee_usd(position.size_usd)
    costs = Costs(usual.funding_usd, usual.borrowing_usd, fee_usd)
    release = release_of_decrease(execution, position=position, costs=costs)
    return Fill(
        market=position.market,
        is_long=position.is_long,
        is_increase=False,
        size_delta_usd=position.size_usd,
        size_delta_tokens=execution.tokens,
        price_usd=execution.price_usd,
        filled_at=at,
        collateral_delta_usd=-position.collateral_usd,
        costs=costs,
        slippage_usd=execution.slippage_usd(quote.mark_usd),
        price_impact_usd=execution.impact.usd,
        uncovered_usd=max(ZERO, -release.left_usd),
        cause=FillCause.LIQUIDATION,
    )
