"""The paper fill: what a market order costs when no chain is asked.

Paper is a venue, and it is not kinder than the real one: an order meets the side of the quote that
hurts, half a spread, slippage and price impact on top, a position fee on its size, what time has
cost since the last fill, and the keeper's fee. Every rounding is against us. What the venue
refuses, it refuses as the real one would. The formulas are told in docs/paper-venue.md.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.errors import Bug
from atlas.domain.intents import ORDER_KINDS, OrderIntent
from atlas.domain.ledger import Costs, Fill
from atlas.domain.paper_backing import (
    backing_of_increase,
    bill,
    freed_by_decrease,
    release_of_decrease,
    require_covered,
)
from atlas.domain.paper_price import Execution, priced
from atlas.domain.paper_refusals import PositionMismatch, PriceNotAcceptable
from atlas.domain.paper_terms import PaperTerms
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote, pays_up
from atlas.domain.states import PermitKind
from atlas.domain.units import exact, plain


def fill_market_order(
    intent: OrderIntent,
    *,
    quote: Quote,
    position: Position,
    cash_usd: Decimal,
    terms: PaperTerms,
    at: datetime,
) -> Fill:
    """Execute a market order on paper.

    `position` is the account's position of the intent's market and side (flat if none) with what is
    pending on it, `cash_usd` the account's cash. Raises the refusals of `paper_refusals`; getting
    out is never refused for want of cash. A decrease that would leave dust closes everything.
    """
    _require_match(intent, quote, position)
    deal = _Deal(intent, quote, position, terms, at)
    return deal.increased(cash_usd) if intent.is_increase else deal.decreased()


@dataclass(frozen=True, slots=True)
class _Deal:
    """One order meeting one position at one price."""

    intent: OrderIntent
    quote: Quote
    position: Position
    terms: PaperTerms
    at: datetime

    def increased(self, cash_usd: Decimal) -> Fill:
        """Add the order's size."""
        execution = self._priced(self.intent.size_delta_usd)
        costs = bill(execution, self.position, self.terms.market)
        collateral_usd = backing_of_increase(
            self.intent.collateral_delta_usd,
            execution,
            position=self.position,
            costs=costs,
            cash_usd=cash_usd,
            terms=self.terms.market,
        )
        return self._fill(execution, costs, collateral_usd)

    def decreased(self) -> Fill:
        """Release the order's size, or everything where the rest could not stand alone."""
        market, position = self.terms.market, self.position
        size_usd = self.intent.size_delta_usd
        with exact():
            left_usd = position.size_usd - size_usd
        if left_usd < market.min_position_usd:
            return self._closed()
        execution = self._priced(size_usd)
        costs = bill(execution, position, market)
        release = release_of_decrease(execution, position=position, costs=costs)
        freed = freed_by_decrease(
            -self.intent.collateral_delta_usd, execution, release, position=position, terms=market
        )
        if freed is None:
            return self._closed()
        with exact():
            return self._fill(execution, costs, -(release.taken_usd + freed))

    def _closed(self) -> Fill:
        """Release everything; all collateral leaves the position, to pay or to come back."""
        execution = self._priced(self.position.size_usd)
        costs = bill(execution, self.position, self.terms.market)
        release = release_of_decrease(execution, position=self.position, costs=costs)
        require_covered(release, self.position)
        return self._fill(execution, costs, -self.position.collateral_usd)

    def _priced(self, size_usd: Decimal) -> Execution:
        """Price a size, and hold it against the acceptable price."""
        execution = priced(
            size_usd,
            is_increase=self.intent.is_increase,
            quote=self.quote,
            position=self.position,
            terms=self.terms,
        )
        _require_acceptable(self.intent, execution.price_usd)
        return execution

    def _fill(self, execution: Execution, costs: Costs, collateral_usd: Decimal) -> Fill:
        return Fill(
            market=self.position.market,
            is_long=self.position.is_long,
            is_increase=execution.is_increase,
            size_delta_usd=execution.size_usd,
            size_delta_tokens=execution.tokens,
            price_usd=execution.price_usd,
            filled_at=self.at,
            collateral_delta_usd=collateral_usd,
            costs=costs,
            slippage_usd=execution.slippage_usd(self.quote.mark_usd),
            price_impact_usd=execution.impact.usd,
        )


def _require_match(intent: OrderIntent, quote: Quote, position: Position) -> None:
    if intent.kind not in ORDER_KINDS - {PermitKind.SWAP}:
        raise Bug(f"The paper venue has no {intent.kind} orders.")
    if quote.market != intent.market or position.key != (intent.market, intent.is_long):
        raise Bug(f"The order in {intent.market} came with another market's quote or position.")
    if position.size_usd != intent.expected_pre_size_usd:
        raise PositionMismatch(
            f"The order in {intent.market} expects a position of "
            f"{plain(intent.expected_pre_size_usd)} USD, but it is {plain(position.size_usd)} USD."
        )
    if not intent.is_increase and intent.size_delta_usd > position.size_usd:
        raise PositionMismatch(
            f"A decrease of {plain(intent.size_delta_usd)} USD is larger than the "
            f"{intent.market} position of {plain(position.size_usd)} USD."
        )


def _require_acceptable(intent: OrderIntent, price_usd: Decimal) -> None:
    bound_usd = intent.acceptable_price_usd
    if bound_usd is None:
        raise PriceNotAcceptable(f"The order in {intent.market} names no acceptable price.")
    paying_up = pays_up(is_long=intent.is_long, is_increase=intent.is_increase)
    if (price_usd > bound_usd) if paying_up else (price_usd < bound_usd):
        raise PriceNotAcceptable(
            f"{intent.market} would execute at {plain(price_usd)}, acceptable is "
            f"{plain(bound_usd)} or {'less' if paying_up else 'more'}.",
            detail={"price_usd": plain(price_usd), "acceptable_usd": plain(bound_usd)},
        )
