"""The books of a paper account as its venue reads them: holdings with what is pending, and cash."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.paper_accrual import accrued
from atlas.domain.paper_liquidation import liquidation_price_usd
from atlas.domain.positions import Position as HeldPosition
from atlas.domain.states import OrderState
from atlas.domain.units import ZERO, exact
from execution.models import Order, PaperAccount, PaperMarketTerms, Position
from execution.paper_markets import current_terms

AT_THE_VENUE = (
    OrderState.SUBMITTED,
    OrderState.ACCEPTED,
    OrderState.FROZEN,
    OrderState.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position with what is pending on it, and how often it was opened from zero."""

    position: HeldPosition
    episode: int


def open_holdings(account: str, *, at: datetime) -> tuple[Holding, ...]:
    """List what an account holds, with what has accrued by `at` of the feed's time."""
    rows = Position.objects.open().filter(account=account).select_related("last_fill__terms")
    return tuple(_holding(row, at=at) for row in rows)


def holding_of(account: str, market: str, *, is_long: bool, at: datetime) -> Holding:
    """Give what an account holds in a market on one side; a flat position where it is nothing."""
    for holding in open_holdings(account, at=at):
        if holding.position.key == (market, is_long):
            return holding
    return Holding(HeldPosition(market, is_long), 0)


def accrual_terms(row: Position) -> PaperMarketTerms:
    """Give the terms by which a position accrues: those of its last fill."""
    return row.last_fill.terms or current_terms(row.market)


def liquidation_price_of(row: Position) -> Decimal | None:
    """Give the price that liquidates a position as of its last change.

    What has accrued since brings it closer. None where it is flat or no price can end it.
    """
    if row.size_usd == 0:
        return None
    return liquidation_price_usd(row.held, accrual_terms(row).terms)


def _holding(row: Position, *, at: datetime) -> Holding:
    terms = accrual_terms(row).terms
    return Holding(accrued(row.held, terms, since=row.changed_at, at=at), row.episode)


def cash_usd(account: PaperAccount) -> Decimal:
    """Read the cash of an account as it stands now."""
    cash: Decimal = PaperAccount.objects.values_list("cash_usd", flat=True).get(pk=account.pk)
    return cash


def held_by_pending_usd(account: str) -> Decimal:
    """Give what orders at the venue hold of the cash: new collateral and the keeper's fee."""
    held = ZERO
    for order in Order.objects.filter(account=account, state__in=AT_THE_VENUE):
        with exact():
            held += max(order.collateral_delta_usd, ZERO)
            held += current_terms(order.market).terms.execution_fee_usd
    return held
