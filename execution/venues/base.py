"""What a venue promises to the cycle, and what may become of an order there."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from atlas.domain.ledger import Fill
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import ZERO
from execution.models import Order, PaperMarketTerms
from execution.vocabulary import Venue as VenueName


@dataclass(frozen=True, slots=True)
class Executed:
    """The venue executed something; `execution_id` names the execution for ever.

    `terms` is what a paper venue charged by.
    """

    execution_id: str
    fill: Fill
    terms: PaperMarketTerms | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue did not execute the order and never will; `name` is its own word for why.

    `lost_fee_usd` is the keeper's fee that was paid all the same, at `at` of the feed's time.
    """

    name: str
    message: str
    lost_fee_usd: Decimal = ZERO
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Frozen:
    """The venue keeps the order but does not execute it; somebody must cancel it there."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The venue has not decided yet: ask again later."""


Outcome = Executed | Refused | Frozen | Pending


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

    def unordered(self) -> tuple[Executed, ...]:
        """List what was executed on the account without an order of ours and is not booked yet.

        Liquidations above all. Asking twice before they are booked gives the same executions.
        """
