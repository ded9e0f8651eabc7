"""The past of an account as the guardrails count it: retries, failures, losses; all bounded reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from atlas.domain.intents import RISK_KINDS
from atlas.domain.records import Retries
from atlas.domain.states import OrderState, PermitKind
from atlas.domain.units import exact
from execution.models import Fill, Order

LATEST_ORDERS = 50
LATEST_CLOSES = 20
# Ends that nobody refused: we ourselves let the order go, and nothing was learnt about it.
OUR_OWN_ENDS = frozenset({"expired", "superseded", "halted"})
FAILED = frozenset({OrderState.CANCELED.value, OrderState.FAILED.value})


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one earlier order."""

    trade_id: int
    market: str
    is_long: bool
    adds_risk: bool
    state: str
    refusal: str
    refused_at: datetime | None
    intent_digest: str

    @property
    def is_neutral(self) -> bool:
        """Tell whether the attempt says nothing about the next one."""
        return self.state != OrderState.FILLED and not self.refusal


def attempts_before(order: Order) -> list[Attempt]:
    """Read the latest orders of the deployment before this one, the newest first, in one query."""
    rows = (
        Order.objects.filter(deployment_id=order.deployment_id)
        .exclude(pk=order.pk)
        .order_by("-created_at", "-pk")
        .values(
            "trade_id",
            "market",
            "is_long",
            "kind",
            "state",
            "cancel_name",
            "intent_digest",
            "decision__refusal",
            "decision__feed_at",
        )[:LATEST_ORDERS]
    )
    return [_attempt(row) for row in rows]


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(
        trade_id=row["trade_id"],
        market=row["market"],
        is_long=row["is_long"],
        adds_risk=PermitKind(row["kind"]) in RISK_KINDS,
        state=row["state"],
        refusal=_refusal(row),
        refused_at=row["decision__feed_at"],
        intent_digest=row["intent_digest"],
    )


def _refusal(row: Mapping[str, Any]) -> str:
    """Name what an order was refused for; empty where nobody refused it."""
    if row["state"] == OrderState.DENIED:
        return row["decision__refusal"] or ""
    if row["state"] in FAILED and row["cancel_name"] not in OUR_OWN_ENDS:
        return row["cancel_name"] or str(row["state"]).lower()
    return ""


def retries_of(order: Order, earlier: Sequence[Attempt]) -> Retries:
    """Count what was tried before for the same market, side and direction."""
    adds_risk = PermitKind(order.kind) in RISK_KINDS
    alike = [
        one
        for one in earlier
        if (one.market, one.is_long, one.adds_risk) == (order.market, order.is_long, adds_risk)
    ]
    refused = _latest_refusals(alike)
    unfilled = [one for one in alike if one.state != OrderState.FILLED]
    latest = refused[0] if refused else None
    return Retries(
        attempts=sum(one.trade_id == order.trade_id for one in unfilled),
        same_refusals=len(refused),
        refusal="" if latest is None else latest.refusal,
        refused_at=None if latest is None else latest.refused_at,
        is_unchanged=latest is not None and latest.intent_digest == order.intent_digest,
    )


def _latest_refusals(alike: Iterable[Attempt]) -> list[Attempt]:
    """Give the latest refusals in a row that say the same, the newest first."""
    found: list[Attempt] = []
    for one in alike:
        if one.is_neutral:
            continue
        if not one.refusal or (found and one.refusal != found[0].refusal):
            break
        found.append(one)
    return found


def failures_in_a_row(order: Order, earlier: Sequence[Attempt]) -> int:
    """Count the latest failures at the venue, of the account or of the market, whichever is more.

    What we denied ourselves never reached the venue and says nothing about it.
    """
    sent = [one for one in earlier if one.state in FAILED | {OrderState.FILLED.value}]
    of_market = [one for one in sent if one.market == order.market]
    return max(_leading_failures(sent), _leading_failures(of_market))


def _leading_failures(sent: Iterable[Attempt]) -> int:
    count = 0
    for one in sent:
        if one.state == OrderState.FILLED:
            return count
        count += bool(one.refusal)
    return count


def losses_of(account: str) -> tuple[datetime, ...]:
    """Give the moments (feed time) of the latest closes that lost money after their costs."""
    closes = Fill.objects.filter(account=account, is_increase=False).order_by("-pk")
    return tuple(one.filled_at for one in closes[:LATEST_CLOSES] if _lost(one))


def _lost(fill: Fill) -> bool:
    with exact():
        costs_usd = (
            fill.funding_usd + fill.borrowing_usd + fill.position_fee_usd + fill.execution_fee_usd
        )
        return bool(fill.realised_usd < costs_usd)
