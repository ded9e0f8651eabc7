"""GMX's units and price rules as integer arithmetic, with every rounding named.

US dollars and factors have 30 decimals. A contract price is US dollars per smallest unit of the
token, with 30 decimals: for a token of d decimals it is the price of a whole token times
10^(30 - d). Only the decimals of the *index token* matter for trigger and acceptable prices.
Source: gmx-synthetics `contracts/price/Price.sol`, `contracts/utils/Precision.sol`.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from atlas.domain.errors import InvalidInput

USD_DECIMALS = 30
FLOAT_PRECISION: int = 10**USD_DECIMALS
FLOAT_PRECISION_SQRT = 10**15
BPS = 10_000
MAX_UINT256: int = 2**256 - 1
_DIGITS = 110  # two 256-bit integers and their product fit


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The oracle's smallest and largest contract price of one token."""

    min: int
    max: int


def usd_to_raw(amount_usd: Decimal, *, round_up: bool = False) -> int:
    """Convert US dollars to GMX's 30-decimal integer; the rounding direction is the caller's."""
    return _scale(amount_usd, USD_DECIMALS, round_up=round_up)


def usd_from_raw(amount_raw: int) -> Decimal:
    """Convert GMX's 30-decimal integer to US dollars, exactly."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(amount_raw).scaleb(-USD_DECIMALS)


def price_to_raw(price_usd: Decimal, token_decimals: int, *, round_up: bool = False) -> int:
    """Convert the price of a whole token to a contract price."""
    return _scale(price_usd, USD_DECIMALS - token_decimals, round_up=round_up)


def price_from_raw(price_raw: int, token_decimals: int) -> Decimal:
    """Convert a contract price to the price of a whole token, exactly."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(price_raw).scaleb(token_decimals - USD_DECIMALS)


def token_to_raw(amount: Decimal, token_decimals: int, *, round_up: bool = False) -> int:
    """Convert whole tokens to the smallest unit."""
    return _scale(amount, token_decimals, round_up=round_up)


def token_from_raw(amount_raw: int, token_decimals: int) -> Decimal:
    """Convert smallest units to whole tokens, exactly."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(amount_raw).scaleb(-token_decimals)


def _scale(value: Decimal, places: int, *, round_up: bool) -> int:
    """Shift the decimal point and round in the direction asked for."""
    if not value.is_finite():
        raise InvalidInput(f"{value} is no amount: a finite decimal is needed")
    with localcontext() as context:
        context.prec = _DIGITS
        rounding = ROUND_CEILING if round_up else ROUND_FLOOR
        return int(value.scaleb(places).to_integral_value(rounding=rounding))


def acceptable_price(price_raw: int, slippage_bps: int, *, is_increase: bool, is_long: bool) -> int:
    """Move a contract price by the slippage in the direction that this order tolerates.

    The bound lies above the price exactly where the order pays up: opening a long or closing a
    short. Division floors, as GMX's own SDK does.
    """
    if not 0 <= slippage_bps < BPS:
        raise InvalidInput(f"slippage of {slippage_bps} bps is outside 0..{BPS - 1}")
    factor = (
        BPS + slippage_bps
        if pays_up(is_increase=is_increase, is_long=is_long)
        else BPS - slippage_bps
    )
    return price_raw * factor // BPS


def pays_up(*, is_increase: bool, is_long: bool) -> bool:
    """Say whether the order buys the index token: then a higher price is the worse one."""
    return is_increase == is_long


def admits(
    execution_price_raw: int, acceptable_raw: int, *, is_increase: bool, is_long: bool
) -> bool:
    """Say whether GMX would execute at this price under this bound."""
    if pays_up(is_increase=is_increase, is_long=is_long):
        return execution_price_raw <= acceptable_raw
    return execution_price_raw >= acceptable_raw


def side_price(prices: PriceRange, *, is_increase: bool, is_long: bool) -> int:
    """Pick the oracle's side that the order meets: the maximum where it buys, else the minimum."""
    return prices.max if pays_up(is_increase=is_increase, is_long=is_long) else prices.min


def uncapped_pnl_raw(
    *, size_usd_raw: int, size_tokens_raw: int, index: PriceRange, is_long: bool
) -> int:
    """Compute a position's PnL in 30-decimal USD at the closing side of the price, before the cap."""
    value = size_tokens_raw * (index.min if is_long else index.max)
    return value - size_usd_raw if is_long else size_usd_raw - value


def size_delta_in_tokens(
    *, size_usd_raw: int, size_tokens_raw: int, size_delta_usd_raw: int, is_long: bool
) -> int:
    """Compute how many index tokens a decrease takes off: rounded up for longs, down for shorts."""
    if size_delta_usd_raw == size_usd_raw:
        return size_tokens_raw
    product = size_tokens_raw * size_delta_usd_raw
    return -(-product // size_usd_raw) if is_long else product // size_usd_raw


def funding_fee_amount(
    *, size_usd_raw: int, latest_per_size: int, position_per_size: int, round_up: bool
) -> int:
    """Compute a funding amount in collateral tokens; what is paid rounds up, what is due down."""
    product = size_usd_raw * (latest_per_size - position_per_size)
    divisor = FLOAT_PRECISION * FLOAT_PRECISION_SQRT
    return -(-product // divisor) if round_up else product // divisor


def trigger_is_met(order_type: str, index: PriceRange, trigger_raw: int, *, is_long: bool) -> bool:
    """Say whether a trigger order's condition holds at the oracle's price.

    `order_type` is LimitIncrease, StopIncrease, LimitDecrease or StopLossDecrease.
    Raises InvalidInput for another one.
    """
    compare_above = {
        "LimitIncrease": not is_long,
        "StopIncrease": is_long,
        "LimitDecrease": is_long,
        "StopLossDecrease": not is_long,
    }
    if order_type not in compare_above:
        raise InvalidInput(f"{order_type} has no trigger; known: {', '.join(compare_above)}")
    is_increase = order_type.endswith("Increase")
    price = side_price(index, is_increase=is_increase, is_long=is_long)
    return price >= trigger_raw if compare_above[order_type] else price <= trigger_raw
