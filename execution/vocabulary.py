"""The words by which deployments and cycles are described."""

from enum import StrEnum


class DeploymentStatus(StrEnum):
    """Whether the schedule runs a deployment."""

    ENABLED = "enabled"
    PAUSED = "paused"


class CycleOrigin(StrEnum):
    """Who asked for a cycle."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    PLAYBACK = "playback"
    STOP = "stop"


class CycleStep(StrEnum):
    """The last step of a cycle that is committed; a taker goes on after it."""

    CLAIMED = "claimed"
    SNAPSHOT = "snapshot"
    SIGNAL = "signal"
    PLAN = "plan"
    GATE = "gate"
    SUBMIT = "submit"
    SETTLE = "settle"
    EQUITY = "equity"


class Reason(StrEnum):
    """Why a cycle ended as it did.

    A refusal of market data adds its own word: gap, stale, warm_up, recording_ended.
    """

    TRADED = "traded"
    PENDING = "pending"
    NOTHING_TO_DO = "nothing_to_do"
    HALTED = "halted"
    DENIED = "denied"
    LATE = "late"
    LIVE_REFUSED = "live_refused"
    UNFIT = "unfit"
    VENUE_REFUSED = "venue_refused"
    ABANDONED = "abandoned"
    BUG = "bug"


class InputKind(StrEnum):
    """What a stored input of a cycle is."""

    CANDLES = "candles"
    SNAPSHOT = "snapshot"
    PARAMETERS = "parameters"
    LIMITS = "limits"
    TERMS = "terms"
    CODE = "code"
    LEVELS = "levels"
    CONTEXT = "context"


class Venue(StrEnum):
    """Where orders are executed."""

    PAPER = "paper"
    GMX = "gmx"


class ReservationState(StrEnum):
    """What became of an order's share of a counted limit."""

    RESERVED = "RESERVED"
    SETTLED = "SETTLED"  # the order was filled: what it used stays counted
    RELEASED = "RELEASED"  # it was not: its turnover and fee were given back
