"""dHEDGE V2 vault calldata: what a trader may make the vault do, encoded and decoded exactly.

The guard of the vault's exchange router decides by shape; these functions build only the shapes
that it admits. Source: dhedge V2-Public `contracts/PoolLogic.sol`, `contracts/PoolManagerLogic.sol`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from onchain.abi import (
    SELECTOR_BYTES,
    UndecodableBytes,
    decode_call,
    encode_call,
    selector,
)
from onchain.gmx.codec import CreateOrder, Multicall, OrderParams, SendTokens

EXEC_TRANSACTION = "execTransaction(address,bytes)"
EXEC_TRANSACTIONS = "execTransactions((address,bytes)[])"
CHANGE_ASSETS = "changeAssets((address,bool)[],address[])"
APPROVE = "approve(address,uint256)"


@dataclass(frozen=True, slots=True)
class Execution:
    """One call that the vault makes: to whom, with which bytes."""

    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    """An allowance that the vault gives on one of its tokens."""

    spender: str
    amount_raw: int


@dataclass(frozen=True, slots=True)
class AssetChange:
    """Assets that a vault enables (with: may it be deposited?) and disables."""

    additions: tuple[tuple[str, bool], ...]
    removals: tuple[str, ...]


def encode_execution(execution: Execution) -> bytes:
    """Wrap one call for the vault. Raises InvalidInput where a value does not fit."""
    return encode_call(EXEC_TRANSACTION, [execution.to, execution.data])


def encode_executions(executions: Sequence[Execution]) -> bytes:
    """Wrap several calls for the vault, all or nothing."""
    return encode_call(EXEC_TRANSACTIONS, [[(one.to, one.data) for one in executions]])


def decode_execution(data: bytes) -> tuple[Execution, ...]:
    """Unwrap the call or calls of a vault transaction exactly.

    Raises UndecodableBytes for another selector, trailing bytes or any other encoding.
    """
    if data[:SELECTOR_BYTES] == selector(EXEC_TRANSACTION):
        to, inner = decode_call(EXEC_TRANSACTION, data)
        return (Execution(to_checksum_address(to), inner),)
    if data[:SELECTOR_BYTES] == selector(EXEC_TRANSACTIONS):
        (calls,) = decode_call(EXEC_TRANSACTIONS, data)
        return tuple(Execution(to_checksum_address(to), inner) for to, inner in calls)
    raise UndecodableBytes(f"the vault call 0x{data[:SELECTOR_BYTES].hex()} is not known")


def encode_approval(approval: Approval) -> bytes:
    """Encode the approval that the vault sends to a token."""
    return encode_call(APPROVE, [approval.spender, approval.amount_raw])


def decode_approval(data: bytes) -> Approval:
    """Decode an approval exactly."""
    spender, amount_raw = decode_call(APPROVE, data)
    return Approval(to_checksum_address(spender), amount_raw)


def encode_asset_change(change: AssetChange) -> bytes:
    """Encode a change of enabled assets; it goes to the vault's manager logic."""
    return encode_call(CHANGE_ASSETS, [list(change.additions), list(change.removals)])


def decode_asset_change(data: bytes) -> AssetChange:
    """Decode a change of enabled assets exactly."""
    additions, removals = decode_call(CHANGE_ASSETS, data)
    return AssetChange(
        tuple((to_checksum_address(asset), deposit) for asset, deposit in additions),
        tuple(to_checksum_address(asset) for asset in removals),
    )


def increase_calls(
    params: OrderParams, *, fee_token: str, order_vault: str, collateral_raw: int
) -> Multicall:
    """Lay out an increase or a swap as the guard demands it: fee, collateral, order.

    The execution fee is the vault's own wrapped native token; no native currency can travel with a
    vault's call. Collateral of amount 0 adds size only. With the fee token as collateral there are
    still two transfers.
    """
    return Multicall(
        (
            SendTokens(fee_token, order_vault, params.execution_fee_raw),
            SendTokens(params.initial_collateral_token, order_vault, collateral_raw),
            CreateOrder(params),
        )
    )


def decrease_calls(params: OrderParams, *, fee_token: str, order_vault: str) -> Multicall:
    """Lay out a decrease as the guard demands it: fee, order."""
    return Multicall(
        (
            SendTokens(fee_token, order_vault, params.execution_fee_raw),
            CreateOrder(params),
        )
    )
