"""What a dHEDGE vault answers: its summary, composition, fees and roles as typed values.

Money has 18 decimals (USD and shares) unless it is said otherwise; fees are parts of 10,000 with the
denominator beside them. Source: dhedge V2-Public `contracts/PoolLogic.sol`, `PoolManagerLogic.sol`,
`PoolFactory.sol`, `SlippageAccumulator.sol`.
"""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from onchain.abi import UndecodableBytes
from onchain.gmx.codec import ZERO_ADDRESS
from onchain.interface import function


@dataclass(frozen=True, slots=True, kw_only=True)
class FundSummary:
    """A vault at a glance. Every call of it fails while an asset has no price."""

    name: str
    total_supply_raw: int
    total_value_usd_raw: int
    manager: str
    manager_name: str
    creation_time: int
    is_private: bool
    performance_fee_numerator: int
    manager_fee_numerator: int
    manager_fee_denominator: int
    exit_fee_numerator: int
    exit_fee_denominator: int
    entry_fee_numerator: int


@dataclass(frozen=True, slots=True)
class Holding:
    """One enabled asset of a vault: units of the token and USD a token with 18 decimals.

    For a GMX market the balance is its value in USD and the rate is one: no count of market tokens.
    """

    asset: str
    is_deposit_asset: bool
    balance_raw: int
    rate_usd_raw: int


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """A vault's fees now, or the most that the factory allows."""

    performance_numerator: int
    management_numerator: int
    entry_numerator: int
    exit_numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class FeeIncrease:
    """Fees that the manager has announced; all zeros when none are."""

    performance_numerator: int
    management_numerator: int
    entry_numerator: int
    exit_numerator: int
    from_time: int

    @property
    def is_announced(self) -> bool:
        """Say whether an increase waits."""
        return self.from_time > 0


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether the GMX guard admits a vault, and in which asset its investors are paid out."""

    vault: str
    withdrawal_asset: str

    @property
    def is_admitted(self) -> bool:
        """Say whether the vault is on the guard's list."""
        return self.vault != ZERO_ADDRESS


def decode_fund_summary(data: bytes) -> FundSummary:
    """Decode `getFundSummary`."""
    row = function("PoolLogic", "getFundSummary").result(data)
    return FundSummary(
        name=row[0],
        total_supply_raw=row[1],
        total_value_usd_raw=row[2],
        manager=to_checksum_address(row[3]),
        manager_name=row[4],
        creation_time=row[5],
        is_private=row[6],
        performance_fee_numerator=row[7],
        manager_fee_numerator=row[8],
        manager_fee_denominator=row[9],
        exit_fee_numerator=row[10],
        exit_fee_denominator=row[11],
        entry_fee_numerator=row[12],
    )


def decode_composition(data: bytes) -> tuple[Holding, ...]:
    """Decode `getFundComposition`. Raises UndecodableBytes where its lists differ in length."""
    assets, balances, rates = function("PoolManagerLogic", "getFundComposition").results(data)
    if not len(assets) == len(balances) == len(rates):
        raise UndecodableBytes("getFundComposition: its lists are of different lengths")
    return tuple(
        Holding(to_checksum_address(asset), is_deposit, balance, rate)
        for (asset, is_deposit), balance, rate in zip(assets, balances, rates, strict=True)
    )


def decode_supported_assets(data: bytes) -> tuple[tuple[str, bool], ...]:
    """Decode `getSupportedAssets` to pairs of asset and whether it may be deposited."""
    rows = function("PoolManagerLogic", "getSupportedAssets").result(data)
    return tuple((to_checksum_address(asset), is_deposit) for asset, is_deposit in rows)


def decode_fees(data: bytes) -> FeeSchedule:
    """Decode `getFee`."""
    return FeeSchedule(*function("PoolManagerLogic", "getFee").results(data))


def decode_maximum_fees(data: bytes) -> FeeSchedule:
    """Decode `getMaximumFee`: the caps of the factory."""
    return FeeSchedule(*function("PoolManagerLogic", "getMaximumFee").results(data))


def decode_fee_increase(data: bytes) -> FeeIncrease:
    """Decode `getFeeIncreaseInfo`."""
    return FeeIncrease(*function("PoolManagerLogic", "getFeeIncreaseInfo").results(data))


def decode_admission(data: bytes) -> Admission:
    """Decode the guard's `dHedgePoolsWhitelist`."""
    vault, asset = function("GmxGuard", "dHedgePoolsWhitelist").result(data)
    return Admission(to_checksum_address(vault), to_checksum_address(asset))
