"""The paper venue: real prices, real costs, no money.

An order is handed over, and a keeper executes it later: at the price of the moment at which it is
due. A recording knows that price for ever; a live source knows the present one, so there the price
is the first one after the order fell due. The fill is computed from the ledger as it stands before
the order, so asking again before it is settled gives the same fill.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.clock import Clock
from atlas.domain.errors import ConflictingState, UnusableData
from atlas.domain.paper import fill_market_order
from atlas.domain.paper_liquidation import is_liquidatable, liquidated
from atlas.domain.paper_refusals import VenueRefusal
from atlas.domain.paper_terms import PaperTerms
from atlas.domain.positions import Position as HeldPosition
from atlas.domain.quotes import Quote
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import ORDER_TRANSITIONS, OrderState
from atlas.domain.stopped_clock import StoppedClock
from atlas.domain.units import ZERO, exact
from atlas.transitions import move
from execution import paper_books
from execution.marketdata.base import MarketData
from execution.marketdata.replay import ReplayMarketData
from execution.models import Order, PaperAccount, PaperMarketTerms
from execution.order_events import note_order
from execution.paper_markets import current_terms
from execution.venues.base import Executed, Outcome, Pending, Refused
from execution.vocabulary import Venue as VenueName
from onchain import permits


@dataclass(frozen=True, slots=True)
class PaperVenue:
    """A paper account, traded at the prices of a market-data provider."""

    paper_account: PaperAccount
    markets: tuple[str, ...]
    market_data: MarketData
    clock: Clock

    @property
    def name(self) -> VenueName:
        """Give the venue's word."""
        return VenueName.PAPER

    @property
    def account(self) -> str:
        """Give the account's key."""
        return self.paper_account.key

    def snapshot(self) -> Snapshot:
        """Read the account's ledger and the prices of its markets.

        Positions come with what is pending on them, and the cash without what a pending order
        holds. A market without a price is left out, and then the NAV is unknown if it is held.
        """
        held = paper_books.open_holdings(self.account, at=self.clock.now())
        return self.snapshot_at(
            self._quotes({*self.markets, *(one.position.market for one in held)})
        )

    def snapshot_at(self, quotes: Mapping[str, Quote]) -> Snapshot:
        """Read the account's ledger at prices that are known already; nobody else is asked."""
        at = self.clock.now()
        positions = tuple(one.position for one in paper_books.open_holdings(self.account, at=at))
        cash_usd = paper_books.cash_usd(self.paper_account)
        with exact():
            free_usd = cash_usd - paper_books.held_by_pending_usd(self.account)
        return Snapshot(
            account=self.account,
            taken_at=at,
            nav_usd=_nav_usd(cash_usd, positions, quotes),
            cash_usd=free_usd,
            positions=positions,
            quotes=quotes,
            working_orders=Order.objects.working().filter(account=self.account).count(),
        )

    def submit(self, order: Order, *, now: datetime) -> None:
        """Spend the permit and take the order; it falls due when the keeper's delay is over."""
        if order.permit is None:
            raise ConflictingState(f"Order {order.pk} has no permit: the gate comes first.")
        delay = timedelta(seconds=self.paper_account.keeper_delay_seconds)
        move(
            order,
            OrderState.SUBMITTED,
            ORDER_TRANSITIONS,
            submitted_at=now,
            due_at=self.clock.now() + delay,
        )
        permits.spend_on_paper(order.permit, intent_digest=order.intent_digest, now=now)
        note_order(order, before=OrderState.AUTHORISED, name="submitted", at=now)

    def outcome(self, order: Order) -> Outcome:
        """Execute the order on paper once it is due, or say why it cannot be."""
        due_at = order.due_at or self.clock.now()
        if self.clock.now() < due_at:
            return Pending()
        row = current_terms(order.market)
        at, quote = self._due_quote(order.market, due_at)
        holding = paper_books.holding_of(self.account, order.market, is_long=order.is_long, at=at)
        try:
            fill = fill_market_order(
                order.intent,
                quote=quote,
                position=holding.position,
                cash_usd=paper_books.cash_usd(self.paper_account),
                terms=self._terms(row),
                at=at,
            )
        except VenueRefusal as refusal:
            lost_usd = row.terms.execution_fee_usd
            return Refused(refusal.code, refusal.message, lost_fee_usd=lost_usd, at=at)
        return Executed(f"paper:{order.pk}", fill, row)

    def unordered(self) -> tuple[Executed, ...]:
        """List the liquidations that the present prices demand."""
        at = self.clock.now()
        found = []
        for holding in paper_books.open_holdings(self.account, at=at):
            quote = self._quotes({holding.position.market}).get(holding.position.market)
            row = current_terms(holding.position.market)
            if quote is None or not is_liquidatable(holding.position, quote, row.terms):
                continue
            fill = liquidated(holding.position, quote=quote, terms=self._terms(row), at=at)
            side = "long" if fill.is_long else "short"
            name = f"{self.account}:{fill.market}:{side}:{holding.episode}:liquidation"
            found.append(Executed(name, fill, row))
        return tuple(found)

    def _terms(self, row: PaperMarketTerms) -> PaperTerms:
        account = self.paper_account
        return PaperTerms(account.half_spread_bps, account.slippage_bps, row.terms)

    def _due_quote(self, market: str, due_at: datetime) -> tuple[datetime, Quote]:
        """Give the price of the moment at which an order is due, or the first one known since."""
        data = self.market_data
        if isinstance(data, ReplayMarketData):
            return due_at, replace(data, clock=StoppedClock(due_at)).quote(market)
        return self.clock.now(), data.quote(market)

    def _quotes(self, markets: set[str]) -> dict[str, Quote]:
        quotes = {}
        for market in sorted(markets):
            try:
                quotes[market] = self.market_data.quote(market)
            except UnusableData:
                continue  # an unknown price is unknown: the guardrails and the NAV say so
        return quotes


def _nav_usd(
    cash_usd: Decimal, positions: tuple[HeldPosition, ...], quotes: Mapping[str, Quote]
) -> Decimal | None:
    """Add up cash and positions at their marks; None where a mark is missing."""
    if any(position.market not in quotes for position in positions):
        return None
    with exact():
        values = [one.value_usd(quotes[one.market].mark_usd) for one in positions]
        return cash_usd + sum(values, start=ZERO)
