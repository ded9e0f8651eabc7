"""Folding: positions and cash of an account out of its flows, fills and charges.

They are folded on as fills come in, under the account's row lock, and `refold` computes them anew
from the first one on; both give the same.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from atlas.domain import ledger
from atlas.domain.errors import Bug
from atlas.domain.ledger import apply_fill
from atlas.domain.positions import PositionKey
from execution.models import Fill, PaperAccount, PaperCharge, PaperFlow, Position


def fold_on(fill: Fill) -> Position:
    """Fold one fill into the row of its position; call it under the account's lock."""
    row = Position.objects.filter(
        account=fill.account, market=fill.market, is_long=fill.is_long
    ).first()
    if row is None:
        row = Position(
            account=fill.account,
            deployment_id=fill.deployment_id,
            market=fill.market,
            is_long=fill.is_long,
        )
        _write(row, apply_fill(None, fill.execution), fill)
    else:
        _write(row, apply_fill(row.record, fill.execution), fill)
    return row


def _write(row: Position, record_: ledger.PositionRecord, last_fill: Fill) -> None:
    if record_.opened_at is None or record_.changed_at is None:
        raise Bug(f"A fill left the position {row} without times.")
    row.size_usd = record_.position.size_usd
    row.size_tokens = record_.position.size_tokens
    row.collateral_usd = record_.position.collateral_usd
    row.realised_usd = record_.realised_usd
    row.funding_usd = record_.costs.funding_usd
    row.borrowing_usd = record_.costs.borrowing_usd
    row.position_fee_usd = record_.costs.position_fee_usd
    row.execution_fee_usd = record_.costs.execution_fee_usd
    row.slippage_usd = record_.slippage_usd
    row.price_impact_usd = record_.price_impact_usd
    row.fills_count = record_.fills
    row.episode = record_.episode
    row.opened_at = record_.opened_at
    row.changed_at = record_.changed_at
    row.last_fill = last_fill
    row.save()


def refold(account: PaperAccount) -> ledger.Account:
    """Compute cash and positions of an account anew, from its first flow and fill on."""
    flows = PaperFlow.objects.filter(account=account).order_by("pk")
    charges = PaperCharge.objects.filter(account=account).order_by("pk")
    return ledger.fold_account(
        (ledger.Flow(flow.amount_usd, flow.at) for flow in flows),
        executions_of(account),
        (ledger.Charge(charge.amount_usd, charge.at) for charge in charges),
    )


def executions_of(account: PaperAccount) -> Iterable[ledger.Fill]:
    """Give the fills of an account in the order in which they happened."""
    return (fill.execution for fill in Fill.objects.filter(account=account.key).order_by("pk"))


def rebuild(account: PaperAccount) -> None:
    """Write cash, flows, shares and positions of an account anew from its flows and fills."""
    with transaction.atomic():
        locked = PaperAccount.objects.select_for_update().get(pk=account.pk)
        Position.objects.filter(account=locked.key).delete()
        folded = refold(locked)
        last: dict[PositionKey, Fill] = {}
        for fill in Fill.objects.filter(account=locked.key).order_by("pk"):
            last[fill.execution.key] = fill
        for key, record_ in folded.records.items():
            row = Position(
                account=locked.key,
                deployment_id=locked.deployment_id,
                market=key.market,
                is_long=key.is_long,
            )
            _write(row, record_, last[key])
        locked.cash_usd, locked.flows_usd = folded.cash_usd, folded.flows_usd
        shares = PaperFlow.objects.filter(account=locked).aggregate(total=Sum("shares"))["total"]
        locked.shares = shares if shares is not None else Decimal(0)
        locked.save(update_fields=["cash_usd", "flows_usd", "shares"])
