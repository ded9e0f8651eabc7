"""What the guard of a vault looks at: the facts that decide whether it lets a call through.

Everything is read at one block; addresses carry their checksum. Money is in contract units: sizes
with 30 decimals, prices per base unit of a token in 30 decimals, token amounts in base units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MarketTokens:
    """The two tokens that back a GMX market."""

    long_token: str
    short_token: str

    def __contains__(self, token: object) -> bool:
        """Tell whether a token backs the market."""
        return token in (self.long_token, self.short_token)


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """What the vault holds on one side of a market in one collateral.

    `net_collateral_raw` is what would be left of the collateral after profit, impact and fees.
    """

    size_usd_raw: int
    net_collateral_raw: int


@dataclass(frozen=True, slots=True)
class PendingOrder:
    """An order of the vault that the keeper has not settled."""

    collateral_token: str
    age_seconds: int


@dataclass(frozen=True, slots=True)
class GmxFacts:
    """How the chain's GMX stands: addresses, roles of the router, bounds."""

    router: str
    order_vault: str
    fee_token: str
    markets: Mapping[str, MarketTokens]
    token_spender: str
    router_is_plugin: bool = True
    router_is_controller: bool = True
    max_callback_gas: int = 4_000_000
    cancel_after_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFacts:
    """One vault, its guard, and the chain around them.

    `guard` is the contract guard of GMX's router; `guarded` are all contracts that have a guard
    (approvable), `callable_contracts` those of them that may be called. `known_assets` are those
    that dHEDGE knows, `enabled_assets` those of the vault, markets included. `allowances_raw` are
    what the vault has approved to GMX's router, by token; `prices_raw` the vault's own prices.
    """

    vault: str
    guard: str
    fee_receiver: str
    gmx: GmxFacts
    guarded: frozenset[str]
    known_assets: frozenset[str]
    enabled_assets: frozenset[str]
    caller_may_trade: bool = True
    factory_paused: bool = False
    trading_paused: bool = False
    is_whitelisted: bool = True
    withdrawal_asset: str = ""
    virtual_tokens: frozenset[str] = frozenset()
    assets_held: frozenset[str] = frozenset()
    deposit_assets: frozenset[str] = frozenset()
    max_assets: int = 12
    allowances_raw: Mapping[str, int] = field(default_factory=dict)
    prices_raw: Mapping[str, int] = field(default_factory=dict)
    positions: Mapping[tuple[str, str, bool], HeldPosition] = field(default_factory=dict)
    pending_orders: Mapping[bytes, PendingOrder] = field(default_factory=dict)
