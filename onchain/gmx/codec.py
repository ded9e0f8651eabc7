"""GMX calldata: orders, multicalls and direct calls, encoded and decoded exactly.

The order structure is that of the generations v2.2 to v2.2c (selector 0xf59c48eb); a router of
another generation has another selector and is refused by the decoder.
Source: gmx-synthetics `contracts/order/IBaseOrderUtils.sol`, `contracts/router/ExchangeRouter.sol`.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any

from eth_utils.address import to_checksum_address

from onchain.abi import SELECTOR_BYTES, UndecodableBytes, decode_call, encode_call, selector

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_BYTES32 = b"\x00" * 32

CREATE_ORDER = (
    "createOrder(((address,address,address,address,address,address,address[]),"
    "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256),"
    "uint8,uint8,bool,bool,bool,bytes32,bytes32[]))"
)
MULTICALL = "multicall(bytes[])"
SEND_TOKENS = "sendTokens(address,address,uint256)"
SEND_WNT = "sendWnt(address,uint256)"
CANCEL_ORDER = "cancelOrder(bytes32)"
CLAIM_FUNDING_FEES = "claimFundingFees(address[],address[],address)"
CLAIM_COLLATERAL = "claimCollateral(address[],address[],uint256[],address)"


class OrderType(IntEnum):
    """GMX's order types; a guarded vault may use the three market types only."""

    MARKET_SWAP = 0
    LIMIT_SWAP = 1
    MARKET_INCREASE = 2
    LIMIT_INCREASE = 3
    MARKET_DECREASE = 4
    LIMIT_DECREASE = 5
    STOP_LOSS_DECREASE = 6
    LIQUIDATION = 7
    STOP_INCREASE = 8


class DecreaseSwap(IntEnum):
    """Whether a decrease swaps what it pays out."""

    NO_SWAP = 0
    PNL_TO_COLLATERAL = 1
    COLLATERAL_TO_PNL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderParams:
    """Everything that `createOrder` is told; prices in contract units, USD with 30 decimals."""

    receiver: str
    market: str
    initial_collateral_token: str
    order_type: OrderType
    is_long: bool
    size_delta_usd_raw: int
    initial_collateral_delta_raw: int
    acceptable_price_raw: int
    execution_fee_raw: int
    callback_contract: str = ZERO_ADDRESS
    callback_gas_limit: int = 0
    ui_fee_receiver: str = ZERO_ADDRESS
    cancellation_receiver: str = ZERO_ADDRESS
    swap_path: tuple[str, ...] = ()
    trigger_price_raw: int = 0
    min_output_raw: int = 0
    valid_from_time: int = 0
    decrease_swap: DecreaseSwap = DecreaseSwap.NO_SWAP
    unwrap_native: bool = False
    auto_cancel: bool = False
    referral_code: bytes = ZERO_BYTES32
    data_list: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SendTokens:
    """Tokens that the router pulls from the account to a receiver."""

    token: str
    receiver: str
    amount_raw: int


@dataclass(frozen=True, slots=True)
class SendWnt:
    """Native currency that travels with the call; a guarded vault cannot use it."""

    receiver: str
    amount_raw: int


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """The creation of one order."""

    params: OrderParams


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """The cancellation of one stored order."""

    key: bytes


@dataclass(frozen=True, slots=True)
class ClaimFundingFees:
    """A claim of funding that accrued to the account."""

    markets: tuple[str, ...]
    tokens: tuple[str, ...]
    receiver: str


@dataclass(frozen=True, slots=True)
class ClaimCollateral:
    """A claim of price impact that was held back, by market, token and hour."""

    markets: tuple[str, ...]
    tokens: tuple[str, ...]
    time_keys: tuple[int, ...]
    receiver: str


@dataclass(frozen=True, slots=True)
class Multicall:
    """Several router calls in one transaction, in order."""

    calls: "tuple[RouterCall, ...]"


RouterCall = SendTokens | SendWnt | CreateOrder | CancelOrder | ClaimFundingFees | ClaimCollateral


def encode_router(call: "RouterCall | Multicall") -> bytes:
    """Encode a call of the exchange router. Raises InvalidInput where a value does not fit."""
    if isinstance(call, Multicall):
        return encode_call(MULTICALL, [[_encode_single(inner) for inner in call.calls]])
    return _encode_single(call)


def _encode_single(call: RouterCall) -> bytes:
    """Encode one call that is no multicall."""
    if isinstance(call, CreateOrder):
        return encode_call(CREATE_ORDER, [_order_tuple(call.params)])
    return encode_call(_SIGNATURES[type(call)], astuple(call))


def decode_router(data: bytes) -> "RouterCall | Multicall":
    """Decode a router call exactly; the inverse of `encode_router`.

    Raises UndecodableBytes for unknown selectors, trailing bytes and any other encoding.
    A multicall inside a multicall is refused: no shape of ours has one.
    """
    if data[:SELECTOR_BYTES] != selector(MULTICALL):
        return _decode_single(data)
    (inner,) = decode_call(MULTICALL, data)
    return Multicall(tuple(_decode_single(part) for part in inner))


def _decode_single(data: bytes) -> RouterCall:
    """Decode one call that is no multicall."""
    signature = _BY_SELECTOR.get(data[:SELECTOR_BYTES])
    if signature is None:
        raise UndecodableBytes(f"the router call 0x{data[:SELECTOR_BYTES].hex()} is not known")
    values = decode_call(signature, data)
    if signature == CREATE_ORDER:
        return CreateOrder(_order_params(values[0]))
    if signature == CANCEL_ORDER:
        return CancelOrder(values[0])
    if signature == SEND_TOKENS:
        return SendTokens(_checksum(values[0]), _checksum(values[1]), values[2])
    if signature == SEND_WNT:
        return SendWnt(_checksum(values[0]), values[1])
    markets, tokens = _checksums(values[0]), _checksums(values[1])
    if signature == CLAIM_FUNDING_FEES:
        return ClaimFundingFees(markets, tokens, _checksum(values[2]))
    return ClaimCollateral(markets, tokens, tuple(values[2]), _checksum(values[3]))


# The fields of these classes stand in the order of the call's arguments.
_SIGNATURES: dict[type[RouterCall], str] = {
    CreateOrder: CREATE_ORDER,
    CancelOrder: CANCEL_ORDER,
    SendTokens: SEND_TOKENS,
    SendWnt: SEND_WNT,
    ClaimFundingFees: CLAIM_FUNDING_FEES,
    ClaimCollateral: CLAIM_COLLATERAL,
}
_BY_SELECTOR = {selector(signature): signature for signature in _SIGNATURES.values()}


def _order_tuple(params: OrderParams) -> tuple[object, ...]:
    """Lay the order out as the contract's structure."""
    addresses = (
        params.receiver,
        params.cancellation_receiver,
        params.callback_contract,
        params.ui_fee_receiver,
        params.market,
        params.initial_collateral_token,
        list(params.swap_path),
    )
    numbers = (
        params.size_delta_usd_raw,
        params.initial_collateral_delta_raw,
        params.trigger_price_raw,
        params.acceptable_price_raw,
        params.execution_fee_raw,
        params.callback_gas_limit,
        params.min_output_raw,
        params.valid_from_time,
    )
    return (
        addresses,
        numbers,
        int(params.order_type),
        int(params.decrease_swap),
        params.is_long,
        params.unwrap_native,
        params.auto_cancel,
        params.referral_code,
        list(params.data_list),
    )


def _order_params(values: tuple[Any, ...]) -> OrderParams:
    """Read the contract's structure back."""
    addresses, numbers, order_type, swap, is_long, unwrap, auto_cancel, referral, data = values
    receiver, cancellation, callback, ui_fee, market, collateral, path = addresses
    size, delta, trigger, acceptable, fee, gas, output, valid_from = numbers
    return OrderParams(
        receiver=_checksum(receiver),
        cancellation_receiver=_checksum(cancellation),
        callback_contract=_checksum(callback),
        ui_fee_receiver=_checksum(ui_fee),
        market=_checksum(market),
        initial_collateral_token=_checksum(collateral),
        swap_path=_checksums(path),
        size_delta_usd_raw=size,
        initial_collateral_delta_raw=delta,
        trigger_price_raw=trigger,
        acceptable_price_raw=acceptable,
        execution_fee_raw=fee,
        callback_gas_limit=gas,
        min_output_raw=output,
        valid_from_time=valid_from,
        order_type=_order_type(order_type),
        decrease_swap=_decrease_swap(swap),
        is_long=is_long,
        unwrap_native=unwrap,
        auto_cancel=auto_cancel,
        referral_code=referral,
        data_list=tuple(data),
    )


def _order_type(number: int) -> OrderType:
    """Read an order type; a number that GMX does not have is refused."""
    if number not in OrderType.__members__.values():
        raise UndecodableBytes(f"createOrder: {number} is no order type")
    return OrderType(number)


def _decrease_swap(number: int) -> DecreaseSwap:
    """Read a decrease swap type; a number that GMX does not have is refused."""
    if number not in DecreaseSwap.__members__.values():
        raise UndecodableBytes(f"createOrder: {number} is no decrease swap type")
    return DecreaseSwap(number)


def _checksum(address: str) -> str:
    """Write an address with its checksum, so that equal addresses are equal texts."""
    return to_checksum_address(address)


def _checksums(addresses: Iterable[str]) -> tuple[str, ...]:
    """Write several addresses with their checksums."""
    return tuple(_checksum(address) for address in addresses)
