"""Records of an account: what its past, and that of its vault and the house, says about an order.

The gate reads them under its lock and puts them into the snapshot. `None` means unknown, and
unknown is a breach for whatever adds risk; no rule that lets risk out needs any of it.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.limits import Limits, LimitScope


@dataclass(frozen=True, slots=True)
class Usage:
    """What one scope has used of the limits that are counted: filled or still reserved.

    `limits` are the scope's own. Hours and days are those of the clock that the scope is counted
    by. `open_usd` is the gross exposure of the whole scope, reserved orders in full; None at a
    deployment, whose positions the snapshot holds.
    """

    scope: LimitScope
    limits: Limits
    orders_in_hour: int
    orders_in_day: int
    cancels_in_hour: int
    turnover_usd: Decimal
    gas_usd: Decimal
    open_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """What became of earlier orders for the same market and direction.

    `attempts` counts the earlier orders of the same trade, `same_refusals` how often in a row the
    last of them ended for the same reason, at last at `refused_at`. `is_unchanged` tells that the
    present intent is the very one that was refused.
    """

    attempts: int
    same_refusals: int = 0
    refusal: str = ""
    refused_at: datetime | None = None
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What the venue is expected to take off the price of an order, in bps, and its fee in USD."""

    slippage_bps: int
    impact_bps: int
    fee_usd: Decimal


@dataclass(frozen=True, slots=True)
class Records:
    """What is known of an account beside its present state.

    `share_value_usd` is what a share is worth now, `high_water_usd` the value that it has held at
    its best, `best_of_day_usd` its best in the last 24 hours. `losses` are the moments of the
    latest closes at a loss (none: empty), `failures` counts the failed orders in a row.
    """

    share_value_usd: Decimal | None = None
    high_water_usd: Decimal | None = None
    best_of_day_usd: Decimal | None = None
    losses: tuple[datetime, ...] | None = None
    failures: int | None = None
    retries: Retries | None = None
    usages: tuple[Usage, ...] | None = None
    expected: Expected | None = None
    weth_usd: Decimal | None = None


UNKNOWN_RECORDS = Records()
