"""The least execution fee that GMX accepts for an order.

The router multiplies an adjusted gas amount by the gas price of the creating transaction; a
simulation without a gas price therefore passes whatever fee is given. All inputs are read from the
DataStore. Source: gmx-synthetics `contracts/gas/GasUtils.sol`.
"""

from dataclasses import dataclass
from enum import StrEnum

from onchain.gmx.units import BPS, FLOAT_PRECISION

ORACLE_PRICES_WITHOUT_SWAPS = 3


class OrderKind(StrEnum):
    """Which gas limit of the DataStore applies."""

    INCREASE = "increase"
    DECREASE = "decrease"
    SWAP = "swap"


@dataclass(frozen=True, slots=True)
class GasConfig:
    """Gas figures as the DataStore holds them now; the factor has 30 decimals."""

    order_gas_limit: int
    single_swap_gas_limit: int
    base_amount: int
    per_oracle_price: int
    multiplier_factor: int


def adjusted_gas(
    config: GasConfig,
    *,
    kind: OrderKind,
    swap_path_length: int,
    swaps_on_decrease: bool,
    callback_gas_limit: int,
) -> int:
    """Compute the gas that the keeper is paid for, before it is multiplied by the gas price.

    A swap at the end of a decrease costs gas but needs no further oracle price.
    """
    extra_swap = 1 if kind is OrderKind.DECREASE and swaps_on_decrease else 0
    estimated = (
        config.order_gas_limit
        + config.single_swap_gas_limit * (swap_path_length + extra_swap)
        + callback_gas_limit
    )
    oracle_prices = ORACLE_PRICES_WITHOUT_SWAPS + swap_path_length
    return (
        config.base_amount
        + config.per_oracle_price * oracle_prices
        + estimated * config.multiplier_factor // FLOAT_PRECISION
    )


def min_execution_fee(adjusted_gas_amount: int, gas_price: int, *, buffer_bps: int = 0) -> int:
    """Compute the fee in wei at a gas price, raised by a buffer and rounded up."""
    fee = adjusted_gas_amount * gas_price
    return fee + -(-fee * buffer_bps // BPS)
