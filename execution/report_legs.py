"""What paper accounts tell an investor report: how each came from one equity to another.

Everything is a difference of two equity points, whose figures are sums since the account was opened;
so the legs close to the last digit, whatever happened in between. Before its first point an account
is worth nothing, and its first deposit is a flow like any other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from atlas import registries
from atlas.domain.bridge import Leg, bridge, trading_pnl_before_impact
from atlas.domain.states import TradingMode
from atlas.domain.units import ZERO, exact
from atlas.registries import AccountBridge, ReportLegs

NAME = "paper-accounts"
_SUMS = (
    "e.equity_usd, e.flows_usd, e.realised_usd + e.unrealised_usd, e.funding_usd, e.borrowing_usd, "
    "e.position_fee_usd, e.execution_fee_usd"
)
# The newest point before a moment, for each account by one step into the table's own key.
_POINT = """
    SELECT e.as_of_at, e.simulated_time, ARRAY[{sums}] AS sums FROM execution_equitypoint AS e
    WHERE e.deployment_id = d.id AND e.as_of_at < %({moment})s::timestamptz
    ORDER BY e.as_of_at DESC LIMIT 1
"""
_ACCOUNTS = f"""
    SELECT 'paper:' || a.id, o.as_of_at, o.sums, c.as_of_at, c.sums, c.simulated_time,
      (SELECT min(w.at) FROM execution_paperflow AS w WHERE w.account_id = a.id),
      (SELECT sum(f.price_impact_usd) FROM execution_fill AS f
        WHERE f.account = 'paper:' || a.id AND f.filled_at <= c.as_of_at
          AND f.filled_at > coalesce(o.as_of_at, '-infinity'))
    FROM execution_deployment AS d
    JOIN execution_paperaccount AS a ON a.deployment_id = d.id
    LEFT JOIN LATERAL ({_POINT.format(sums=_SUMS, moment="opening_at")}) AS o ON true
    JOIN LATERAL ({_POINT.format(sums=_SUMS, moment="closing_at")}) AS c ON true
    WHERE d.strategy_id = %(strategy_id)s AND d.mode = %(paper)s
      AND c.as_of_at > coalesce(o.as_of_at, '-infinity')
      AND c.sums[1] >= 0 AND coalesce(o.sums[1], 0) >= 0
    ORDER BY a.id
"""  # noqa: S608 - made of the constants above alone
# One step into the key of the points for each account.
VERSION = """
    SELECT string_agg(d.id || '@' || p.as_of_at, ' ' ORDER BY d.id)
    FROM execution_deployment AS d JOIN LATERAL (
      SELECT e.as_of_at FROM execution_equitypoint AS e WHERE e.deployment_id = d.id
      ORDER BY e.as_of_at DESC LIMIT 1
    ) AS p ON true WHERE d.strategy_id = s.id
"""


class Sums(NamedTuple):
    """What an account came to since it was opened; costs are positive."""

    equity_usd: Decimal = ZERO
    flows_usd: Decimal = ZERO
    pnl_usd: Decimal = ZERO
    funding_usd: Decimal = ZERO
    borrowing_usd: Decimal = ZERO
    position_fee_usd: Decimal = ZERO
    execution_fee_usd: Decimal = ZERO


def register() -> None:
    """Offer the legs to the report; called once when the app is ready."""
    registries.report_legs.add(NAME, ReportLegs(version=VERSION, bridges=bridges_of))


def bridges_of(
    strategy_id: int, opening_at: datetime | None, closing_at: datetime | None
) -> Sequence[AccountBridge]:
    """Give the bridge of each paper account between its newest points before two moments.

    Accounts without a point in between are left out, and those that owe more than they hold at
    either end: there is no NAV that a bridge could lead from or to.
    """
    values: dict[str, Any] = {
        "strategy_id": strategy_id,
        "paper": TradingMode.PAPER.value,
        "opening_at": opening_at or "-infinity",
        "closing_at": closing_at or "infinity",
    }
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, values)
        return [_bridge(row) for row in cursor.fetchall()]


def _bridge(row: Sequence[Any]) -> AccountBridge:
    """Build the bridge of one account."""
    account, opened_at, before, closed_at, after, is_simulated, first_flow_at, impact = row
    opening, closing = Sums(*before or ()), Sums(*after)
    return AccountBridge(
        account=account,
        evidence="paper",
        is_simulated=is_simulated,
        opening_at=opened_at or first_flow_at or closed_at,
        closing_at=closed_at,
        bridge=bridge(
            opening_nav_usd=opening.equity_usd,
            closing_nav_usd=closing.equity_usd,
            legs=_legs(opening, closing, impact or ZERO),
        ),
    )


def _legs(opening: Sums, closing: Sums, impact_usd: Decimal) -> Mapping[Leg, Decimal]:
    """Give what happened between two points; nobody charges a paper account a manager's fee.

    `impact_usd` is positive where it gained, as the ledger has it, and lies in the PnL already.
    """
    with exact():
        change = Sums(*(after - before for before, after in zip(opening, closing, strict=True)))
        return {
            Leg.FLOWS: change.flows_usd,
            Leg.TRADING_PNL: trading_pnl_before_impact(
                ledger_pnl_usd=change.pnl_usd, price_impact_usd=impact_usd
            ),
            Leg.POSITION_FEES: -change.position_fee_usd,
            Leg.FUNDING: -change.funding_usd,
            Leg.BORROWING: -change.borrowing_usd,
            Leg.PRICE_IMPACT: impact_usd,
            Leg.GAS_AND_KEEPER_FEES: -change.execution_fee_usd,
            Leg.MANAGER_FEES: ZERO,
        }
