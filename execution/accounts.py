"""Paper accounts: opening one, and money that goes in and out; never performance."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState, InvalidInput, UnusableData
from atlas.domain.units import exact
from execution import feeds, paper_books, paper_markets
from execution.models import Deployment, PaperAccount, PaperFlow
from execution.valuation import shares_for
from execution.venues.paper import PaperVenue


def open_account(
    deployment: Deployment, deposit_usd: Decimal, *, at: datetime, actor: Actor, now: datetime
) -> None:
    """Open the paper account with its first deposit; its markets get terms where they have none."""
    paper_markets.ensure_defaults(now=now, markets=deployment.markets)
    account = PaperAccount.objects.create(deployment=deployment, created_at=now)
    _book_flow(
        account,
        amount_usd=deposit_usd,
        shares=deposit_usd,
        at=at,
        reason="first deposit",
        actor=actor,
        now=now,
    )


def record_flow(
    *, deployment: Deployment, amount_usd: Decimal, reason: str, actor: Actor, now: datetime
) -> PaperFlow:
    """Put money into a paper account (above zero) or take it out (below), never as performance.

    It buys or gives back shares at the account's present value. Raises InvalidInput for nothing or
    without a reason, ConflictingState for more than the free cash, UnusableData where the account
    cannot be valued.
    """
    if not amount_usd.is_finite() or amount_usd == 0:
        raise InvalidInput(f"A flow must move money, not {amount_usd} USD.")
    require_reason(reason)
    venue = _venue(deployment, now)
    with transaction.atomic():
        account = PaperAccount.objects.select_for_update().get(deployment=deployment)
        with exact():
            free_usd = account.cash_usd - paper_books.held_by_pending_usd(account.key)
        if amount_usd < 0 and free_usd + amount_usd < 0:
            raise ConflictingState(
                f"{-amount_usd} USD cannot be taken out: {free_usd:.2f} USD are free, the rest "
                "backs positions or a pending order."
            )
        equity_usd = venue.snapshot().nav_usd
        if equity_usd is None:
            raise UnusableData("The account cannot be valued: a price of its positions is missing.")
        return _book_flow(
            account,
            amount_usd=amount_usd,
            shares=shares_for(amount_usd, equity_usd=equity_usd, shares=account.shares),
            at=venue.clock.now(),
            reason=reason,
            actor=actor,
            now=now,
        )


def _venue(deployment: Deployment, now: datetime) -> PaperVenue:
    """Look at the account at the feed's present time."""
    clock = feeds.clock_for(deployment, read=lambda: now)
    return PaperVenue(
        paper_account=deployment.paper_account,
        markets=tuple(deployment.markets),
        market_data=feeds.market_data_for(deployment, clock=clock),
        clock=clock,
    )


def _book_flow(
    account: PaperAccount,
    *,
    amount_usd: Decimal,
    shares: Decimal,
    at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
) -> PaperFlow:
    flow = PaperFlow.objects.create(
        account=account,
        amount_usd=amount_usd,
        shares=shares,
        at=at,
        recorded_at=now,
        actor=actor.name,
        reason=reason[:500],
    )
    with exact():
        account.cash_usd += amount_usd
        account.flows_usd += amount_usd
        account.shares += shares
    account.save(update_fields=["cash_usd", "flows_usd", "shares"])
    record(
        action="account.flow",
        subject=account,
        actor=actor,
        now=now,
        after={"amount_usd": str(amount_usd), "cash_usd": str(account.cash_usd)},
        reason=reason,
    )
    return flow


def require_deposit(deposit_usd: Decimal) -> None:
    """Refuse a first deposit of nothing."""
    if not deposit_usd.is_finite() or deposit_usd <= 0:
        raise InvalidInput(f"The first deposit must be above 0 USD, not {deposit_usd}.")


def require_reason(reason: str) -> None:
    """Refuse a change that says nothing about why."""
    if not reason.strip():
        raise InvalidInput("A reason is needed: say in a sentence why.")
