"""Rules on what has to be left: a NAV, cash, WETH for exits, room for withdrawals."""

from datetime import datetime
from decimal import Decimal

from atlas.domain.guardrails import GuardrailRule, risk_rule
from atlas.domain.intents import OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.measures import UNKNOWN, Breach, Measure, Shown, breach_of
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import RATIO_QUANTUM, ZERO, exact, floor_to, plain


def nav_known(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Breach | None:
    """Demand a NAV that is known and above zero."""
    if snapshot.nav_usd is not None and snapshot.nav_usd > 0:
        return None
    shown = UNKNOWN if snapshot.nav_usd is None else f"{plain(snapshot.nav_usd)} USD"
    return breach_of("nav_known", shown, "above 0 USD", "NAV unusable")


def free_collateral(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure:
    """Demand that the cash covers the collateral of the order and leaves the buffer."""
    return Measure(
        _cash_after(intent, snapshot),
        limits.min_free_collateral_usd,
        "Not enough free cash after the collateral",
        Shown.USD,
        is_floor=True,
    )


def weth_buffer(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure | None:
    """Demand enough WETH for the fees of exits; a limit of 0 asks for none."""
    limit = limits.min_weth_buffer_usd
    if limit == 0:
        return None
    weth_usd = snapshot.records.weth_usd
    return Measure(weth_usd, limit, "Not enough WETH for exits", Shown.USD, is_floor=True)


def withdrawal_buffer(
    intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
) -> Measure | None:
    """Demand a share of NAV that stays free for withdrawals; a limit of 0 asks for none."""
    limit = limits.min_withdrawal_buffer_ratio
    if limit == 0:
        return None
    cash_usd = _cash_after(intent, snapshot)
    share = None
    if cash_usd is not None and snapshot.nav_usd is not None and snapshot.nav_usd > 0:
        with exact():
            share = floor_to(max(ZERO, cash_usd) / snapshot.nav_usd, RATIO_QUANTUM)
    return Measure(share, limit, "Too little free for withdrawals", Shown.SHARE, is_floor=True)


def _cash_after(intent: OrderIntent, snapshot: Snapshot) -> Decimal | None:
    """Give the cash that an entry leaves; an exit takes none."""
    if snapshot.cash_usd is None:
        return None
    with exact():
        return snapshot.cash_usd - max(ZERO, intent.collateral_delta_usd)


BUFFER_RULES: tuple[GuardrailRule, ...] = (
    risk_rule("nav_known", nav_known),
    risk_rule("free_collateral", free_collateral, "min_free_collateral_usd"),
    risk_rule("weth_buffer", weth_buffer, "min_weth_buffer_usd"),
    risk_rule("withdrawal_buffer", withdrawal_buffer, "min_withdrawal_buffer_ratio"),
)
