"""What became of an account at GMX: its orders, positions and claims as integers of the chain.

Nothing here is rounded and nothing is guessed: sizes and USD have 30 decimals, tokens are in smallest
units, prices are contract prices. `onchain.gmx.lifecycle` fills these from events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from onchain.gmx.codec import OrderType
from onchain.gmx.events import GmxEvent
from onchain.gmx.units import PriceRange
from onchain.reasons import Reason


class Standing(StrEnum):
    """How an order stands at GMX; executed and cancelled are ends."""

    WAITING = "waiting"
    FROZEN = "frozen"
    EXECUTED = "executed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        """Say whether nothing more can happen to the order."""
        return self in (Standing.EXECUTED, Standing.CANCELLED)


class ChangeKind(StrEnum):
    """Why a position changed; the last two happen without an order of the account."""

    INCREASE = "increase"
    DECREASE = "decrease"
    LIQUIDATION = "liquidation"
    DELEVERAGING = "auto-deleveraging"


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the chain something happened; places of one chain are ordered."""

    block: int
    log_index: int
    tx_hash: str

    @property
    def order(self) -> tuple[int, int]:
        """Give what places are sorted by."""
        return self.block, self.log_index


@dataclass(frozen=True, slots=True)
class EmittedEvent:
    """A decoded event of the EventEmitter and where it stands."""

    place: Place
    event: GmxEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one change of a position cost, each kind apart, in collateral tokens.

    The execution fee is no part of it: it belongs to the order. `total_raw` is GMX's own sum, after
    discounts. The claimable amounts are funding that the position earned by this change.
    """

    position_fee_raw: int
    borrowing_fee_raw: int
    funding_fee_raw: int
    ui_fee_raw: int
    liquidation_fee_raw: int
    total_raw: int
    claimable_long_raw: int
    claimable_short_raw: int
    collateral_price: PriceRange


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """A position after a change, as GMX stores it; all zeros when it is closed."""

    size_usd_raw: int = 0
    size_tokens_raw: int = 0
    collateral_raw: int = 0
    pending_impact_raw: int = 0

    @property
    def is_open(self) -> bool:
        """Say whether there is a position."""
        return self.size_usd_raw > 0

    @property
    def entry_price_raw(self) -> int | None:
        """Give the average entry as a contract price, floored; None without a position."""
        return self.size_usd_raw // self.size_tokens_raw if self.size_tokens_raw else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChange:
    """One change of a position: what GMX did, at which price, at what cost.

    Deltas carry their sign: a decrease takes off. PnL and the settled impact are zero on an increase,
    where the impact is only noted (`pending_impact_delta_raw`, index tokens). What of the impact was
    held back is `impact_held_back_usd_raw` and becomes claimable. `is_insolvent` says that the
    collateral did not cover the loss: the account lost the collateral, not the PnL.
    """

    place: Place
    kind: ChangeKind
    order_key: bytes
    order_type: OrderType
    execution_price_raw: int
    index_price: PriceRange
    size_usd_delta_raw: int
    size_tokens_delta_raw: int
    collateral_delta_raw: int
    pending_impact_delta_raw: int
    base_pnl_usd_raw: int
    impact_usd_raw: int
    settled_impact_usd_raw: int
    impact_held_back_usd_raw: int
    is_insolvent: bool
    costs: Costs
    after: PositionState


@dataclass(frozen=True, slots=True)
class PositionHistory:
    """A position's identity and all its changes, oldest first."""

    key: bytes
    account: str
    market: str
    collateral_token: str
    is_long: bool
    changes: tuple[PositionChange, ...]
    before: PositionState = field(default_factory=PositionState)

    @property
    def now(self) -> PositionState:
        """Give the position as the last change left it."""
        return self.changes[-1].after if self.changes else self.before

    @property
    def realised_pnl_usd_raw(self) -> int:
        """Sum what price moves brought or cost, impact settled included, fees not."""
        return sum(one.base_pnl_usd_raw + one.settled_impact_usd_raw for one in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What an order asks for, as it stands now: updates of it are applied."""

    order_type: OrderType
    market: str
    initial_collateral_token: str
    receiver: str
    swap_path: tuple[str, ...]
    is_long: bool
    size_delta_usd_raw: int
    initial_collateral_delta_raw: int
    trigger_price_raw: int
    acceptable_price_raw: int
    execution_fee_raw: int
    min_output_raw: int
    updated_at_time: int
    valid_from_time: int
    auto_cancel: bool
    data_list: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One thing that happened to an order; a reason where GMX refused or somebody cancelled."""

    place: Place
    name: str
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SwapLeg:
    """A swap that GMX made for an order; what stays with the market was swapped for the account."""

    market: str
    receiver: str
    token_in: str
    token_out: str
    amount_in_raw: int
    amount_out_raw: int
    impact_usd_raw: int


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """An order from its creation to its end.

    `request` is None for an order whose creation lies before the logs that were read. The execution
    fee is what the keeper kept and what came back; it is a cost of the order, not of the position.
    """

    key: bytes
    standing: Standing
    steps: tuple[OrderStep, ...]
    request: OrderRequest | None = None
    is_deleveraging: bool = False
    swaps: tuple[SwapLeg, ...] = ()
    keeper_fee_raw: int = 0
    refunded_fee_raw: int = 0

    @property
    def is_of_account(self) -> bool:
        """Say whether the account asked for it: liquidations and deleveraging come from GMX."""
        if self.request is None or self.is_deleveraging:
            return False
        return self.request.order_type is not OrderType.LIQUIDATION

    @property
    def reason(self) -> Reason | None:
        """Give the reason of the last step that had one."""
        return next((one.reason for one in reversed(self.steps) if one.reason), None)


FundingClaims = Mapping[tuple[str, str], int]
CollateralClaims = Mapping[tuple[str, str, int], int]


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """All that the logs tell of one account.

    Claims are keyed by market and token, held-back impact by the hour's key too; claimed amounts sum
    what was taken. `last` is the place of the newest log that was looked at, whoever's it was.
    """

    account: str
    orders: Mapping[bytes, OrderHistory] = field(default_factory=dict)
    positions: Mapping[bytes, PositionHistory] = field(default_factory=dict)
    claimable_funding_raw: FundingClaims = field(default_factory=dict)
    claimed_funding_raw: FundingClaims = field(default_factory=dict)
    claimable_collateral_raw: CollateralClaims = field(default_factory=dict)
    claimed_collateral_raw: CollateralClaims = field(default_factory=dict)
    last: Place | None = None

    @property
    def pending_orders(self) -> tuple[OrderHistory, ...]:
        """Give the orders that GMX still stores."""
        return tuple(one for one in self.orders.values() if not one.standing.is_end)

    @property
    def open_positions(self) -> tuple[PositionHistory, ...]:
        """Give the positions that are open."""
        return tuple(one for one in self.positions.values() if one.now.is_open)
