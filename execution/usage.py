"""Counted limits: locking the counters, reserving an order in them, settling what has ended.

The gate locks them last, always deployment, vault, house, so that two gates cannot wait for each
other. What an ended order held is settled by whoever looks next, under the same lock: no worker
that dies can leave a counter wrong.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from atlas.domain.intents import RISK_KINDS
from atlas.domain.limit_fields import LIMIT_FIELDS
from atlas.domain.limits import Limits, LimitScope
from atlas.domain.records import Usage
from atlas.domain.states import OrderState
from atlas.domain.units import ZERO, exact
from execution.mandates import LimitsInForce
from execution.models import (
    Deployment,
    GuardrailLimits,
    LimitReservation,
    LimitUsage,
    Order,
    Position,
)
from execution.vocabulary import ReservationState

COUNTED = tuple(one.name for one in LIMIT_FIELDS if one.is_counted)


def scopes_counted(deployment: Deployment, limits: LimitsInForce) -> list[tuple[LimitScope, str]]:
    """List the scopes whose counters an order of this deployment needs, in the order of locking.

    A vault or a house that bounds no count has none: nobody waits for it.
    """
    scopes = [(LimitScope.DEPLOYMENT, str(deployment.pk))]
    if _counts(limits.vault):
        scopes.append((LimitScope.VAULT, str(deployment.vault_id)))
    if _counts(limits.house):
        scopes.append((LimitScope.GLOBAL, deployment.mode))
    return scopes


def _counts(row: GuardrailLimits | None) -> bool:
    return row is not None and any(getattr(row, name) is not None for name in COUNTED)


def lock_counters(
    deployment: Deployment, limits: LimitsInForce, *, feed_at: datetime, now: datetime
) -> list[LimitUsage]:
    """Lock the counters in their order, turned to the present hour and day; settle what has ended.

    Call it last of all locks, in the gate's transaction.
    """
    scopes = scopes_counted(deployment, limits)
    rows = _locked(scopes)
    if len(rows) < len(scopes):
        _create(scopes, feed_at=feed_at, now=now)
        rows = _locked(scopes)
    for row in rows:
        _turn(row, feed_at if row.scope == LimitScope.DEPLOYMENT else now)
    _settle_ended(rows, now=now)
    return rows


def _locked(scopes: Sequence[tuple[LimitScope, str]]) -> list[LimitUsage]:
    wanted = Q()
    for scope, key in scopes:
        wanted |= Q(scope=scope.value, key=key)
    return list(LimitUsage.objects.filter(wanted).order_by("rank").select_for_update())


def _create(scopes: Sequence[tuple[LimitScope, str]], *, feed_at: datetime, now: datetime) -> None:
    """Make the counters that are missing; another gate may do the same at this moment."""
    rows = []
    for scope, key in scopes:
        at = feed_at if scope is LimitScope.DEPLOYMENT else now
        rows.append(
            LimitUsage(
                scope=scope.value, key=key, rank=scope.rank, hour_at=hour_of(at), day_at=day_of(at)
            )
        )
    LimitUsage.objects.bulk_create(rows, ignore_conflicts=True)


def hour_of(at: datetime) -> datetime:
    """Give the beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    """Give the beginning of the day."""
    return hour_of(at).replace(hour=0)


def _turn(row: LimitUsage, at: datetime) -> None:
    """Begin a new hour and a new day where they have begun; a clock never turns back."""
    if hour_of(at) > row.hour_at:
        row.hour_at = hour_of(at)
        row.orders_in_hour = row.cancels_in_hour = 0
    if day_of(at) > row.day_at:
        row.day_at = day_of(at)
        row.orders_in_day = 0
        row.turnover_usd = row.gas_usd = ZERO


def _settle_ended(rows: Sequence[LimitUsage], *, now: datetime) -> None:
    """Settle the reservations whose orders have ended, in these locked counters."""
    by_pk = {row.pk: row for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"now": now, "usages": list(by_pk)})
        ended = [_Ended(*values) for values in cursor.fetchall()]
    for one in ended:
        _give_back(by_pk[one.usage_id], one)


class _Ended(NamedTuple):
    """A reservation whose order has ended: what it held, and what the order came to."""

    usage_id: int
    day_at: datetime
    turnover_usd: Decimal
    gas_usd: Decimal
    paid_usd: Decimal
    is_filled: bool
    was_sent: bool


# One statement, because every gate asks: what has ended is told with what its fills paid.
_SETTLE = f"""
UPDATE execution_limitreservation AS held
SET state = CASE WHEN ended.state = '{OrderState.FILLED.value}'
        THEN '{ReservationState.SETTLED.value}' ELSE '{ReservationState.RELEASED.value}' END,
    ended_at = %(now)s
FROM execution_order AS ended
WHERE held.usage_id = ANY(%(usages)s) AND held.state = '{ReservationState.RESERVED.value}'
    AND ended.id = held.order_id AND ended.final_at IS NOT NULL
RETURNING held.usage_id, held.day_at, held.turnover_usd, held.gas_usd,
    (SELECT coalesce(sum(fill.execution_fee_usd), 0) FROM execution_fill AS fill
        WHERE fill.order_id = ended.id),
    ended.state = '{OrderState.FILLED.value}', ended.submitted_at IS NOT NULL
"""  # noqa: S608 - own constants


def _give_back(row: LimitUsage, ended: _Ended) -> None:
    """Keep what a filled order used, with the fee that it paid; give back what another held."""
    if ended.day_at == row.day_at:
        with exact():
            row.gas_usd = max(ZERO, row.gas_usd - ended.gas_usd + ended.paid_usd)
            if not ended.is_filled:
                row.turnover_usd = max(ZERO, row.turnover_usd - ended.turnover_usd)
    if ended.was_sent and not ended.is_filled:
        row.cancels_in_hour += 1


def usages_of(
    rows: Sequence[LimitUsage], deployment: Deployment, limits: LimitsInForce, *, order: Order
) -> tuple[Usage, ...]:
    """Read locked counters as the guardrails see them, without the order that is being judged."""
    return tuple(_usage(row, deployment, limits, order) for row in rows)


def _usage(row: LimitUsage, deployment: Deployment, limits: LimitsInForce, order: Order) -> Usage:
    scope = LimitScope(row.scope)
    own = {LimitScope.VAULT: limits.vault, LimitScope.GLOBAL: limits.house}.get(scope)
    return Usage(
        scope=scope,
        limits=Limits() if own is None else own.limits,
        orders_in_hour=row.orders_in_hour,
        orders_in_day=row.orders_in_day,
        cancels_in_hour=row.cancels_in_hour,
        turnover_usd=row.turnover_usd,
        gas_usd=row.gas_usd,
        open_usd=None if own is None else open_usd(scope, deployment, but=order),
    )


def open_usd(scope: LimitScope, deployment: Deployment, *, but: Order | None = None) -> Decimal:
    """Add up the positions and the working increases of a vault, or of all deployments of a mode.

    Both at entry. Orders are read first: one that is filled between the two reads is counted twice
    rather than not at all.
    """
    if scope is LimitScope.VAULT:
        inside = Q(deployment__vault=deployment.vault_id)
    else:
        inside = Q(deployment__mode=deployment.mode)
    orders = Order.objects.working().filter(inside, kind__in=[kind.value for kind in RISK_KINDS])
    if but is not None:
        orders = orders.exclude(pk=but.pk)
    waiting: Decimal = orders.aggregate(sum=Coalesce(Sum("size_delta_usd"), ZERO))["sum"]
    held: Decimal = (
        Position.objects.open().filter(inside).aggregate(sum=Coalesce(Sum("size_usd"), ZERO))["sum"]
    )
    with exact():
        return waiting + held


def reserve(order: Order, rows: Sequence[LimitUsage], *, gas_usd: Decimal, now: datetime) -> None:
    """Count an order that is being authorised in full, in every locked counter."""
    for row in rows:
        row.orders_in_hour += 1
        row.orders_in_day += 1
        with exact():
            row.turnover_usd += order.size_delta_usd
            row.gas_usd += gas_usd
    LimitReservation.objects.bulk_create(
        LimitReservation(
            usage=row,
            order=order,
            turnover_usd=order.size_delta_usd,
            gas_usd=gas_usd,
            day_at=row.day_at,
            created_at=now,
        )
        for row in rows
    )


_WRITE = """
UPDATE execution_limitusage SET hour_at = %s, day_at = %s, orders_in_hour = %s,
    cancels_in_hour = %s, orders_in_day = %s, turnover_usd = %s, gas_usd = %s
WHERE id = %s
"""


def write_counters(rows: Sequence[LimitUsage]) -> None:
    """Write locked counters back, whatever the verdict was: hours turn and orders settle anyway."""
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(
                _WRITE,
                [
                    row.hour_at,
                    row.day_at,
                    row.orders_in_hour,
                    row.cancels_in_hour,
                    row.orders_in_day,
                    row.turnover_usd,
                    row.gas_usd,
                    row.pk,
                ],
            )
