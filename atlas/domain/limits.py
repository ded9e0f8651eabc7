"""Limits: what may be risked at most, one field a limit, and what "tighter" means for each.

A limit is stated at up to three levels: for one deployment, for its vault and for the whole house.
The tightest word counts. What no level states is unknown, and unknown is a breach for whatever
adds risk. `LIMIT_FIELDS` is the one table of all fields: forms, columns, differences and the
document of the guardrails are read off it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from atlas.domain.limit_fields import FIELDS_BY_NAME, LIMIT_FIELDS, Sense


class LimitScope(StrEnum):
    """At which level limits are stated and counted.

    The order of the members is the order in which their counters are locked, everywhere.
    """

    DEPLOYMENT = "DEPLOYMENT"
    VAULT = "VAULT"
    GLOBAL = "GLOBAL"

    @property
    def rank(self) -> int:
        """Give the place in the order of locking."""
        return list(LimitScope).index(self)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits at one level, or the tightest over all levels; None is a limit nobody stated.

    Notionals, exposures and buffers are USD, ratios are shares of 1 (leverage: a multiple),
    distances are bps, ages are seconds of feed time. `LIMIT_FIELDS` says what each one means.
    """

    allowed_markets: frozenset[str] | None = None
    allowed_sides: frozenset[str] | None = None
    max_order_notional_usd: Decimal | None = None
    max_position_notional_usd: Decimal | None = None
    max_gross_exposure_usd: Decimal | None = None
    max_net_exposure_usd: Decimal | None = None
    max_leverage_ratio: Decimal | None = None
    min_order_usd: Decimal | None = None
    max_signal_age_seconds: int | None = None
    max_price_age_seconds: int | None = None
    required_price_sources: int | None = None
    max_source_deviation_bps: int | None = None
    max_acceptable_distance_bps: int | None = None
    max_slippage_bps: int | None = None
    max_price_impact_bps: int | None = None
    min_free_collateral_usd: Decimal | None = None
    min_weth_buffer_usd: Decimal | None = None
    min_withdrawal_buffer_ratio: Decimal | None = None
    max_orders_per_hour: int | None = None
    max_orders_per_day: int | None = None
    max_cancels_per_hour: int | None = None
    max_turnover_per_day_usd: Decimal | None = None
    max_gas_per_day_usd: Decimal | None = None
    max_daily_loss_ratio: Decimal | None = None
    max_drawdown_ratio: Decimal | None = None
    cooldown_after_loss_seconds: int | None = None
    max_consecutive_failures: int | None = None
    max_attempts_per_trade: int | None = None


def tightest(levels: Sequence[Limits]) -> Limits:
    """Give, field by field, the tightest word of all levels; None where no level has one."""
    values = {
        one.name: _tightest_of(one.sense, [getattr(level, one.name) for level in levels])
        for one in LIMIT_FIELDS
    }
    return Limits(**values)


def loosened(before: Limits, after: Limits, *, missing_is_free: bool) -> tuple[str, ...]:
    """Name the fields in which `after` allows more than `before`.

    `missing_is_free` tells how a missing limit reads at this level: at the vault and the house it
    binds nothing, at a deployment it forbids.
    """
    return tuple(
        one.name
        for one in LIMIT_FIELDS
        if is_looser(
            one.name,
            getattr(before, one.name),
            getattr(after, one.name),
            missing_is_free=missing_is_free,
        )
    )


def is_looser(name: str, before: Any, after: Any, *, missing_is_free: bool) -> bool:
    """Tell whether the limit `name` allows more with the value `after` than with `before`."""
    if before == after:
        return False
    if before is None:
        return not missing_is_free
    if after is None:
        return missing_is_free
    match FIELDS_BY_NAME[name].sense:
        case Sense.CEILING:
            return bool(after > before)
        case Sense.FLOOR:
            return bool(after < before)
        case Sense.LIST:
            return not set(after) <= set(before)


def _tightest_of(sense: Sense, said: list[Any]) -> Any:
    values = [value for value in said if value is not None]
    if not values:
        return None
    match sense:
        case Sense.CEILING:
            return min(values)
        case Sense.FLOOR:
            return max(values)
        case Sense.LIST:
            return frozenset.intersection(*(frozenset(value) for value in values))
