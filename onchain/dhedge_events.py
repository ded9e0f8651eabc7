"""The events of dHEDGE vaults, decoded into facts: flows, fee mints, executed calls, enabled assets.

Nothing useful is indexed: logs are chosen by the emitting address. Money has 18 decimals (USD and
shares), deposited and withdrawn assets are in token units. Source: dhedge V2-Public
`contracts/PoolLogic.sol`, `PoolManagerLogic.sol`, `PoolFactory.sol`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from eth_utils.address import to_checksum_address

from onchain.interface import ContractEvent, event


class ExecutedKind(IntEnum):
    """What the guard took an executed call for; other numbers belong to other protocols."""

    APPROVE = 1
    EXCHANGE = 2
    CLAIM = 7
    GMX_MULTICALL = 101
    GMX_CLAIM_FUNDING_FEES = 102
    GMX_CLAIM_COLLATERAL = 103
    GMX_CANCEL_ORDER = 104
    GMX_CANCEL_DEPOSIT = 105
    GMX_CANCEL_WITHDRAWAL = 106


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultDeposit:
    """Money that came in; value and supply are those after it. `investor` receives the shares."""

    vault: str
    investor: str
    asset: str
    amount_raw: int
    value_usd_raw: int
    shares_raw: int
    investor_shares_raw: int
    vault_value_usd_raw: int
    total_supply_raw: int
    at_time: int


@dataclass(frozen=True, slots=True)
class WithdrawnAsset:
    """One asset that was paid out; an asset may occur twice, as the GMX part is paid in it too."""

    asset: str
    amount_raw: int
    was_processed_outside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultWithdrawal:
    """Money that went out. `investor` receives it; the burner of the shares is the caller."""

    vault: str
    investor: str
    value_usd_raw: int
    shares_raw: int
    investor_shares_raw: int
    vault_value_usd_raw: int
    total_supply_raw: int
    assets: tuple[WithdrawnAsset, ...]
    at_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeMint:
    """Shares that the fee pass minted, often none; the last price is the high-water mark."""

    vault: str
    manager: str
    minted_raw: int
    dao_raw: int
    manager_raw: int
    high_water_mark_raw: int


@dataclass(frozen=True, slots=True)
class ShareFee:
    """Shares that an entry, exit or referral fee gave to somebody; an exit fee mints nothing."""

    recipient: str
    shares_raw: int
    is_mint: bool


@dataclass(frozen=True, slots=True)
class CallExecuted:
    """One inner call that the vault made. `manager` is the vault's, whoever sent it."""

    vault: str
    manager: str
    kind: int
    at_time: int


@dataclass(frozen=True, slots=True)
class AssetEnabled:
    """An asset that a vault enabled or disabled."""

    vault: str
    manager: str
    asset: str
    is_enabled: bool
    is_deposit_asset: bool


@dataclass(frozen=True, slots=True)
class ShareTransfer:
    """Shares that moved; from or to nobody (zero) they were minted or burnt."""

    sender: str
    receiver: str
    shares_raw: int


@dataclass(frozen=True, slots=True)
class VaultTouched:
    """The factory's note that something about a vault, or its manager contract, has changed."""

    address: str
    is_manager_logic: bool


@dataclass(frozen=True, slots=True)
class OtherVaultEvent:
    """An event of a vault that is kept by its fields: fees set, manager changed, vault created."""

    name: str
    fields: Mapping[str, Any]


VaultEvent = (
    VaultDeposit
    | VaultWithdrawal
    | FeeMint
    | ShareFee
    | CallExecuted
    | AssetEnabled
    | ShareTransfer
    | VaultTouched
    | OtherVaultEvent
)

_EVENTS = {
    "PoolLogic": (
        "Deposit",
        "Withdrawal",
        "ManagerFeeMinted",
        "EntryFeeMinted",
        "ExitFeeMinted",
        "ReferralFeeMinted",
        "TransactionExecuted",
        "Transfer",
    ),
    "PoolManagerLogic": ("AssetAdded", "AssetRemoved", "ManagerFeeSet", "ManagerUpdated"),
    "PoolFactory": ("PoolEvent", "PoolManagerEvent", "FundCreated"),
}


@lru_cache(maxsize=1)
def vault_topics() -> Mapping[bytes, ContractEvent]:
    """Give the events that are understood, by their topic: what a log filter asks for."""
    known = [event(contract, name) for contract, names in _EVENTS.items() for name in names]
    return {one.topic: one for one in known}


def decode_vault_event(topics: Sequence[bytes], data: bytes) -> VaultEvent | None:
    """Decode a log of a vault, its manager contract or the factory; None for an event of no use.

    Raises UndecodableBytes where a known event's bytes are not its exact encoding.
    """
    shape = vault_topics().get(topics[0]) if topics else None
    if shape is None:
        return None
    fields = shape.fields(topics, data)
    if shape.name in _SHARE_FEES:
        recipient, amount, is_mint = _SHARE_FEES[shape.name]
        return ShareFee(fields[recipient], fields[amount], is_mint)
    if shape.name in _READERS:
        return _READERS[shape.name](fields)
    return OtherVaultEvent(shape.name, fields)


def _deposit(fields: Mapping[str, Any]) -> VaultDeposit:
    """Read a deposit."""
    return VaultDeposit(
        vault=fields["fundAddress"],
        investor=fields["investor"],
        asset=fields["assetDeposited"],
        amount_raw=fields["amountDeposited"],
        value_usd_raw=fields["valueDeposited"],
        shares_raw=fields["fundTokensReceived"],
        investor_shares_raw=fields["totalInvestorFundTokens"],
        vault_value_usd_raw=fields["fundValue"],
        total_supply_raw=fields["totalSupply"],
        at_time=fields["time"],
    )


def _withdrawal(fields: Mapping[str, Any]) -> VaultWithdrawal:
    """Read a withdrawal."""
    return VaultWithdrawal(
        vault=fields["fundAddress"],
        investor=fields["investor"],
        value_usd_raw=fields["valueWithdrawn"],
        shares_raw=fields["fundTokensWithdrawn"],
        investor_shares_raw=fields["totalInvestorFundTokens"],
        vault_value_usd_raw=fields["fundValue"],
        total_supply_raw=fields["totalSupply"],
        assets=tuple(
            WithdrawnAsset(to_checksum_address(asset), amount, outside)
            for asset, amount, outside in fields["withdrawnAssets"]
        ),
        at_time=fields["time"],
    )


def _fee_mint(fields: Mapping[str, Any]) -> FeeMint:
    """Read a pass of the manager's fee."""
    return FeeMint(
        vault=fields["pool"],
        manager=fields["manager"],
        minted_raw=fields["available"],
        dao_raw=fields["daoFee"],
        manager_raw=fields["managerFee"],
        high_water_mark_raw=fields["tokenPriceAtLastFeeMint"],
    )


def _asset(fields: Mapping[str, Any]) -> AssetEnabled:
    """Read an asset's change; only an addition tells whether it may be deposited."""
    return AssetEnabled(
        fields["fundAddress"],
        fields["manager"],
        fields["asset"],
        "isDeposit" in fields,
        fields.get("isDeposit", False),
    )


def _executed(fields: Mapping[str, Any]) -> CallExecuted:
    """Read an executed call."""
    return CallExecuted(
        fields["pool"], fields["manager"], fields["transactionType"], fields["time"]
    )


def _transfer(fields: Mapping[str, Any]) -> ShareTransfer:
    """Read a transfer of shares."""
    return ShareTransfer(fields["from"], fields["to"], fields["value"])


def _touched(fields: Mapping[str, Any]) -> VaultTouched:
    """Read the factory's note; which contract it is about stands in the field's name."""
    if "poolAddress" in fields:
        return VaultTouched(fields["poolAddress"], is_manager_logic=False)
    return VaultTouched(fields["poolManagerAddress"], is_manager_logic=True)


_SHARE_FEES = {
    "EntryFeeMinted": ("recipient", "entryFeeAmount", True),
    "ExitFeeMinted": ("recipient", "exitFeeAmount", False),
    "ReferralFeeMinted": ("referrer", "amount", True),
}
_READERS: Mapping[str, Callable[[Mapping[str, Any]], VaultEvent]] = {
    "Deposit": _deposit,
    "Withdrawal": _withdrawal,
    "ManagerFeeMinted": _fee_mint,
    "TransactionExecuted": _executed,
    "AssetAdded": _asset,
    "AssetRemoved": _asset,
    "Transfer": _transfer,
    "PoolEvent": _touched,
    "PoolManagerEvent": _touched,
}
