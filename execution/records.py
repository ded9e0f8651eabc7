"""Records for the gate: what the past says about an order, read under the gate's locks.

The number of queries does not depend on how long that past is.
"""

from datetime import datetime
from decimal import Decimal

from atlas.domain.paper_impact import impact_of
from atlas.domain.records import Expected, Records
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import BPS, ONE, ZERO, ceil_to, exact
from execution.high_water import best_of_day_usd, raise_mark
from execution.models import Deployment, Order, PaperAccount
from execution.paper_markets import current_terms
from execution.past import attempts_before, failures_in_a_row, losses_of, retries_of
from execution.valuation import share_value_usd

# Below one share a value per share says nothing (SAFETY 3.2).
FEWEST_SHARES = 1


def read_records(
    order: Order,
    deployment: Deployment,
    *,
    account: PaperAccount | None,
    snapshot: Snapshot,
    feed_at: datetime,
    now: datetime,
) -> Records:
    """Gather the records of an order's account, all but its counters, under the account's lock.

    Of an account that is not on paper neither shares nor costs are known here, so whatever adds
    risk to it is refused.
    """
    earlier = attempts_before(order)
    mark = raise_mark(deployment, now=now)
    return Records(
        share_value_usd=share_value_now(snapshot.nav_usd, account),
        high_water_usd=mark.share_value_usd,
        best_of_day_usd=best_of_day_usd(mark, feed_at=feed_at),
        losses=losses_of(order.account),
        failures=failures_in_a_row(order, earlier),
        retries=retries_of(order, earlier),
        expected=None if account is None else expected_on_paper(account, order),
    )


def share_value_now(nav_usd: Decimal | None, account: PaperAccount | None) -> Decimal | None:
    """Give what a share is worth at a NAV; None where NAV or shares are unknown or too few."""
    if nav_usd is None or account is None or account.shares < FEWEST_SHARES:
        return None
    return share_value_usd(nav_usd, account.shares)


def expected_on_paper(account: PaperAccount, order: Order) -> Expected:
    """Say what the paper venue takes of an order: spread, slippage, impact and the keeper's fee.

    An impact that pays us counts as none; the rest is rounded up to a basis point.
    """
    terms = current_terms(order.market).terms
    intent = order.intent
    delta_usd = intent.size_delta_usd if intent.is_increase else -intent.size_delta_usd
    impact = impact_of(terms, intent.expected_pre_size_usd, delta_usd, is_long=intent.is_long)
    with exact():
        lost_bps = ceil_to(max(-impact.usd, ZERO) * BPS / intent.size_delta_usd, ONE)
    return Expected(
        slippage_bps=account.half_spread_bps + account.slippage_bps,
        impact_bps=int(lost_bps),
        fee_usd=terms.execution_fee_usd,
    )
