"""A chain's contracts as reviewed data: the shape of the files, checked before anything is stored.

A file names one chain and one generation of GMX on it, with every contract's address, its role, and
where the address was found. Another chain, a fork or a private chain is another file and no code.
Pure: nothing here touches a database or a chain.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from eth_utils.address import is_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from atlas.domain.errors import InvalidInput
from onchain.gmx.codec import ZERO_ADDRESS
from onchain.gmx.layouts import Layout

SCHEMA = 1
_MOST_DECIMALS = 30


class ContractRole(StrEnum):
    """What a contract is for; one of each in a set."""

    EXCHANGE_ROUTER = "exchange_router"
    ROUTER = "router"
    READER = "reader"
    ORDER_HANDLER = "order_handler"
    ORDER_VAULT = "order_vault"
    DEPOSIT_VAULT = "deposit_vault"
    WITHDRAWAL_VAULT = "withdrawal_vault"
    DATA_STORE = "data_store"
    EVENT_EMITTER = "event_emitter"
    ROLE_STORE = "role_store"
    REFERRAL_STORAGE = "referral_storage"
    ORACLE = "oracle"
    SIMULATION_ROUTER = "simulation_router"
    WRAPPED_NATIVE = "wrapped_native"
    MULTICALL = "multicall"
    POOL_FACTORY = "pool_factory"
    GOVERNANCE = "governance"
    ASSET_HANDLER = "asset_handler"
    GMX_GUARD = "gmx_guard"
    GMX_ASSET_GUARD = "gmx_asset_guard"
    ERC20_GUARD = "erc20_guard"
    CLOSED_CONTRACT_GUARD = "closed_contract_guard"
    SLIPPAGE_ACCUMULATOR = "slippage_accumulator"
    VALUE_MANIPULATION_CHECK = "value_manipulation_check"
    FEE_RECEIVER = "fee_receiver"


GMX_ROLES = frozenset(
    {
        ContractRole.EXCHANGE_ROUTER,
        ContractRole.ROUTER,
        ContractRole.READER,
        ContractRole.ORDER_HANDLER,
        ContractRole.ORDER_VAULT,
        ContractRole.DATA_STORE,
        ContractRole.EVENT_EMITTER,
        ContractRole.ROLE_STORE,
        ContractRole.REFERRAL_STORAGE,
        ContractRole.WRAPPED_NATIVE,
        ContractRole.MULTICALL,
    }
)
VAULT_ROLES = frozenset(
    {ContractRole.POOL_FACTORY, ContractRole.GOVERNANCE, ContractRole.ASSET_HANDLER}
)
# A guard without the vaults that it guards would be a slip of the pen.
GUARD_ROLES = frozenset({ContractRole.GMX_GUARD, ContractRole.GMX_ASSET_GUARD})


def checked_address(text: str) -> str:
    """Give an address back if it carries its checksum; one wrong letter does not."""
    if not is_checksum_address(text):
        raise ValueError("not an address with its checksum (EIP-55)")
    if text == ZERO_ADDRESS:
        raise ValueError("the zero address is no contract")
    return text


Address = Annotated[str, AfterValidator(checked_address)]
Words = Annotated[str, Field(min_length=1, max_length=300)]


class _Row(BaseModel):
    """A part of a file: nothing is converted, nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ChainRow(_Row):
    """The chain; its id is what nodes must answer."""

    id: Annotated[int, Field(gt=0, lt=2**63)]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    is_local: bool = False


class ContractRow(_Row):
    """One pinned contract; the hash of its code where the reviewer has read it."""

    role: Annotated[ContractRole, Field(strict=False)]
    address: Address
    source: Words
    code_hash: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")] | None = None


class TokenRow(_Row):
    """A token; a synthetic one has a price but nothing to hold."""

    address: Address
    symbol: Annotated[str, Field(min_length=1, max_length=30)]
    decimals: Annotated[int, Field(ge=0, le=_MOST_DECIMALS)]
    is_synthetic: bool = False


class MarketRow(_Row):
    """A market; without an index token it can only be swapped through."""

    market_token: Address
    index_token: Address | None
    long_token: Address
    short_token: Address


class ContractFile(_Row):
    """One reviewed file, whole."""

    schema_version: Annotated[int, Field(ge=SCHEMA, le=SCHEMA)]
    chain: ChainRow
    generation: Annotated[str, Field(pattern=r"^[a-z0-9.\-]{1,20}$")]
    layout: Annotated[Layout, Field(strict=False)]
    note: Words
    contracts: tuple[ContractRow, ...] = Field(strict=False)
    tokens: tuple[TokenRow, ...] = Field(default=(), strict=False)
    markets: tuple[MarketRow, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse what no single field shows: doubles, missing roles, unknown tokens."""
        for problem in (
            _role_problem(self.contracts),
            _double("token", [one.address for one in self.tokens]),
            _double("market", [one.market_token for one in self.markets]),
            _token_problem(self.tokens, self.markets),
        ):
            if problem:
                raise ValueError(problem)
        return self

    def address_of(self, role: ContractRole) -> str | None:
        """Give the address that has a role; None where the set has none."""
        return next((one.address for one in self.contracts if one.role is role), None)

    @property
    def pinned(self) -> Mapping[str, Any]:
        """Give what makes one set differ from another, as plain data: chain, layout, addresses.

        Tokens and markets belong to the chain and notes to the reader: they make no new version.
        """
        return {
            "chain": self.chain.id,
            "generation": self.generation,
            "layout": self.layout.value,
            "contracts": {
                one.role.value: {"address": one.address, "code_hash": one.code_hash}
                for one in sorted(self.contracts, key=lambda row: row.role.value)
            },
        }


def read_contract_file(data: Any) -> ContractFile:
    """Check a file's content, already parsed from JSON. Raises InvalidInput naming every fault."""
    try:
        return ContractFile.model_validate(data)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()
        ]
        raise InvalidInput(
            "The contract set is refused: " + "; ".join(faults), detail={"faults": faults}
        ) from None


def _role_problem(contracts: tuple[ContractRow, ...]) -> str:
    """Say which role is doubled or missing."""
    roles = [one.role for one in contracts]
    doubled = _double("role", [role.value for role in roles])
    if doubled:
        return doubled
    present = frozenset(roles)
    needed = GMX_ROLES | (VAULT_ROLES if present & (VAULT_ROLES | GUARD_ROLES) else frozenset())
    missing = sorted(role.value for role in needed - present)
    return f"no contract for: {', '.join(missing)}" if missing else ""


def _double(what: str, values: list[str]) -> str:
    """Say which value stands twice."""
    twice = sorted({one for one in values if values.count(one) > 1})
    return f"{what} given twice: {', '.join(twice)}" if twice else ""


def _token_problem(tokens: tuple[TokenRow, ...], markets: tuple[MarketRow, ...]) -> str:
    """Say which market names a token that the file does not describe."""
    known = {one.address: one for one in tokens}
    for market in markets:
        named = {market.long_token, market.short_token, market.index_token} - {None}
        unknown = sorted(str(one) for one in named - set(known))
        if unknown:
            return f"market {market.market_token} names undescribed tokens: {', '.join(unknown)}"
        for held in (market.long_token, market.short_token):
            if known[held].is_synthetic:
                return f"market {market.market_token} is backed by the synthetic token {held}"
    return ""
