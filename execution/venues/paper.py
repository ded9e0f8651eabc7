"""The paper venue: real prices, real costs, no money.

An order is executed at the price of the moment at which its outcome is first asked for. The fill
is computed from the ledger as it stands before the order, so asking again before it is settled
gives the same fill.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.clock import Clock
from atlas.domain.errors import ConflictingState, UnusableData
from atlas.domain.paper import PaperTerms, VenueRefusal, fill_market_order
from atlas.domain.positions import Position as HeldPosition
from atlas.domain.quotes import Quote
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import ORDER_TRANSITIONS, OrderState
from atlas.domain.units import exact
from atlas.transitions import move
from execution.marketdata.base import MarketData
from execution.models import Order, PaperAccount, Position
from execution.order_events import note_order
from execution.venues.base import Executed, Outcome, Refused
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

        A market without a price is left out, and then the NAV is unknown if it is held.
        """
        positions = self._held()
        cash_usd = self._cash_usd()
        quotes = self._quotes({*self.markets, *(position.market for position in positions)})
        return Snapshot(
            account=self.account,
            taken_at=self.clock.now(),
            nav_usd=_nav_usd(cash_usd, positions, quotes),
            cash_usd=cash_usd,
            positions=positions,
            quotes=quotes,
            working_orders=Order.objects.working().filter(account=self.account).count(),
        )

    def submit(self, order: Order, *, now: datetime) -> None:
        """Spend the permit and take the order."""
        if order.permit is None:
            raise ConflictingState(f"Order {order.pk} has no permit: the gate comes first.")
        move(order, OrderState.SUBMITTED, ORDER_TRANSITIONS, submitted_at=now)
        permits.spend_on_paper(order.permit, intent_digest=order.intent_digest, now=now)
        note_order(order, before=OrderState.AUTHORISED, name="submitted", at=now)

    def outcome(self, order: Order) -> Outcome:
        """Execute the order on paper, or say why it cannot be."""
        intent = order.intent
        quote = self.market_data.quote(order.market)
        try:
            fill = fill_market_order(
                intent,
                quote=quote,
                position=self._position(order.market, is_long=order.is_long),
                cash_usd=self._cash_usd(),
                terms=terms_of(self.paper_account),
                at=self.clock.now(),
            )
        except VenueRefusal as refusal:
            return Refused(refusal.code, refusal.message)
        return Executed(f"paper:{order.pk}", fill)

    def _held(self) -> tuple[HeldPosition, ...]:
        rows = Position.objects.open().filter(account=self.account)
        return tuple(row.held for row in rows)

    def _position(self, market: str, *, is_long: bool) -> HeldPosition:
        for held in self._held():
            if held.key == (market, is_long):
                return held
        return HeldPosition(market, is_long)

    def _cash_usd(self) -> Decimal:
        cash: Decimal = PaperAccount.objects.values_list("cash_usd", flat=True).get(
            pk=self.paper_account.pk
        )
        return cash

    def _quotes(self, markets: set[str]) -> dict[str, Quote]:
        quotes = {}
        for market in sorted(markets):
            try:
                quotes[market] = self.market_data.quote(market)
            except UnusableData:
                continue  # an unknown price is unknown: the guardrails and the NAV say so
        return quotes


def terms_of(account: PaperAccount) -> PaperTerms:
    """Read what an account's venue charges."""
    return PaperTerms(
        half_spread_bps=account.half_spread_bps,
        slippage_bps=account.slippage_bps,
        position_fee_bps=account.position_fee_bps,
        execution_fee_usd=account.execution_fee_usd,
    )


def _nav_usd(
    cash_usd: Decimal, positions: tuple[HeldPosition, ...], quotes: dict[str, Quote]
) -> Decimal | None:
    """Add up cash and positions at their marks; None where a mark is missing."""
    if any(position.market not in quotes for position in positions):
        return None
    with exact():
        values = [one.value_usd(quotes[one.market].mark_usd) for one in positions]
        return cash_usd + sum(values, start=Decimal(0))
