"""What a venue promises to the cycle, and what may become of an order there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from atlas.domain.ledger import Fill
from atlas.domain.snapshots import Snapshot
from execution.models import Order
from execution.vocabulary import Venue as VenueName


@dataclass(frozen=True, slots=True)
class Executed:
    """The venue executed the order; `execution_id` names the execution for ever."""

    execution_id: str
    fill: Fill


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue did not execute the order and never will; `name` is its own word for why."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The venue has not decided yet: ask again later."""


Outcome = Executed | Refused | Pending


class Venue(Protocol):
    """One account at one venue.

    `tests/execution/venue_contract.py` is the long form of this protocol: a venue is one when it
    passes.
    """

    @property
    def name(self) -> VenueName:
        """Give the venue's word."""

    @property
    def account(self) -> str:
        """Give the text by which orders, fills and positions name the account."""

    def snapshot(self) -> Snapshot:
        """Look at the account and its markets at one moment; what is unknown is None."""

    def submit(self, order: Order, *, now: datetime) -> None:
        """Hand a permitted order over, in the caller's transaction, spending its permit.

        Only rows are written here; what leaves the house leaves after the commit. Raises
        ConflictingState where order or permit are not fit to go (any more).
        """

    def outcome(self, order: Order) -> Outcome:
        """Say what became of a submitted order; asking twice gives the same answer."""
