"""Every lifecycle of Atlas as a table of allowed pairs.

A table maps a state to the set of states that may follow it. `atlas.transitions.move` is the
only code that changes a state; generic tests walk all pairs of every table. An empty set is an
end. Orders are the exception named in SAFETY 2.2: they end only when `final_at` is set, because a
reorganisation of the chain can take a fill back.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from atlas.domain.alerts import ALERT_TRANSITIONS

Table = Mapping[str, frozenset[str]]


def _table(pairs: Mapping[str, set[str]]) -> Table:
    """Freeze a transition table."""
    return MappingProxyType({state: frozenset(after) for state, after in pairs.items()})


class SwitchState(StrEnum):
    """How much trading a scope allows, from free to frozen."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"

    @property
    def severity(self) -> int:
        """Rank the state: the larger, the tighter."""
        return {"ACTIVE": 0, "REDUCING": 1, "HALTED": 2}[self.value]


class SwitchScope(StrEnum):
    """What a trading switch covers."""

    GLOBAL = "GLOBAL"
    CHAIN = "CHAIN"
    VAULT = "VAULT"
    STRATEGY = "STRATEGY"
    MARKET = "MARKET"


class TradingMode(StrEnum):
    """Where a deployment's orders go."""

    PAPER = "PAPER"
    LIVE = "LIVE"


class PermitKind(StrEnum):
    """What a permit allows; the switch table of DESIGN 8 decides by kind."""

    INCREASE = "INCREASE"
    SWAP = "SWAP"
    REDUCE = "REDUCE"
    STOP = "STOP"
    FLATTEN = "FLATTEN"
    CANCEL = "CANCEL"
    BURN = "BURN"
    CLAIM = "CLAIM"
    SETUP = "SETUP"


class OrderState(StrEnum):
    """The life of one attempt at a venue."""

    PLANNED = "PLANNED"
    AUTHORISED = "AUTHORISED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    FROZEN = "FROZEN"
    UNKNOWN = "UNKNOWN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    DENIED = "DENIED"


# Orders that occupy the account: at most one of them per account (dHEDGE allows one pending).
WORKING_ORDER_STATES = frozenset(
    {
        OrderState.AUTHORISED,
        OrderState.SUBMITTED,
        OrderState.ACCEPTED,
        OrderState.FROZEN,
        OrderState.UNKNOWN,
    }
)

ORDER_TRANSITIONS = _table(
    {
        OrderState.PLANNED: {OrderState.AUTHORISED, OrderState.DENIED, OrderState.CANCELED},
        OrderState.AUTHORISED: {OrderState.SUBMITTED, OrderState.CANCELED},
        OrderState.SUBMITTED: {
            OrderState.ACCEPTED,
            OrderState.FAILED,
            OrderState.UNKNOWN,
            OrderState.FILLED,  # the execution was seen before the creation
            OrderState.CANCELED,  # the nonce was burned: no order can exist
            OrderState.FROZEN,  # the terminal event was seen first
        },
        OrderState.ACCEPTED: {
            OrderState.FILLED,
            OrderState.CANCELED,
            OrderState.FROZEN,
            OrderState.UNKNOWN,
            OrderState.SUBMITTED,  # reorganisation: the creation is no longer in a block
        },
        OrderState.FROZEN: {OrderState.CANCELED, OrderState.FILLED, OrderState.UNKNOWN},
        OrderState.UNKNOWN: {
            OrderState.SUBMITTED,
            OrderState.ACCEPTED,
            OrderState.FILLED,
            OrderState.CANCELED,
            OrderState.FROZEN,
            OrderState.FAILED,
        },
        OrderState.FILLED: {OrderState.ACCEPTED, OrderState.SUBMITTED},  # reorganisation
        OrderState.FAILED: {OrderState.SUBMITTED},  # reorganisation: the revert is gone
        OrderState.CANCELED: {OrderState.ACCEPTED},  # reorganisation
        OrderState.DENIED: set(),
    }
)


class TradeState(StrEnum):
    """The life of a wish to bring one market to one target."""

    PLANNED = "PLANNED"
    WORKING = "WORKING"
    DONE = "DONE"
    PARTIAL = "PARTIAL"
    ABANDONED = "ABANDONED"
    SUPERSEDED = "SUPERSEDED"


TRADE_TRANSITIONS = _table(
    {
        TradeState.PLANNED: {TradeState.WORKING, TradeState.ABANDONED, TradeState.SUPERSEDED},
        TradeState.WORKING: {
            TradeState.DONE,
            TradeState.PARTIAL,
            TradeState.ABANDONED,
            TradeState.PLANNED,  # the attempt ended unfilled and the budget allows another
        },
        TradeState.DONE: set(),
        TradeState.PARTIAL: set(),
        TradeState.ABANDONED: set(),
        TradeState.SUPERSEDED: set(),
    }
)


class CycleState(StrEnum):
    """The life of one scheduled decision."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    ERRORED = "ERRORED"
    ABANDONED = "ABANDONED"


CYCLE_TRANSITIONS = _table(
    {
        CycleState.RUNNING: {
            CycleState.COMPLETED,
            CycleState.SKIPPED,
            CycleState.FAILED,  # expected
            CycleState.ERRORED,  # a bug
            CycleState.ABANDONED,  # its lease expired and nobody may resume it any more
        },
        CycleState.COMPLETED: set(),
        CycleState.SKIPPED: set(),
        CycleState.FAILED: set(),
        CycleState.ERRORED: set(),
        CycleState.ABANDONED: set(),
    }
)


class PermitState(StrEnum):
    """The life of a single-use authorisation."""

    ISSUED = "ISSUED"
    RESERVED = "RESERVED"
    CONSUMED = "CONSUMED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


PERMIT_TRANSITIONS = _table(
    {
        PermitState.ISSUED: {PermitState.RESERVED, PermitState.REVOKED, PermitState.EXPIRED},
        PermitState.RESERVED: {PermitState.CONSUMED, PermitState.REVOKED},
        PermitState.CONSUMED: set(),
        PermitState.REVOKED: set(),
        PermitState.EXPIRED: set(),
    }
)


class ImportState(StrEnum):
    """The life of one import."""

    RECEIVED = "RECEIVED"
    STAGED = "STAGED"
    REVIEWED = "REVIEWED"
    APPLIED = "APPLIED"
    APPLIED_PARTIAL = "APPLIED_PARTIAL"
    REVERTED = "REVERTED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"


IMPORT_TRANSITIONS = _table(
    {
        ImportState.RECEIVED: {ImportState.STAGED, ImportState.REJECTED, ImportState.FAILED},
        ImportState.STAGED: {ImportState.REVIEWED, ImportState.REJECTED, ImportState.FAILED},
        ImportState.REVIEWED: {
            ImportState.APPLIED,
            ImportState.APPLIED_PARTIAL,
            ImportState.REJECTED,
            ImportState.FAILED,
        },
        ImportState.APPLIED: {ImportState.REVERTED},
        ImportState.APPLIED_PARTIAL: {ImportState.REVERTED},
        ImportState.REVERTED: set(),
        ImportState.REJECTED: set(),
        ImportState.FAILED: set(),
    }
)


class ApprovalState(StrEnum):
    """The life of a request for a second person's word."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"
    USED = "USED"


APPROVAL_TRANSITIONS = _table(
    {
        ApprovalState.PENDING: {
            ApprovalState.APPROVED,
            ApprovalState.REJECTED,
            ApprovalState.EXPIRED,
            ApprovalState.VOID,  # the change is no longer the one that was asked for
        },
        ApprovalState.APPROVED: {ApprovalState.USED, ApprovalState.EXPIRED, ApprovalState.VOID},
        ApprovalState.REJECTED: set(),
        ApprovalState.EXPIRED: set(),
        ApprovalState.VOID: set(),
        ApprovalState.USED: set(),
    }
)

LIFECYCLES: Mapping[str, Table] = MappingProxyType(
    {
        "order": ORDER_TRANSITIONS,
        "trade": TRADE_TRANSITIONS,
        "cycle": CYCLE_TRANSITIONS,
        "permit": PERMIT_TRANSITIONS,
        "import": IMPORT_TRANSITIONS,
        "approval": APPROVAL_TRANSITIONS,
        "alert": ALERT_TRANSITIONS,
    }
)

# Which permit kind may leave in which effective switch state. FLATTEN in HALTED needs a
# break-glass job (SAFETY 1.5) and is therefore not in this table's HALTED row.
SWITCH_ALLOWS: Mapping[SwitchState, frozenset[PermitKind]] = MappingProxyType(
    {
        SwitchState.ACTIVE: frozenset(PermitKind),
        SwitchState.REDUCING: frozenset(PermitKind) - {PermitKind.INCREASE, PermitKind.SWAP},
        SwitchState.HALTED: frozenset({PermitKind.CANCEL, PermitKind.BURN}),
    }
)
