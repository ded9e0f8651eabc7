"""The desk of one cycle: everything that its steps work with, and how a step is committed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.clock import Clock
from atlas.domain.errors import Denied
from atlas.domain.snapshots import Snapshot
from atlas.switches import effective_now
from execution.gate import scopes_of
from execution.leases import commit_step
from execution.live_keys import missing_live_keys
from execution.mandates import Mandate
from execution.marketdata.base import MarketData
from execution.models import CycleRun, Deployment, Signal
from execution.venues.base import Venue
from execution.venues.paper import PaperVenue
from execution.vocabulary import CycleStep, Reason
from strategies.rules.context import MarketContext


@dataclass(slots=True)
class Memory:
    """What the worker at the desk need not read again, because it has just written it."""

    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)
    contexts: dict[str, MarketContext] | None = None


@dataclass(slots=True)
class Moment:
    """A step that is being committed: its wall time, and further columns of the cycle."""

    now: datetime
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """One cycle at work.

    `clock` is the time of the feed, by which the cycle decides; `read` reads the wall, by which
    it keeps its records.
    """

    cycle: CycleRun
    deployment: Deployment
    mandate: Mandate
    venue: Venue
    market_data: MarketData
    clock: Clock
    read: Callable[[], datetime]
    actor: Actor
    memory: Memory = field(default_factory=Memory)

    @property
    def is_resumed(self) -> bool:
        """Tell whether another worker was at this cycle before: then rows may be there already."""
        return self.cycle.fencing_token > 1

    @contextmanager
    def step(self, step: CycleStep) -> Iterator[Moment]:
        """Commit what happens inside as one step, if the lease still holds; gives its moment.

        Raises LeaseLost, and nothing is committed, where another worker has taken the cycle over.
        """
        with transaction.atomic():
            moment = Moment(self.read())
            yield moment
            commit_step(self.cycle, step, **moment.changes)
            record(
                action=f"cycle.{step.value}",
                subject=self.cycle,
                actor=self.actor,
                now=moment.now,
                after={"step": step.value, "round": self.cycle.round_number},
            )


def venue_for(deployment: Deployment, *, market_data: MarketData, clock: Clock) -> Venue:
    """Give the venue that a deployment trades at.

    Raises Denied for a LIVE deployment, with every missing key: no venue for real money exists.
    """
    if deployment.is_live:
        raise live_refusal(deployment, now=clock.now())
    return PaperVenue(
        paper_account=deployment.paper_account,
        markets=tuple(deployment.markets),
        market_data=market_data,
        clock=clock,
    )


def live_refusal(deployment: Deployment, *, now: datetime) -> Denied:
    """Word why a LIVE deployment does not trade."""
    switch = effective_now(scopes_of(deployment, deployment.markets[0]))
    missing = missing_live_keys(deployment, switch=switch.state, now=now)
    return Denied(
        f"Live trading is refused: {'; '.join(missing)}.",
        code=Reason.LIVE_REFUSED.value,
        detail={"missing": list(missing)},
    )
