"""The execution price of a paper order: the side that hurts, spread and slippage, and the impact.

As on the venue it stands for, the impact is spread over the tokens: an increase buys more or fewer
of them for the same size, a decrease releases its share at a better or worse price.
"""

from dataclasses import dataclass
from decimal import Decimal

from atlas.domain.paper_impact import Impact, impact_of
from atlas.domain.paper_refusals import ImpactTooLarge
from atlas.domain.paper_terms import PaperTerms
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote, pays_up
from atlas.domain.units import (
    BPS,
    PRICE_QUANTUM,
    TOKEN_QUANTUM,
    USD_QUANTUM,
    ceil_to,
    exact,
    floor_to,
    plain,
)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a size goes through: its price before and with the impact, and how many tokens that is."""

    size_usd: Decimal
    is_increase: bool
    side_price_usd: Decimal
    price_usd: Decimal
    tokens: Decimal
    impact: Impact

    def slippage_usd(self, mark_usd: Decimal) -> Decimal:
        """Give what spread and slippage cost against the mark, without the impact, rounded up."""
        with exact():
            return ceil_to(abs(self.side_price_usd - mark_usd) * self.tokens, USD_QUANTUM)


def side_price_usd(quote: Quote, terms: PaperTerms, *, paying_up: bool) -> Decimal:
    """Give the price before impact: the side that hurts, plus spread and slippage."""
    worse_bps = terms.half_spread_bps + terms.slippage_bps
    with exact():
        if paying_up:
            return ceil_to(quote.max_usd * (BPS + worse_bps) / BPS, PRICE_QUANTUM)
        return floor_to(quote.min_usd * (BPS - worse_bps) / BPS, PRICE_QUANTUM)


def priced(
    size_usd: Decimal,
    *,
    is_increase: bool,
    quote: Quote,
    position: Position,
    terms: PaperTerms,
    impact: Impact | None = None,
) -> Execution:
    """Price a size that a position gains or loses; `impact` is the market's own unless given.

    Raises ImpactTooLarge where the impact would eat the whole size.
    """
    delta_usd = size_usd if is_increase else -size_usd
    if impact is None:
        impact = impact_of(terms.market, position.size_usd, delta_usd, is_long=position.is_long)
    paying_up = pays_up(is_long=position.is_long, is_increase=is_increase)
    side = side_price_usd(quote, terms, paying_up=paying_up)
    if not is_increase:
        tokens = position.tokens_share(size_usd)
        price = _price_out(side, impact.usd, tokens, position, paying_up=paying_up)
        return Execution(size_usd, is_increase, side, price, tokens, impact)
    price = _price_in(side, impact.usd, size_usd, position, paying_up=paying_up)
    with exact():
        share = size_usd / price
    tokens = (floor_to if position.is_long else ceil_to)(share, TOKEN_QUANTUM)
    return Execution(size_usd, is_increase, side, price, tokens, impact)


def _price_in(
    side: Decimal, impact_usd: Decimal, size_usd: Decimal, position: Position, *, paying_up: bool
) -> Decimal:
    """Spread the impact over the tokens that are bought or owed."""
    with exact():
        worth = size_usd + position.sign * impact_usd
        if worth <= 0:
            raise _too_large(position.market, impact_usd, size_usd)
        return _rounded(side * size_usd / worth, paying_up=paying_up)


def _price_out(
    side: Decimal, impact_usd: Decimal, tokens: Decimal, position: Position, *, paying_up: bool
) -> Decimal:
    """Spread the impact over the tokens that are released."""
    with exact():
        price = _rounded(side + position.sign * impact_usd / tokens, paying_up=paying_up)
        if price <= 0:
            raise _too_large(position.market, impact_usd, tokens * side)
    return price


def _rounded(price: Decimal, *, paying_up: bool) -> Decimal:
    return ceil_to(price, PRICE_QUANTUM) if paying_up else floor_to(price, PRICE_QUANTUM)


def _too_large(market: str, impact_usd: Decimal, size_usd: Decimal) -> ImpactTooLarge:
    return ImpactTooLarge(
        f"The price impact of {plain(impact_usd)} USD in {market} is as large as the order of "
        f"{size_usd:.2f} USD: make it smaller."
    )
