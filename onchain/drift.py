"""Does the chain still look like the reviewed contracts? Pure: questions out, answers in, differences out.

Routers and Readers rotate several times a year, guards are replaced, roles are taken away. Each
question compares one thing that a contract says of another with what was reviewed. What could not be
read is a difference too: it is unknown, and what is unknown is not trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from onchain.abi import UndecodableBytes
from onchain.addresses import ContractRole
from onchain.gmx.codec import ZERO_ADDRESS
from onchain.gmx.keys import base_key
from onchain.interface import function

R = ContractRole
# Without these roles a router's orders revert with `Unauthorized`.
ROUTER_RIGHTS = ("CONTROLLER", "ROUTER_PLUGIN")


class DriftKind(StrEnum):
    """What differs."""

    LINK = "link"
    RIGHT = "right"
    CODE = "code"
    AUTHORITY = "authority"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was reviewed, with both sides and what it means."""

    kind: DriftKind
    subject: str
    expected: str
    found: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.subject}: expected {self.expected}, found {self.found}. {self.meaning}"


@dataclass(frozen=True, slots=True)
class Question:
    """One read of the chain: whom to ask, with which bytes, and how it is known afterwards."""

    key: str
    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Link:
    """What one contract says of another: the asked one, the function, who should be named."""

    asked: ContractRole
    contract: str
    name: str
    named: ContractRole
    meaning: str
    argument: ContractRole | None = None

    @property
    def key(self) -> str:
        """Name the question."""
        return f"{self.asked.value}.{self.name}"


_ROTATED = "GMX has rotated its contracts: orders would go to the wrong place."
_GUARD = "The guard judges by other contracts: it would refuse orders or misread them."
_LINKS = (
    _Link(R.EXCHANGE_ROUTER, "ExchangeRouter", "orderHandler", R.ORDER_HANDLER, _ROTATED),
    _Link(R.EXCHANGE_ROUTER, "ExchangeRouter", "dataStore", R.DATA_STORE, _ROTATED),
    _Link(R.EXCHANGE_ROUTER, "ExchangeRouter", "eventEmitter", R.EVENT_EMITTER, _ROTATED),
    _Link(R.EXCHANGE_ROUTER, "ExchangeRouter", "roleStore", R.ROLE_STORE, _ROTATED),
    _Link(R.ORDER_HANDLER, "OrderHandler", "orderVault", R.ORDER_VAULT, _ROTATED),
    _Link(R.ORDER_HANDLER, "OrderHandler", "oracle", R.ORACLE, _ROTATED),
    _Link(R.GMX_GUARD, "GmxGuard", "gmxExchangeRouter", R.EXCHANGE_ROUTER, _GUARD),
    _Link(R.GMX_GUARD, "GmxGuard", "reader", R.READER, _GUARD),
    _Link(R.GMX_GUARD, "GmxGuard", "dataStore", R.DATA_STORE, _GUARD),
    _Link(R.GMX_GUARD, "GmxGuard", "referralStorage", R.REFERRAL_STORAGE, _GUARD),
    _Link(R.GMX_GUARD, "GmxGuard", "slippageAccumulator", R.SLIPPAGE_ACCUMULATOR, _GUARD),
    _Link(
        R.GMX_GUARD,
        "GmxGuard",
        "feeReceiver",
        R.FEE_RECEIVER,
        "The guard demands another receiver of the interface fee: every order would be refused.",
    ),
    _Link(
        R.POOL_FACTORY,
        "PoolFactory",
        "getContractGuard",
        R.GMX_GUARD,
        "Another guard, or none, stands before GMX's router.",
        argument=R.EXCHANGE_ROUTER,
    ),
    _Link(R.POOL_FACTORY, "PoolFactory", "governanceAddress", R.GOVERNANCE, _GUARD),
    _Link(
        R.POOL_FACTORY,
        "PoolFactory",
        "getAssetHandler",
        R.ASSET_HANDLER,
        "Vaults are valued by other prices.",
    ),
    _Link(
        R.POOL_FACTORY,
        "PoolFactory",
        "valueManipulationCheck",
        R.VALUE_MANIPULATION_CHECK,
        "Another contract decides which calls of a vault may be mixed.",
    ),
)


def questions(addresses: Mapping[ContractRole, str]) -> tuple[Question, ...]:
    """Give the reads that tell whether a reviewed set still holds; roles it lacks are left out.

    A guard that was not reviewed is asked for all the same: one may have appeared.
    """
    found = [
        Question(link.key, addresses[link.asked], _calldata(link, addresses))
        for link in _LINKS
        if _applies(link, addresses)
    ]
    router, store = addresses[R.EXCHANGE_ROUTER], addresses[R.ROLE_STORE]
    has_role = function("RoleStore", "hasRole")
    found += [
        Question(_right_key(name), store, has_role.call(router, base_key(name)))
        for name in ROUTER_RIGHTS
    ]
    return tuple(found)


def differences(
    addresses: Mapping[ContractRole, str], answers: Mapping[str, bytes | None]
) -> tuple[Difference, ...]:
    """Compare what the chain answered with what was reviewed; `None` is a read that failed."""
    found: list[Difference] = []
    for link in _LINKS:
        if _applies(link, addresses):
            found += _link_difference(link, addresses, answers.get(link.key))
    for name in ROUTER_RIGHTS:
        found += _right_difference(name, answers.get(_right_key(name)))
    return tuple(found)


def code_differences(
    reviewed: Mapping[ContractRole, str], found: Mapping[ContractRole, str | None]
) -> tuple[Difference, ...]:
    """Compare hashes of contracts' code; a role without a reviewed hash is not judged."""
    return tuple(
        Difference(
            DriftKind.UNREADABLE if found.get(role) is None else DriftKind.CODE,
            f"code of {role.value}",
            expected,
            found.get(role) or "nothing",
            "The contract's code is not the one that was reviewed.",
        )
        for role, expected in sorted(reviewed.items())
        if found.get(role) != expected
    )


def authority_differences(
    vault: str,
    *,
    expected: Mapping[str, str],
    found: Mapping[str, str | None],
) -> tuple[Difference, ...]:
    """Compare who may act for a vault (`trader`, `manager`): a new trader emits no event."""
    return tuple(
        Difference(
            DriftKind.UNREADABLE if found.get(role) is None else DriftKind.AUTHORITY,
            f"{role} of vault {vault}",
            expected[role],
            found.get(role) or "nothing",
            f"Somebody else may act as the vault's {role}."
            if found.get(role) not in (None, ZERO_ADDRESS)
            else f"The vault's {role} is not known.",
        )
        for role in sorted(expected)
        if found.get(role) != expected[role]
    )


def _applies(link: _Link, addresses: Mapping[ContractRole, str]) -> bool:
    """Say whether a set has what a link is about. A missing guard is expected to be none."""
    if link.asked not in addresses:
        return False
    return link.named in addresses or link.named is R.GMX_GUARD


def _calldata(link: _Link, addresses: Mapping[ContractRole, str]) -> bytes:
    """Encode a link's question."""
    asked = function(link.contract, link.name)
    return asked.call() if link.argument is None else asked.call(addresses[link.argument])


def _link_difference(
    link: _Link, addresses: Mapping[ContractRole, str], answer: bytes | None
) -> list[Difference]:
    """Compare one address."""
    expected = addresses.get(link.named, ZERO_ADDRESS)
    found = _address(link, answer)
    if found == expected:
        return []
    kind = DriftKind.UNREADABLE if found is None else DriftKind.LINK
    return [Difference(kind, link.key, expected, found or "nothing", link.meaning)]


def _right_difference(name: str, answer: bytes | None) -> list[Difference]:
    """See that the router still has one of its rights."""
    has_role = function("RoleStore", "hasRole")
    try:
        has_it = None if answer is None else has_role.result(answer)
    except UndecodableBytes:
        has_it = None
    if has_it:
        return []
    kind = DriftKind.UNREADABLE if has_it is None else DriftKind.RIGHT
    said = "nothing" if has_it is None else "no"
    meaning = "Without it every order through this router is refused: a newer router exists."
    return [Difference(kind, _right_key(name), "yes", said, meaning)]


def _right_key(name: str) -> str:
    """Name the question for a right."""
    return f"exchange_router has {name}"


def _address(link: _Link, answer: bytes | None) -> str | None:
    """Read an address; None where nothing, or no address, came."""
    if answer is None:
        return None
    try:
        found: str = function(link.contract, link.name).result(answer)
    except UndecodableBytes:
        return None
    return found
