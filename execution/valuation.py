"""Valuation: what an account is worth, and how that came about."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import Coalesce

from atlas.domain.errors import UnusableData
from atlas.domain.positions import Position as HeldPosition
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import USD_QUANTUM, ZERO, exact, floor_to
from execution.models import EquityPoint, PaperAccount, PaperCharge, Position

SHARE_QUANTUM = Decimal("0.000000000001")
SUMMED = (
    "realised_usd",
    "funding_usd",
    "borrowing_usd",
    "position_fee_usd",
    "execution_fee_usd",
)


def equity_point(
    account: PaperAccount,
    snapshot: Snapshot,
    *,
    as_of_at: datetime,
    simulated_time: bool,
    now: datetime,
    on_clock: bool = False,
) -> EquityPoint | None:
    """Value an account by a snapshot, not yet saved; None where a price or the cash is unknown."""
    if snapshot.nav_usd is None or snapshot.cash_usd is None or snapshot.positions is None:
        return None
    with exact():
        positions_usd = snapshot.nav_usd - snapshot.cash_usd
        unrealised_usd = sum(
            (
                one.covered_unrealised_usd(snapshot.quotes[one.market].mark_usd)
                for one in snapshot.positions
            ),
            start=ZERO,
        )
    return EquityPoint(
        deployment_id=account.deployment_id,
        as_of_at=as_of_at,
        simulated_time=simulated_time,
        on_clock=on_clock,
        cash_usd=snapshot.cash_usd,
        positions_usd=positions_usd,
        equity_usd=snapshot.nav_usd,
        flows_usd=account.flows_usd,
        shares=account.shares,
        share_value_usd=share_value_usd(snapshot.nav_usd, account.shares),
        unrealised_usd=unrealised_usd,
        recorded_at=now,
        **_sums(account, snapshot.positions),
    )


def share_value_usd(equity_usd: Decimal, shares: Decimal) -> Decimal | None:
    """Give what one share is worth, rounded down; None where there are no shares."""
    if shares <= 0:
        return None
    with exact():
        return floor_to(equity_usd / shares, USD_QUANTUM)


def shares_for(amount_usd: Decimal, *, equity_usd: Decimal, shares: Decimal) -> Decimal:
    """Give how many shares a flow buys (below zero: gives back) at the value of the moment.

    The first deposit buys one share a dollar. Fractions are rounded against whoever moves the
    money, so that nobody else is diluted. Raises UnusableData where the account is worth nothing.
    """
    if shares == 0:
        return amount_usd
    if equity_usd <= 0:
        raise UnusableData(
            f"The account is worth {equity_usd:.2f} USD, so a share has no price to buy it at."
        )
    with exact():
        return floor_to(amount_usd * shares / equity_usd, SHARE_QUANTUM)


def _sums(account: PaperAccount, held: Sequence[HeldPosition]) -> dict[str, Decimal]:
    """Add up what all positions of the account realised and cost, charges and pending included."""
    sums: dict[str, Decimal] = Position.objects.filter(account=account.key).aggregate(
        **{name: Coalesce(Sum(name), ZERO) for name in SUMMED}
    )
    charged = PaperCharge.objects.filter(account=account).aggregate(total=Sum("amount_usd"))
    with exact():
        sums["funding_usd"] += sum((one.pending_funding_usd for one in held), start=ZERO)
        sums["borrowing_usd"] += sum((one.pending_borrowing_usd for one in held), start=ZERO)
        sums["execution_fee_usd"] += charged["total"] or ZERO
    return sums
