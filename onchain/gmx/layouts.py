"""What GMX's Reader returns, decoded by the layout that belongs to the Reader's address.

Two generations answer the same calls with different structures: v2.2c adds `uiFeeFactor` to an order
and `positionValueInUsd` to a position's information. Decoded with the wrong layout, fields would
shift silently; here the bytes must encode back exactly, so a wrong layout always fails.
Source: the Reader's ABI of each generation (gmx-synthetics, gmx-interface).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from eth_utils.address import to_checksum_address

from onchain.abi import UndecodableBytes, decode_exact
from onchain.gmx.codec import OrderType


class Layout(StrEnum):
    """The generations of the Reader whose answers are understood."""

    V2_2B = "v2.2b"
    V2_2C = "v2.2c"


_POSITION = (
    "((address,address,address),"
    "(uint256,uint256,uint256,int256,uint256,uint256,uint256,uint256,uint256,uint256),(bool))"
)
_ORDER_NUMBERS: Mapping[Layout, int] = MappingProxyType({Layout.V2_2B: 10, Layout.V2_2C: 11})
_FEES = (
    "((bytes32,address,address,uint256,uint256,uint256,uint256,uint256,uint256,uint256),"
    "(uint256,uint256,uint256),(uint256,uint256,uint256,uint256,uint256,uint256),"
    "(uint256,uint256,uint256,uint256),(address,uint256,uint256),"
    "(uint256,uint256,uint256,uint256),(uint256,uint256)," + ",".join(["uint256"] * 10) + ")"
)
_EXECUTION = "(int256,uint256,bool,int256,int256,uint256)"


def order_type_text(layout: Layout) -> str:
    """Give the ABI type of one stored order under a layout."""
    numbers = ",".join(["uint8", "uint8", *["uint256"] * _ORDER_NUMBERS[layout]])
    return (
        "((address,address,address,address,address,address,address,address[]),"
        f"({numbers}),(bool,bool,bool,bool),bytes32[])"
    )


def position_info_type_text(layout: Layout) -> str:
    """Give the ABI type of one position's information under a layout."""
    values = ["int256"] * (4 if layout is Layout.V2_2C else 3)
    return f"(bytes32,{_POSITION},{_FEES},{_EXECUTION},{','.join(values)})"


@dataclass(frozen=True, slots=True)
class ChainPosition:
    """A position as GMX stores it; USD with 30 decimals, tokens in smallest units."""

    account: str
    market: str
    collateral_token: str
    size_usd_raw: int
    size_tokens_raw: int
    collateral_raw: int
    pending_impact_raw: int
    borrowing_factor: int
    funding_fee_per_size: int
    claimable_long_per_size: int
    claimable_short_per_size: int
    increased_at_time: int
    decreased_at_time: int
    is_long: bool

    @property
    def exists(self) -> bool:
        """Say whether there is a position: an absent one is all zeros."""
        return self.size_usd_raw > 0


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order that waits at GMX; `ui_fee_factor` is None where the layout has none."""

    account: str
    receiver: str
    cancellation_receiver: str
    callback_contract: str
    ui_fee_receiver: str
    market: str
    initial_collateral_token: str
    swap_path: tuple[str, ...]
    order_type: OrderType
    decrease_swap_type: int
    size_delta_usd_raw: int
    initial_collateral_delta_raw: int
    trigger_price_raw: int
    acceptable_price_raw: int
    execution_fee_raw: int
    callback_gas_limit: int
    min_output_raw: int
    ui_fee_factor: int | None
    updated_at_time: int
    valid_from_time: int
    source_chain_id: int
    is_long: bool
    unwrap_native: bool
    is_frozen: bool
    auto_cancel: bool
    data_list: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PositionInfo:
    """A position with what it would cost and bring to close, as the Reader computes it.

    `position_value_usd_raw` is None on v2.2b, which does not compute it.
    """

    key: bytes
    position: ChainPosition
    funding_fee_raw: int
    claimable_long_raw: int
    claimable_short_raw: int
    borrowing_fee_usd_raw: int
    ui_fee_raw: int
    collateral_price_min: int
    collateral_price_max: int
    position_fee_raw: int
    total_cost_raw: int
    price_impact_usd_raw: int
    execution_price_raw: int
    proportional_pending_impact_usd_raw: int
    total_impact_usd_raw: int
    price_impact_diff_usd_raw: int
    base_pnl_usd_raw: int
    uncapped_base_pnl_usd_raw: int
    pnl_after_impact_usd_raw: int
    position_value_usd_raw: int | None


@dataclass(frozen=True, slots=True)
class Market:
    """The tokens of one market."""

    market_token: str
    index_token: str
    long_token: str
    short_token: str


def decode_positions(data: bytes) -> tuple[ChainPosition, ...]:
    """Decode `getAccountPositions`; both layouts are the same here."""
    (rows,) = decode_exact([_POSITION + "[]"], data, what="getAccountPositions")
    return tuple(_position(row) for row in rows)


def decode_orders(data: bytes, layout: Layout) -> tuple[tuple[bytes, StoredOrder], ...]:
    """Decode `getAccountOrders` to (key, order) pairs. Raises UndecodableBytes for the wrong layout."""
    types = [f"(bytes32,{order_type_text(layout)})[]"]
    (rows,) = decode_exact(types, data, what="getAccountOrders")
    return tuple((key, _order(row)) for key, row in rows)


def decode_order(data: bytes, layout: Layout) -> StoredOrder:
    """Decode `getOrder`. Raises UndecodableBytes for the wrong layout."""
    (row,) = decode_exact([order_type_text(layout)], data, what="getOrder")
    return _order(row)


def decode_position_info(data: bytes, layout: Layout) -> PositionInfo:
    """Decode `getPositionInfo`; its key is zero, only the list calls fill it."""
    (row,) = decode_exact([position_info_type_text(layout)], data, what="getPositionInfo")
    return _position_info(row)


def decode_position_infos(data: bytes, layout: Layout) -> tuple[PositionInfo, ...]:
    """Decode `getAccountPositionInfoList`."""
    types = [position_info_type_text(layout) + "[]"]
    (rows,) = decode_exact(types, data, what="getAccountPositionInfoList")
    return tuple(_position_info(row) for row in rows)


def decode_markets(data: bytes) -> tuple[Market, ...]:
    """Decode `getMarkets`."""
    (rows,) = decode_exact(["(address,address,address,address)[]"], data, what="getMarkets")
    return tuple(Market(*map(to_checksum_address, row)) for row in rows)


def decode_liquidatable(data: bytes) -> tuple[bool, str]:
    """Decode `isPositionLiquidatable` to the verdict and GMX's reason."""
    types = ["bool", "string", "(int256,int256,int256)"]
    verdict, reason, _ = decode_exact(types, data, what="isPositionLiquidatable")
    return verdict, reason


def _position(row: Any) -> ChainPosition:
    """Read one position."""
    addresses, numbers, (is_long,) = row
    values: list[Any] = [*map(to_checksum_address, addresses), *numbers, is_long]
    return ChainPosition(*values)


def _order(row: Any) -> StoredOrder:
    """Read one stored order of either layout."""
    (*single, path), numbers, flags, data_list = row
    kind, swap, *amounts = numbers
    before, after = amounts[:7], amounts[-3:]
    ui_fee_factor = amounts[7] if len(amounts) == _ORDER_NUMBERS[Layout.V2_2C] else None
    if kind not in OrderType.__members__.values():
        raise UndecodableBytes(f"getOrder: {kind} is no order type")
    values: list[Any] = [
        *map(to_checksum_address, single),
        tuple(map(to_checksum_address, path)),
        OrderType(kind),
        swap,
        *before,
        ui_fee_factor,
        *after,
        *flags,
        tuple(data_list),
    ]
    return StoredOrder(*values)


def _position_info(row: Any) -> PositionInfo:
    """Read one position's information of either layout."""
    key, position, fees, execution, base, uncapped, after, *value = row
    _referral, _pro, funding, borrowing, interface, _liquidation, price, *totals = fees
    impact, execution_price, _improved, pending, total, difference = execution
    return PositionInfo(
        key=key,
        position=_position(position),
        funding_fee_raw=funding[0],
        claimable_long_raw=funding[1],
        claimable_short_raw=funding[2],
        borrowing_fee_usd_raw=borrowing[0],
        ui_fee_raw=interface[2],
        collateral_price_min=price[0],
        collateral_price_max=price[1],
        position_fee_raw=totals[6],
        total_cost_raw=totals[8],
        price_impact_usd_raw=impact,
        execution_price_raw=execution_price,
        proportional_pending_impact_usd_raw=pending,
        total_impact_usd_raw=total,
        price_impact_diff_usd_raw=difference,
        base_pnl_usd_raw=base,
        uncapped_base_pnl_usd_raw=uncapped,
        pnl_after_impact_usd_raw=after,
        position_value_usd_raw=value[0] if value else None,
    )
