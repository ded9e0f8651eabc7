"""Records for the gate: what the past says about an order, read under the gate's locks.

The number of queries does not depend on how long that past is.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from atlas.domain.records import Expected, Records
from atlas.domain.snapshots import Snapshot
from execution.high_water import best_of_day_usd, raise_mark
from execution.mandates import LimitsInForce
from execution.models import Deployment, LimitUsage, Order, PaperAccount
from execution.past import attempts_before, failures_in_a_row, losses_of, retries_of
from execution.usage import usages_of
from execution.valuation import share_value_usd

# Below one share a value per share says nothing (SAFETY 3.2).
FEWEST_SHARES = 1


def read_records(
    order: Order,
    deployment: Deployment,
    *,
    account: PaperAccount | None,
    snapshot: Snapshot,
    limits: LimitsInForce,
    counters: Sequence[LimitUsage],
    feed_at: datetime,
    now: datetime,
) -> Records:
    """Gather the records of an order's account; call it under the locks on account and counters.

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
        usages=usages_of(counters, deployment, limits, order=order),
        expected=None if account is None else expected_on_paper(account),
    )


def share_value_now(nav_usd: Decimal | None, account: PaperAccount | None) -> Decimal | None:
    """Give what a share is worth at a NAV; None where NAV or shares are unknown or too few."""
    if nav_usd is None or account is None or account.shares < FEWEST_SHARES:
        return None
    return share_value_usd(nav_usd, account.shares)


def expected_on_paper(account: PaperAccount) -> Expected:
    """Say what the paper venue takes of an order: half the spread and the slippage of its terms."""
    return Expected(
        slippage_bps=account.half_spread_bps + account.slippage_bps,
        impact_bps=0,
        fee_usd=account.execution_fee_usd,
    )
