"""PnL bridges: of the producer's record, and of the accounts that trade the strategy.

The record tells assets under management, NAV per share and closed trades. What it does not tell (what
open positions gained, price impact, manager fees) lies in the residual, and the legs that nobody
reported are named.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np

from atlas.domain.bridge import Bridge, Leg, bridge
from atlas.domain.units import SIZE_QUANTUM_USD, exact, floor_to
from atlas.registries import AccountBridge
from strategies.packed import moment_of
from strategies.report.closes import Closes
from strategies.report.facts import Facts
from strategies.report.trade_facts import ClosedTrades

SIMULATED = "simulated"
_ENDS = 2


class BridgeOf(StrEnum):
    """What a bridge is about."""

    RECORD = "record"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class BridgeTold:
    """One bridge; `label` says in a word what kind of money it is about."""

    of: BridgeOf
    account: str | None
    label: str
    opening_at: datetime
    closing_at: datetime
    bridge: Bridge


def bridges_of(facts: Facts, closes: Closes | None) -> tuple[BridgeTold, ...]:
    """Give the bridge of the record, where it reports assets, and those of the accounts."""
    record = None if closes is None else _of_record(facts, closes)
    accounts = [_of_account(one) for one in facts.accounts]
    return tuple(accounts if record is None else [record, *accounts])


def flows_usd(closes: Closes) -> Decimal | None:
    """Derive deposits less withdrawals: the change of assets that the NAV per share does not explain.

    None where a day does not report its assets. Rounded down to cents: a derived figure.
    """
    navs, aums = closes.series.navs, closes.aums
    if np.isnan(aums).any():
        return None
    growths = navs[1:] / navs[:-1]
    return floor_to(Decimal(float((aums[1:] - aums[:-1] * growths).sum())), SIZE_QUANTUM_USD)


def _of_account(one: AccountBridge) -> BridgeTold:
    """Label the bridge of an account."""
    return BridgeTold(
        of=BridgeOf.ACCOUNT,
        account=one.account,
        label=SIMULATED if one.is_simulated else one.evidence,
        opening_at=one.opening_at,
        closing_at=one.closing_at,
        bridge=one.bridge,
    )


def _of_record(facts: Facts, closes: Closes) -> BridgeTold | None:
    """Build the bridge of the record; None where it does not report its assets at both ends."""
    opening, closing = closes.opening_aum_usd, closes.closing_aum_usd
    if facts.series.source is None or opening is None or closing is None:
        return None
    if len(closes.micros) < _ENDS:
        return None
    return BridgeTold(
        of=BridgeOf.RECORD,
        account=None,
        label=facts.series.source.value,
        opening_at=moment_of(closes.micros[0]),
        closing_at=moment_of(closes.micros[-1]),
        bridge=bridge(
            opening_nav_usd=opening,
            closing_nav_usd=closing,
            legs={Leg.FLOWS: flows_usd(closes), **_trade_legs(facts)},
        ),
    )


def _trade_legs(facts: Facts) -> dict[Leg, Decimal | None]:
    """Give what closed trades brought and cost.

    Nothing where the record has series of several kinds: an export does not say whose trades it
    tells.
    """
    if facts.trades is None or len(facts.about.sources) > 1:
        return {}
    closed = facts.trades.closed
    return {
        Leg.TRADING_PNL: _before_costs(closed),
        Leg.POSITION_FEES: _paid(closed.position_fee_usd),
        Leg.FUNDING: -closed.funding_usd,
        Leg.BORROWING: _paid(closed.borrowing_usd),
        Leg.GAS_AND_KEEPER_FEES: _paid(closed.execution_fee_usd),
    }


def _before_costs(closed: ClosedTrades) -> Decimal | None:
    """Add the costs back to the PnL of closed trades, which is told after them."""
    if closed.pnl_usd is None:
        return None
    with exact():
        return (
            closed.pnl_usd
            + closed.funding_usd
            + closed.borrowing_usd
            + closed.position_fee_usd
            + closed.execution_fee_usd
        )


def _paid(cost_usd: Decimal) -> Decimal | None:
    """Give the effect of a cost on the NAV; None where a record reports a cost below nothing."""
    return None if cost_usd < 0 else -cost_usd
